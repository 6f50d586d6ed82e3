import { encodeFrame, Opcode } from '../../conformance/raw/raw-websocket';
import { endOfHead } from './http';
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

/** Where a frame of up to 65,535 bytes ends, or -1. */
export function endOfFrame(text: string): number {
  const short = text.charCodeAt(1);
  const end = short < 126 ? 2 + short : 4 + text.charCodeAt(2) * 256 + text.charCodeAt(3);
  return end <= text.length ? end : -1;
}

/** One masked frame. */
export function clientFrame(payload: string | Uint8Array, opcode: number = Opcode.binary): Buffer {
  return encodeFrame({ opcode, payload });
}
