import { Aedes } from 'aedes';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { listenOnLoopback } from '../lab/listening';

/** What an upgrade begins with: a request with GET. */
const UPGRADE = 'G'.charCodeAt(0);

/** Aedes on one port for MQTT over TCP, and over WebSocket for pages. @returns The port. */
export async function startAedes(): Promise<number> {
  const { handle } = await Aedes.createBroker();
  const http = createHttpServer();
  new WebSocketServer({ server: http }).on('connection', (socket, request) =>
    handle(createWebSocketStream(socket), request),
  );
  const server = createServer({ noDelay: true }, (socket) => {
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null;
      if (first === null) return;
      socket.unshift(first);
      if (first[0] === UPGRADE) http.emit('connection', socket);
      else handle(socket);
    });
  });
  return listenOnLoopback(server);
}
