import type * as webifi from '../../../../src/index';
import { MAX_MESSAGE_SIZE, ROOM, type MessagingCandidate } from '../messaging';

export const relay: MessagingCandidate<Pick<typeof webifi, 'Webifi'>> = {
  start: async () => {
    const { startWebifi } = await import('../../relay/webifi-relay');
    return startWebifi({ maxDataSize: MAX_MESSAGE_SIZE, maxTransmissionSize: 2 * MAX_MESSAGE_SIZE });
  },
  raw: async () => (await import('../../relay/candidates/webifi')).relay,
  load: () => import('../../../../src/index'),
  inPage: { script: 'dist/webifi.umd.min.js', namespace: 'globalThis' },
  open: ({ Webifi }, { port }, onMessage) => {
    const device = new Webifi({
      server: `http://127.0.0.1:${port}`,
      connectName: 'bench',
      connectPassword: 'only for the bench',
      networkNames: [ROOM],
      maxQueuedMessages: 200_000,
      maxQueuedBytes: 64 * 1_048_576,
    });
    device.on('message', ({ data }) => onMessage(data));
    device.on('error', (error) => {
      throw error;
    });
    return {
      connect: () => {
        device.start();
        return device.ready();
      },
      send: (data) => void device.sendData({ data }),
    };
  },
};
