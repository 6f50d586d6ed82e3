import { FrameSocket, FrameSocketError } from '../../../../src/frames';
import type { Connect } from '../client';

export const connect: Connect = async (url, { maxPayload, onBytes }) => {
  const socket = await FrameSocket.connect(url, { maxFrameSize: maxPayload });
  void readAll(socket, onBytes);
  return {
    send: (data) => void socket.sendFrame(data),
    sendParts: (parts) => socket.sendMessage(parts),
    terminate: () => socket.terminate(),
  };
};

async function readAll(socket: FrameSocket, onBytes: (length: number) => void): Promise<void> {
  try {
    for (;;) onBytes((await socket.readFrame()).payload.length);
  } catch (error) {
    if (!(error instanceof FrameSocketError && error.code === 'TERMINATED')) throw error;
  }
}
