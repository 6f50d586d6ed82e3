import { request as httpsRequest } from 'node:https';
import { connect as tlsConnect } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createRelay, type Relay, type RelayOptions } from '../../src/relay';
import { Queue } from '../conformance/raw/queue';
import { closeAllConnections, RawConnection, within } from '../conformance/raw/raw-connection';
import { post } from '../conformance/raw/raw-http';
import { requestUpgrade } from '../conformance/raw/raw-websocket';
import { WebSocketDevice } from '../conformance/raw/websocket-device';

const ACCOUNT = { connectName: 'home', password: 'word' };
const LOGIN = '~p=1~cn=home~cp=word';
let tls: { cert: string; key: string };
const relays: Relay[] = [];

beforeAll(async () => {
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
  tls = { cert: pems.cert, key: pems.private };
});

afterEach(closeAllConnections);
afterAll(() => Promise.all(relays.map((relay) => relay.close({ drainMs: 0 }))));

async function start(options: RelayOptions = {}): Promise<{ host: string; port: number; url: string }> {
  const relay = createRelay({ accounts: [ACCOUNT], tls, ...options });
  relays.push(relay);
  const { host, port, url } = await relay.listen({ port: 0 });
  return { host, port, url };
}

/** One POST over TLS; the certificate is its own authority. */
function postSecurely(port: number, path: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path,
      method: 'POST',
      ca: tls.cert,
      servername: 'localhost',
      agent: false,
    };
    const request = httpsRequest(options, (response) => {
      let text = '';
      response.setEncoding('latin1');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** @returns What came, together with the answer or after it. */
async function attachSecurely(
  port: number,
  id: string,
): Promise<{ messages: Queue<string>; socket: WebSocket }> {
  const socket = new WebSocket(`wss://localhost:${port}/api/WebSocket`, {
    ca: tls.cert,
    rejectUnauthorized: true,
  });
  const messages = new Queue<string>();
  socket.on('error', (error) => messages.fail(error));
  socket.on('message', (data: Buffer) => messages.push(data.toString('latin1')));
  await within(new Promise((resolve) => socket.once('open', resolve)), 'open');
  socket.send(`~id=${id}~t=1`);
  const first = await messages.next('answer');
  expect(first).toMatch(/^~rt=a~e=0~t=1/);
  if (first.length > 13) messages.push(first.slice(13));
  return { messages, socket };
}

const idIn = (body: string): string => /~id=([^~]+)/.exec(body)?.[1] ?? body;

describe('TLS', () => {
  it('section 15 K-18 one port serves both schemes, for one session', async () => {
    const address = await start();
    const id = idIn(await postSecurely(address.port, '/', LOGIN));
    const plain = await WebSocketDevice.attach(address, id);
    expect(await plain.exchange('~nc=1~ns=n~t=1')).toBe('~rt=n~e=4~t=1');
    expect(await plain.exchange('~c=c~t=1')).toBe('~rt=c~e=0~t=1');
    const sender = idIn((await post(address, '/', LOGIN)).body);
    expect(await postSecurely(address.port, '/Upload', `~id=${sender}~n=n~d=in between~z=0`)).toBe('~e=0');
    const { messages, socket } = await attachSecurely(address.port, id);
    expect(await messages.next('delivery')).toContain('~d=in between');
    expect((await post(address, '/Upload', `~id=${sender}~n=n~d=again~z=1`)).body).toBe('~e=0');
    expect(await messages.next('delivery')).toContain('~d=again');
    socket.terminate();
  });

  it('takes a large body and a large message over TLS', async () => {
    const address = await start();
    const id = idIn(await postSecurely(address.port, '/', LOGIN));
    const sessionId = id.slice(0, id.indexOf('s'));
    const { messages, socket } = await attachSecurely(address.port, id);
    const data = 'x'.repeat(200_000);
    expect(await postSecurely(address.port, '/Upload', `~id=${id}~s=${sessionId}~d=${data}`)).toBe('~e=0');
    expect(await messages.next('delivery')).toBe(`~rt=r~f=${sessionId}~d=${data}~t=1`);
    socket.terminate();
  });

  it('SEC-3 with requireTls everything plain gets 403', async () => {
    const { url, ...address } = await start({ requireTls: true });
    expect(url).toBe(`https://127.0.0.1:${address.port}`);
    const refused = await post(address, '/', LOGIN);
    expect(refused.status).toBe(403);
    expect((await requestUpgrade(address)).response.status).toBe(403);
    expect(await postSecurely(address.port, '/', LOGIN)).toMatch(/^~e=0~id=/);
  });

  it('SEC-3 refuses TLS below 1.2', async () => {
    const { port } = await start();
    const outcome = await new Promise<string>((resolve) => {
      const socket = tlsConnect({
        port,
        host: '127.0.0.1',
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        rejectUnauthorized: false,
      });
      socket.once('secureConnect', () => resolve('connected'));
      socket.once('error', () => resolve('refused'));
    });
    expect(outcome).toBe('refused');
  });

  it('SEC-14 SEC-25 silent, broken and abandoned handshakes end, and nobody else notices', async () => {
    const address = await start({ headersDeadlineMs: 300, bodyDeadlineMs: 300 });
    const silent = await RawConnection.open(address);
    const halfway = await RawConnection.open(address);
    halfway.write(Uint8Array.of(0x16, 3, 1, 2, 0));
    const broken = await RawConnection.open(address);
    broken.write(Buffer.from(`\x16${'garbage'.repeat(50)}`, 'latin1'));
    const gone = await RawConnection.open(address);
    gone.write(Uint8Array.of(0x16));
    gone.destroy();
    for (const connection of [silent, halfway, broken]) await connection.waitForEnd();
    expect(await postSecurely(address.port, '/', LOGIN)).toMatch(/^~e=0~id=/);
  });
});
