import type * as socketIo from 'socket.io-client';
import { MAX_MESSAGE_SIZE, ROOM, type MessagingCandidate } from '../messaging';

export const relay: MessagingCandidate<Pick<typeof socketIo, 'io'>> = {
  start: async () => {
    const { startSocketIo } = await import('../../relay/socket-io');
    return { port: await startSocketIo('websocket', MAX_MESSAGE_SIZE) };
  },
  raw: async () => (await import('../../relay/candidates/socket.io')).relay,
  load: () => import('socket.io-client'),
  inPage: { script: 'node_modules/socket.io-client/dist/socket.io.min.js', namespace: 'globalThis' },
  open: ({ io }, { port }, onMessage) => {
    const query = { room: ROOM, listens: 'true' };
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], autoConnect: false, query });
    socket.on('m', onMessage);
    return {
      connect: () =>
        new Promise((resolve, reject) => {
          socket.once('connect', resolve).once('connect_error', reject).connect();
        }),
      send: (text) => void socket.emit('m', text),
    };
  },
};
