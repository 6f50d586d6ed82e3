import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { WebSocket } from 'ws';
import type { RelayCandidate } from '../relay';
import { FixedScanner, FrameScanner } from '../scanners';
import { clientFrame, openWebSocket } from '../web-socket';

/** A room for each path, as one writes it with `ws`: every message goes to all others in the room. */
async function startServer(): Promise<number> {
  process.env['WS_NO_BUFFER_UTIL'] = '1';
  process.env['WS_NO_UTF_8_VALIDATE'] = '1';
  const { WebSocket, WebSocketServer } = await import('ws');
  const rooms = new Map<string, Set<WebSocket>>();
  const options = { perMessageDeflate: false, maxPayload: 1_048_576 };
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options });
  server.on('connection', (socket, { url = '/' }) => {
    const room = rooms.get(url) ?? new Set();
    rooms.set(url, room.add(socket));
    socket.on('message', (data, binary) => {
      for (const other of room) {
        if (other !== socket && other.readyState === WebSocket.OPEN) other.send(data as Buffer, { binary });
      }
    });
    socket.on('close', () => room.delete(socket));
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export const relay: RelayCandidate = {
  start: async () => ({ port: await startServer() }),
  connect: (port, { room }) => openWebSocket(port, `/${room}`),
  message: (_room, payload) => clientFrame(payload),
  scanner: (_room, size) => new FrameScanner(new FixedScanner(size)),
};
