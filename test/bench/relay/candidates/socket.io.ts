import { Opcode } from '../../../conformance/raw/raw-websocket';
import type { RelayCandidate } from '../relay';
import { FixedScanner, FrameScanner } from '../scanners';
import { socketIoPacket, socketIoPath, startSocketIo } from '../socket-io';
import { clientFrame, endOfFrame, openWebSocket } from '../web-socket';

const CONNECT = '40';

export const relay: RelayCandidate = {
  start: async () => ({ port: await startSocketIo('websocket') }),
  connect: async (port, { room, listens }) => {
    const socket = await openWebSocket(port, socketIoPath('websocket', room, listens));
    await socket.take(endOfFrame);
    socket.write(clientFrame(CONNECT, Opcode.text));
    const answer = await socket.take(endOfFrame);
    if (!answer.includes(`${CONNECT}{"sid"`)) throw new Error(`Connecting got ${answer}`);
    return socket;
  },
  message: (_room, payload) => clientFrame(socketIoPacket(payload), Opcode.text),
  scanner: (_room, size) => {
    const packet = socketIoPacket(new Uint8Array(size));
    return new FrameScanner(new FixedScanner(packet.length, packet.charCodeAt(0)));
  },
};
