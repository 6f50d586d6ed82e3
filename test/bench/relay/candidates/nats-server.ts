import { LoadSocket, type Scanner } from '../load-socket';
import { startProgram } from '../program';
import type { RelayCandidate } from '../relay';

const END = '\r\n';

const PING = `PING${END}`;

/** `MSG {subject} {subscription} {size}`, payload; in between, rarely, `PING`. */
class NatsScanner implements Scanner {
  delivered = 0;
  readonly #length: number;

  constructor(room: string, size: number) {
    this.#length = `MSG ${room} 1 ${size}${END}`.length + size + END.length;
  }

  scan(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      const isMessage = bytes[at] === 0x4d;
      if (!isMessage && bytes[at] !== 0x50)
        throw new Error(`nats-server says ${bytes.toString('latin1', at, end)}`);
      const next = at + (isMessage ? this.#length : PING.length);
      if (next > end) return at;
      if (isMessage) this.delivered += 1;
      at = next;
    }
    return at;
  }
}

export const relay: RelayCandidate = {
  // Pings are passed over: with two unanswered ones it would end the connection, so there is one an hour.
  start: () =>
    startProgram('nats-server', (port) => `host: "127.0.0.1"\nport: ${port}\nping_interval: "1h"\n`),
  connect: async (port, { room, listens }) => {
    const socket = await LoadSocket.open(port);
    await socket.take((text) => endOf(text, END));
    const options = '{"verbose":false,"pedantic":false,"echo":false}';
    socket.write(`CONNECT ${options}${END}${listens ? `SUB ${room} 1${END}` : ''}${PING}`);
    const answer = await socket.take((text) => endOf(text, `PONG${END}`));
    if (answer.includes('-ERR')) throw new Error(`Connecting got ${answer}`);
    return socket;
  },
  message: (room, payload) =>
    Buffer.concat([Buffer.from(`PUB ${room} ${payload.length}${END}`), payload, Buffer.from(END)]),
  scanner: (room, size) => new NatsScanner(room, size),
};

/** Where this part of the text ends, or -1. */
function endOf(text: string, part: string): number {
  const at = text.indexOf(part);
  return at < 0 ? -1 : at + part.length;
}
