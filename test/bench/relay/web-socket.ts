import { encodeFrame, Opcode } from '../../conformance/raw/raw-websocket';
import { LoadSocket } from './load-socket';

/** Upgraded on a path. */
export async function openWebSocket(port: number, path: string): Promise<LoadSocket> {
  const socket = await LoadSocket.open(port);
  const headers = [
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
  ];
  socket.write(`GET ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
  const answer = await socket.take(endOfHead);
  if (!answer.startsWith('HTTP/1.1 101 ')) throw new Error(`The upgrade got ${answer}`);
  return socket;
}

/** Where the head of an HTTP answer ends, or -1. */
export function endOfHead(text: string): number {
  const end = text.indexOf('\r\n\r\n');
  return end < 0 ? -1 : end + 4;
}

/** One masked binary frame. */
export function clientFrame(payload: string | Uint8Array): Buffer {
  return encodeFrame({ opcode: Opcode.binary, payload });
}
