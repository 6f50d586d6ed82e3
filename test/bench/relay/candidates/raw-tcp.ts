import { createServer, type Socket } from 'node:net';
import { listenOnLoopback } from '../../lab/listening';
import { LoadSocket } from '../load-socket';
import type { RelayCandidate } from '../relay';
import { FixedScanner } from '../scanners';

/** Those who get something at the end of this turn. */
let waiting: Member[] = [];

/** The limit: no framing, checks or bounds. What one turn reads leaves in one write to each socket. */
class Member {
  readonly #chunks: Buffer[] = [];

  constructor(private readonly socket: Socket) {}

  give(chunk: Buffer): void {
    if (this.#chunks.push(chunk) > 1) return;
    if (waiting.push(this) === 1) setImmediate(flush);
  }

  flush(): void {
    const [first] = this.#chunks;
    this.socket.write(this.#chunks.length === 1 ? first! : Buffer.concat(this.#chunks));
    this.#chunks.length = 0;
  }
}

function flush(): void {
  const members = waiting;
  waiting = [];
  for (const member of members) member.flush();
}

function startServer(): Promise<number> {
  const rooms = new Map<string, Set<Member>>();
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    // The first bytes are the name of the room.
    socket.once('data', (name: Buffer) => {
      const room = rooms.get(name.toString()) ?? new Set();
      const member = new Member(socket);
      rooms.set(name.toString(), room.add(member));
      socket.write('.');
      socket.on('data', (chunk: Buffer) => {
        for (const other of room) if (other !== member) other.give(chunk);
      });
      socket.on('close', () => room.delete(member));
    });
  });
  return listenOnLoopback(server);
}

export const relay: RelayCandidate = {
  start: async () => ({ port: await startServer() }),
  connect: async (port, { room }) => {
    const socket = await LoadSocket.open(port);
    socket.write(room);
    await socket.take((text) => text.indexOf('.') + 1 || -1);
    return socket;
  },
  message: (_room, payload) => Buffer.from(payload),
  scanner: (_room, size) => new FixedScanner(size),
};
