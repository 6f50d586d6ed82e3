import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type ServerOptions } from 'socket.io';
import { io, type ManagerOptions, type SocketOptions } from 'socket.io-client';
import type { Arena, Peer } from '../peer';

interface Variant {
  readonly name: string;
  readonly server?: Partial<ServerOptions>;
  readonly client?: Partial<ManagerOptions & SocketOptions>;
  /** Whether each emit asks for an acknowledgement. */
  readonly acknowledges: boolean;
}

const recovery = { connectionStateRecovery: {} };
const retries = { retries: 10, ackTimeout: 2000 };

async function start({ server: serverOptions = {}, client: clientOptions = {}, acknowledges }: Variant): Promise<Arena> {
  const http = createServer();
  const server = new Server(http, serverOptions);
  server.on('connection', (socket) => {
    socket.on('text', (text: string, acknowledge?: () => void) => {
      socket.broadcast.emit('text', text);
      acknowledge?.();
    });
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (http.address() as AddressInfo).port,
    async connect(_name, port, events) {
      const socket = io(`http://127.0.0.1:${port}`, { forceNew: true, ...clientOptions });
      socket.on('text', (text: string) => events.message(text));
      const connected = new Promise<void>((resolve) => socket.once('connect', resolve));
      socket.on('connect', () => events.status(true));
      socket.on('disconnect', () => events.status(false));
      await connected;
      const send = (text: string): Promise<void> =>
        new Promise((resolve, reject) => {
          if (!acknowledges) socket.emit('text', text);
          else socket.emit('text', text, (error: Error | null) => (error ? reject(error) : resolve()));
        });
      const close = async (): Promise<void> => void socket.disconnect();
      return { send, close };
    },
    stop: () => server.close(),
  };
}

const variants: readonly Variant[] = [
  { name: 'socket.io', acknowledges: false },
  { name: 'socket.io, recovery', server: recovery, acknowledges: false },
  { name: 'socket.io, recovery, retries', server: recovery, client: retries, acknowledges: true },
];

export const peers: readonly Peer[] = variants.map((variant) => ({
  name: variant.name,
  packages: ['socket.io', 'socket.io-client'],
  acknowledges: variant.acknowledges,
  start: () => start(variant),
}));
