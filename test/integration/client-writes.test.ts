import { createServer } from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { nodePlatform } from '../../src/adapters/node';
import { Webifi } from '../../src/index';
import { createRelay, type Relay } from '../../src/relay';

describe('what a client in Node writes', () => {
  let relay: Relay;
  let port: number;

  beforeAll(async () => {
    relay = createRelay({ accounts: [{ connectName: 'home', password: 'word' }] });
    ({ port } = await relay.listen({ port: 0 }));
  });
  afterAll(() => relay.close({ drainMs: 0 }));

  it('P-82 one turn is one transmission and one write, and every send a message of its own', async () => {
    const server = `http://127.0.0.1:${port}`;
    const device = new Webifi({ server, connectName: 'home', connectPassword: 'word', networkNames: ['n'] });
    device.start();
    await device.ready();
    const before = relay.stats().counters.messagesReceived;
    const spies = [vi.spyOn(Socket.prototype, '_write'), vi.spyOn(Socket.prototype as Required<Socket>, '_writev')];
    for (let turn = 0; turn < 3; turn++) {
      await Promise.all(Array.from({ length: 100 }, (_, i) => device.send(`${turn}.${i} ${'x'.repeat(100)}`)));
    }
    const writes = spies.flatMap((spy) => spy.mock.contexts).filter((socket) => (socket as Socket).remotePort === port);
    for (const spy of spies) spy.mockRestore();
    expect(device.getCounters().upload).toBe(3);
    expect(writes).toHaveLength(3);
    expect(relay.stats().counters.messagesReceived - before).toBe(300);
    await device.close();
  });
});

describe('long polling in Node', () => {
  it('P-39 requests follow each other on one kept-alive connection', async () => {
    const server = createServer((request, response) => void request.resume().on('end', () => response.end('~e=0')));
    let connections = 0;
    server.on('connection', () => connections++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/Upload`;
    const post = (): Promise<unknown> =>
      nodePlatform.post(url, Uint8Array.of(126), new AbortController().signal, () => undefined);
    for (let i = 0; i < 5; i++) await post();
    server.closeAllConnections();
    server.close();
    expect(connections).toBe(1);
  });
});
