import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { createRelay } from '../../src/relay';
import { login } from '../conformance/raw/raw-client';
import { closeAllConnections } from '../conformance/raw/raw-connection';
import { WebSocketDevice } from '../conformance/raw/websocket-device';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const ACCOUNT = { connectName: 'home', password: 'word' };

/** A relay with devices that are attached, on a server that shows us its requests and sockets. */
async function attachDevices(count: number) {
  const relay = createRelay({ accounts: [ACCOUNT] });
  const server = createServer();
  const requests: WeakRef<IncomingMessage>[] = [];
  const sockets: Socket[] = [];
  server.on('upgrade', (request, socket) => {
    requests.push(new WeakRef(request));
    sockets.push(socket as Socket);
  });
  relay.attach(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const address = { host: '127.0.0.1', port };
  for (let i = 0; i < count; i++) {
    const device = await WebSocketDevice.attach(address, (await login(address, ACCOUNT)).id);
    expect(await device.setNetworks('room')).toBe('4');
  }
  const close = async (): Promise<void> => {
    await relay.close({ drainMs: 0 });
    server.close();
    server.closeAllConnections();
  };
  return { requests, sockets, close };
}

describe('what an attached session holds', () => {
  afterEach(closeAllConnections);

  it('not the request that upgraded it', async () => {
    const { requests, close } = await attachDevices(5);
    try {
      // What was looked at in this turn is not collected before the next one.
      await new Promise(setImmediate);
      collectGarbage();
      expect(requests.length).toBe(5);
      // The HTTP server itself may hold the last one, in a parser that waits for its next use.
      expect(requests.filter((request) => request.deref() !== undefined).length).toBeLessThanOrEqual(1);
    } finally {
      await close();
    }
  });

  it('no listeners of its own: all sockets share theirs', async () => {
    const { sockets, close } = await attachDevices(2);
    try {
      const [one, two] = sockets as [Socket, Socket];
      for (const event of ['data', 'end', 'close', 'error']) {
        expect([event, ...one.rawListeners(event)]).toEqual([event, ...two.rawListeners(event)]);
        expect(one.listenerCount(event)).toBeGreaterThan(0);
      }
      expect(one.listenerCount('error')).toBe(1);
    } finally {
      await close();
    }
  });
});
