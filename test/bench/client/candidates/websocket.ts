import { once } from 'node:events';
import websocket from 'websocket';
import type { Connect } from '../client';

export const connect: Connect = async (url, { maxPayload, onBytes }) => {
  const client = new websocket.client({
    maxReceivedFrameSize: maxPayload,
    maxReceivedMessageSize: maxPayload,
  });
  client.connect(url);
  const [socket] = (await once(client, 'connect')) as [websocket.connection];
  socket.on('message', (message) => {
    if (message.type === 'binary') onBytes(message.binaryData.length);
  });
  return {
    send: (data) => socket.sendBytes(Buffer.from(data.buffer, data.byteOffset, data.length)),
    terminate: () => socket.socket.destroy(),
  };
};
