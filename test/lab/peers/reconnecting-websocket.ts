import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type ReconnectingWebSocketClass from 'reconnecting-websocket';
import { WebSocket, WebSocketServer } from 'ws';
import type { Arena, Peer } from '../peer';

// Its module for `import` is not one that Node takes.
const load = createRequire(import.meta.url);

async function start(): Promise<Arena> {
  const ReconnectingWebSocket = load('reconnecting-websocket') as typeof ReconnectingWebSocketClass;
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    socket.on('error', () => socket.terminate());
    socket.on('message', (data, isBinary) => {
      for (const other of server.clients) if (other !== socket) other.send(data, { binary: isBinary });
    });
  });
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async connect(_name, port, events) {
      const socket = new ReconnectingWebSocket(`ws://127.0.0.1:${port}`, [], { WebSocket });
      const opened = new Promise<void>((resolve) => socket.addEventListener('open', () => resolve()));
      socket.addEventListener('message', ({ data }) => events.message(String(data)));
      socket.addEventListener('open', () => events.status(true));
      socket.addEventListener('close', () => events.status(false));
      await opened;
      const send = (text: string): Promise<void> => {
        socket.send(text);
        return new Promise(() => undefined);
      };
      return { send, close: async () => socket.close() };
    },
    async stop() {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const peers: readonly Peer[] = [
  {
    name: 'reconnecting-websocket',
    packages: ['reconnecting-websocket', 'ws'],
    acknowledges: false,
    start,
  },
];
