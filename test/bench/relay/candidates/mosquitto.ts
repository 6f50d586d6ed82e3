import { mqttClient, MqttVersion } from '../mqtt';
import { startProgram } from '../program';
import type { RelayCandidate } from '../relay';

export const relay: RelayCandidate = {
  start: () =>
    startProgram('mosquitto', (port) =>
      [
        `listener ${port} 127.0.0.1`,
        'socket_domain ipv4',
        'allow_anonymous true',
        'set_tcp_nodelay true',
        'max_queued_messages 0',
        'persistence false',
        'log_dest none',
        '',
      ].join('\n'),
    ),
  ...mqttClient(MqttVersion.five),
};
