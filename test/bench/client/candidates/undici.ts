import { once } from 'node:events';
import { WebSocket } from 'undici';
import type { Connect } from '../client';

export const connect: Connect = async (url, { onBytes }) => {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.addEventListener('message', ({ data }) => onBytes((data as ArrayBuffer).byteLength));
  await once(socket, 'open');
  return {
    send: (data) => socket.send(data),
    terminate: () => socket.close(),
  };
};
