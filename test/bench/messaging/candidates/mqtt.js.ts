import type * as mqtt from 'mqtt';
import type { MessagingCandidate } from '../messaging';

/** Two topics: before version 5 whoever listens where it sends gets its own messages. */
const TOPICS = { measured: 'to-measured', peer: 'to-peer' } as const;

export const relay: MessagingCandidate<Pick<typeof mqtt, 'connect'>> = {
  start: async () => ({ port: await (await import('../mqtt-server')).startAedes() }),
  raw: async () => {
    const { relay: aedes } = await import('../../relay/candidates/aedes');
    return {
      ...aedes,
      connect: (port, place, login) => aedes.connect(port, { ...place, room: TOPICS.peer }, login),
      message: (_room, payload) => aedes.message(TOPICS.measured, payload),
      scanner: (_room, size) => aedes.scanner(TOPICS.peer, size),
    };
  },
  load: async () => (await import('mqtt')).default,
  inPage: { script: 'node_modules/mqtt/dist/mqtt.min.js', namespace: 'mqtt' },
  open: ({ connect }, { port, side, isPage }, onMessage) => {
    const client = connect(`${isPage === true ? 'ws' : 'mqtt'}://127.0.0.1:${port}`, { manualConnect: true, keepalive: 0 });
    client.on('message', (_topic, payload) => onMessage(payload.toString()));
    client.on('error', (error) => {
      throw error;
    });
    const target = side === 'peer' ? TOPICS.measured : TOPICS.peer;
    return {
      connect: async () => {
        client.connect();
        await new Promise<void>((resolve) => client.once('connect', () => resolve()));
        await client.subscribeAsync(TOPICS[side]);
      },
      send: (text) => void client.publish(target, text),
    };
  },
};
