import { Aedes } from 'aedes';
import { createServer } from 'node:net';
import { listenOnLoopback } from '../../lab/listening';
import { mqttClient, MqttVersion } from '../mqtt';
import type { RelayCandidate } from '../relay';

export const relay: RelayCandidate = {
  start: async () => {
    const broker = await Aedes.createBroker();
    return { port: await listenOnLoopback(createServer({ noDelay: true }, broker.handle)) };
  },
  // It knows no version 5.
  ...mqttClient(MqttVersion.bridge),
};
