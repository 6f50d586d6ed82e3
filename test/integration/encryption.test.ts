import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { generate } from 'selfsigned';
import { createRelay } from '../../src/relay';
import { Devices } from '../helpers/devices';
import { trusting } from '../helpers/trusting';

const CANARY = 'canary-password-7f3a';
const account = { connectName: 'home', connectPassword: CANARY };

interface Certificate {
  cert: string;
  private: string;
}

function certificate(host: string, days = 2): Promise<Certificate> {
  const isAddress = /^[\d.]+$/.test(host);
  return generate([{ name: 'commonName', value: host }], {
    keySize: 2048,
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 5 * 86_400_000),
    notAfterDate: new Date(Date.now() + days * 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [isAddress ? { type: 7, ip: host } : { type: 2, value: host }] },
    ],
  });
}

/** Passes bytes on and keeps a copy of what went towards the relay. */
class Sniffer {
  seen = '';
  readonly #server: Server;

  constructor(port: number) {
    this.#server = createServer((client) => {
      const relay = connect(port, '127.0.0.1');
      client.on('data', (bytes) => (this.seen += bytes.toString('latin1')));
      client.on('error', () => relay.destroy());
      relay.on('error', () => client.destroy());
      client.pipe(relay).pipe(client);
    });
  }

  listen(): Promise<number> {
    return new Promise((resolve) =>
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as AddressInfo).port)),
    );
  }

  close(): void {
    this.#server.close();
  }
}

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startRelay(tls: Certificate, publicPort?: number): Promise<number> {
  const relay = createRelay({
    accounts: [{ connectName: account.connectName, password: account.connectPassword }],
    tls: { cert: tls.cert, key: tls.private },
    ...(publicPort === undefined ? {} : { publicHost: `127.0.0.1:${publicPort}` }),
  });
  const { port } = await relay.listen({ host: '127.0.0.1', port: 0 });
  cleanUps.push(() => relay.close());
  return port;
}

describe('run-time change of encryption', () => {
  let good: Certificate;
  beforeAll(async () => {
    good = await certificate('127.0.0.1');
  });

  it.each([
    { transport: 'WebSocket', useWebSocket: true },
    { transport: 'long polling', useWebSocket: false },
  ])('over $transport, with messages both ways: none lost, doubled or out of order', async ({ useWebSocket }) => {
    const port = await startRelay(good);
    const devices = new Devices({ server: `127.0.0.1:${port}`, ...account, networkNames: ['n'], ...trusting(good.cert) });
    cleanUps.push(() => devices.close());
    const mover = await devices.open({ useWebSocket });
    const other = await devices.open({ useEncryption: true });
    const seen: Record<string, number[]> = { mover: [], other: [] };
    mover.on('message', ({ data }) => seen.mover?.push(Number(data)));
    other.on('message', ({ data }) => seen.other?.push(Number(data)));
    const count = 300;
    for (let i = 0; i < count; i++) {
      mover.sendData({ data: String(i) });
      other.sendData({ data: String(i) });
      if (i % 100 === 50) mover.setUseEncryption(!mover.getUseEncryption());
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const expected = Array.from({ length: count }, (_, i) => i);
    await expect.poll(() => seen.mover?.length).toBe(count);
    await expect.poll(() => seen.other?.length).toBe(count);
    expect(seen).toEqual({ mover: expected, other: expected });
    expect(mover.getUseEncryption()).toBe(true);
  });

  it('SEC-3 with encryption on, the password is never on the wire in clear text, also after a reconnect', async () => {
    const port = await startRelay(good);
    const sniffer = new Sniffer(port);
    const sniffed = await sniffer.listen();
    cleanUps.push(() => sniffer.close());
    const devices = new Devices({ server: `https://127.0.0.1:${sniffed}`, ...account, ...trusting(good.cert) });
    cleanUps.push(() => devices.close());
    const device = await devices.open();
    await device.close();
    device.start();
    await device.ready();
    expect(sniffer.seen.length).toBeGreaterThan(1000);
    expect(sniffer.seen).not.toContain(CANARY);
    await device.close();
    device.setUseEncryption(false);
    device.start();
    await device.ready();
    expect(sniffer.seen).toContain(CANARY); // the sniffer does see what is there to be seen
  });
});

describe('SEC-3 certificates are verified, and nothing is tried again in clear text', () => {
  const plain: string[] = [];
  afterAll(() => expect(plain).toEqual([]));

  it.each([
    { name: 'self-signed, not trusted', host: '127.0.0.1', days: 2, trusted: false },
    { name: 'for another host', host: 'other.example', days: 2, trusted: true },
    { name: 'expired', host: '127.0.0.1', days: -1, trusted: true },
  ])('a certificate $name is refused over both transports', async ({ host, days, trusted }) => {
    const bad = await certificate(host, days);
    const port = await startRelay(bad);
    const sniffer = new Sniffer(port);
    const sniffed = await sniffer.listen();
    cleanUps.push(() => sniffer.close());
    const devices = new Devices({
      server: `https://127.0.0.1:${sniffed}`,
      ...account,
      ...(trusted ? trusting(bad.cert) : {}),
      reconnect: { minDelayMs: 5, maxDelayMs: 10 },
    });
    cleanUps.push(() => devices.close());
    for (const useWebSocket of [true, false]) {
      const device = devices.create({ useWebSocket });
      let errors = 0;
      device.on('error', ({ code }) => (errors += code === 20 ? 1 : 0));
      device.start();
      await expect.poll(() => errors).toBeGreaterThan(3);
      expect(device.connected).toBe(false);
      await device.close();
    }
    expect(sniffer.seen).not.toContain(CANARY);
    expect(sniffer.seen).not.toContain('POST /');
  });
});
