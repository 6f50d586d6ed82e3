import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { listenOnLoopback } from '../lab/listening';
import { serve } from '../lab/processes';
import { FrameEcho } from './frame-echo';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Sends back whatever is in frames, at the least cost that Node allows: one write for each read. */
function echo(socket: Socket): void {
  const frames = new FrameEcho();
  socket.setNoDelay(true);
  socket.on('data', (chunk: Buffer) => {
    if (!socket.write(frames.answer(chunk))) socket.pause();
  });
  socket.on('drain', () => socket.resume());
  socket.on('error', () => socket.destroy());
}

const server = createServer((_request, response) => void response.writeHead(426).end());
server.on('upgrade', ({ headers }, socket: Socket) => {
  const accept = createHash('sha1').update(`${headers['sec-websocket-key']}${GUID}`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  echo(socket);
});
const port = await listenOnLoopback(server);

serve({
  url: () => `ws://127.0.0.1:${port}/`,
  cpuUsage: () => process.cpuUsage(),
});
