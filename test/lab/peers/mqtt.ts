import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Aedes } from 'aedes';
import { connectAsync, type IClientOptions } from 'mqtt';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { Arena, Peer } from '../peer';

interface Variant {
  readonly name: string;
  readonly qos: 0 | 1;
  readonly clean: boolean;
}

async function start({ qos, clean }: Variant): Promise<Arena> {
  const broker = await Aedes.createBroker();
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  sockets.on('connection', (socket, request) => {
    const stream = createWebSocketStream(socket);
    // The broker hears of it, too; a stream without a listener would end the process.
    stream.on('error', () => socket.terminate());
    broker.handle(stream, request);
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (http.address() as AddressInfo).port,
    async connect(name, port, events) {
      const options: IClientOptions = { clientId: name, clean };
      const client = await connectAsync(`ws://127.0.0.1:${port}`, options);
      client.on('error', () => undefined);
      client.on('message', (_topic, payload) => events.message(payload.toString()));
      client.on('connect', () => events.status(true));
      client.on('close', () => events.status(false));
      await client.subscribeAsync(`to ${name}`, { qos });
      const other = name === 'A' ? 'to B' : 'to A';
      const send = async (text: string): Promise<void> => {
        await client.publishAsync(other, text, { qos });
        // Without a quality of service the packet was only written.
        if (qos === 0) await new Promise(() => undefined);
      };
      return { send, close: () => client.endAsync(true) };
    },
    async stop() {
      for (const socket of sockets.clients) socket.terminate();
      await new Promise<void>((resolve) => broker.close(() => resolve()));
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

const variants: readonly Variant[] = [
  { name: 'mqtt, QoS 0', qos: 0, clean: true },
  { name: 'mqtt, QoS 1', qos: 1, clean: true },
  { name: 'mqtt, QoS 1, persistent', qos: 1, clean: false },
];

export const peers: readonly Peer[] = variants.map((variant) => ({
  name: variant.name,
  packages: ['mqtt', 'aedes'],
  acknowledges: variant.qos > 0,
  start: () => start(variant),
}));
