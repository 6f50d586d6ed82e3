import type { LoadSocket, Scanner } from './load-socket';
import type { Traffic } from './traffic';

/** Writes one message over and over. */
export class Sender {
  readonly #several: Buffer;

  constructor(
    private readonly socket: LoadSocket,
    private readonly message: Buffer,
    private readonly most: number,
  ) {
    this.#several = Buffer.concat(new Array<Buffer>(most).fill(message));
  }

  send(count: number): void {
    for (let left = count; left > 0; left -= this.most) {
      this.socket.write(this.#several.subarray(0, Math.min(left, this.most) * this.message.length));
    }
  }
}

/** One sender and those who listen to it. The next message leaves when one has come to all of them. */
export class Stream {
  #sent = 0;
  #done = 0;
  /** To how many each message under way has come. */
  readonly #reached: Uint32Array;
  readonly #sender: Sender;

  constructor(
    private readonly traffic: Traffic,
    private readonly listeners: number,
    private readonly inFlight: number,
    socket: LoadSocket,
    message: Buffer,
  ) {
    this.#reached = new Uint32Array(inFlight);
    this.#sender = new Sender(socket, message, inFlight);
  }

  listen(socket: LoadSocket, scanner: Scanner): void {
    let seen = 0;
    socket.read(scanner, () => {
      const from = seen;
      seen = scanner.delivered;
      if (seen > from) this.#arrive(from, seen);
    });
  }

  fill(): void {
    const count = this.inFlight - (this.#sent - this.#done);
    if (count === 0) return;
    this.#sent += count;
    this.traffic.expect(count * this.listeners);
    this.#sender.send(count);
  }

  #arrive(from: number, to: number): void {
    const reached = this.#reached;
    for (let i = from; i < to; i++) {
      const slot = i % this.inFlight;
      if (++reached[slot]! < this.listeners) continue;
      reached[slot] = 0;
      this.#done += 1;
    }
    this.traffic.arrive(to - from);
    if (this.traffic.isRunning) this.fill();
  }
}

/** One who sends to a room and listens in it: it sends the next message when it has got one from each of the others. */
export class RoomMember {
  #sent = 0;
  #received = 0;
  readonly #sender: Sender;

  constructor(
    private readonly traffic: Traffic,
    private readonly others: number,
    private readonly inFlight: number,
    socket: LoadSocket,
    scanner: Scanner,
    message: Buffer,
  ) {
    this.#sender = new Sender(socket, message, inFlight);
    let seen = 0;
    socket.read(scanner, () => {
      const count = scanner.delivered - seen;
      seen += count;
      if (count > 0) this.#arrive(count);
    });
  }

  start(): void {
    this.#sent = this.#received = 0;
    this.#fill();
  }

  #arrive(count: number): void {
    this.#received += count;
    this.traffic.arrive(count);
    if (this.traffic.isRunning) this.#fill();
  }

  #fill(): void {
    const count = this.inFlight + Math.floor(this.#received / this.others) - this.#sent;
    if (count <= 0) return;
    this.#sent += count;
    this.traffic.expect(count * this.others);
    this.#sender.send(count);
  }
}
