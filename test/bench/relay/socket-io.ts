import type { Socket } from 'socket.io';
import { createServer } from 'node:http';
import { listenOnLoopback } from '../lab/listening';

/** Its servers ask for a sign of life every 25 seconds; the load client, which gives none, is gone by then. */
const HOUR_MS = 3_600_000;

/** Rooms as one writes them with socket.io; who listens in which one stands in the query. @returns The port. */
export async function startSocketIo(
  transport: 'websocket' | 'polling',
  maxHttpBufferSize = 1_000_000,
): Promise<number> {
  process.env['WS_NO_BUFFER_UTIL'] = '1';
  process.env['WS_NO_UTF_8_VALIDATE'] = '1';
  const { Server } = await import('socket.io');
  const server = createServer();
  const options = { transports: [transport], serveClient: false, pingInterval: HOUR_MS, maxHttpBufferSize };
  const io = new Server(server, options);
  io.on('connection', (socket: Socket) => {
    const { room, listens } = socket.handshake.query as Record<string, string>;
    if (listens === 'true') void socket.join(room!);
    socket.on('m', (data: unknown) => socket.to(room!).emit('m', data));
    socket.on('e', (data: unknown) => socket.emit('m', data));
  });
  return listenOnLoopback(server);
}

/** What a connection is opened with. */
export function socketIoPath(transport: 'websocket' | 'polling', room: string, listens: boolean): string {
  return `/socket.io/?EIO=4&transport=${transport}&room=${room}&listens=${listens}`;
}

/** The packet of one message, in either direction. @param event - `m` goes to all others, `e` comes back. */
export function socketIoPacket(payload: Uint8Array, event: 'm' | 'e' = 'm'): string {
  return `42["${event}","${Buffer.from(payload).toString('latin1')}"]`;
}
