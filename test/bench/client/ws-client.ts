import { once } from 'node:events';
import type { Connect } from './client';

/** The client of `ws`, with or without its add-on, as the environment says. */
export async function wsConnect(): Promise<Connect> {
  const { WebSocket } = await import('ws');
  return async (url, { maxPayload, onBytes }) => {
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload });
    socket.on('message', (data: Buffer) => onBytes(data.length));
    await once(socket, 'open');
    const sendPart = (part: Uint8Array, fin: boolean): Promise<void> =>
      new Promise((resolve, reject) => {
        socket.send(part, { binary: true, fin }, (error) => (error instanceof Error ? reject(error) : resolve()));
      });
    return {
      send: (data) => socket.send(data),
      sendParts: async (parts) => {
        for (const part of parts) await sendPart(part, false);
        await sendPart(new Uint8Array(0), true);
      },
      terminate: () => socket.terminate(),
    };
  };
}
