import type { LoadLink, Scanner } from './load-socket';
import type { Traffic } from './traffic';

/**
 * Sends one message over and over, so that a number of them is under way. As many deliveries as a message has count
 * for one that has come: who waits for the last of them leaves the server idle meanwhile.
 */
export class Sender {
  #sent = 0;
  #received = 0;
  readonly #several: Buffer;

  constructor(
    private readonly traffic: Traffic,
    private readonly socket: LoadLink,
    private readonly message: Buffer,
    private readonly inFlight: number,
    /** How many get each message. */
    private readonly listeners: number,
  ) {
    this.#several = Buffer.concat(new Array<Buffer>(inFlight).fill(message));
  }

  /** What comes over this socket lets the sender go on. */
  follow(socket: LoadLink, scanner: Scanner): void {
    let seen = 0;
    socket.read(scanner, () => {
      const count = scanner.delivered - seen;
      if (count === 0) return;
      seen += count;
      this.#received += count;
      this.traffic.arrive(count);
      if (this.traffic.isRunning) this.#fill();
    });
  }

  start(): void {
    this.#sent = this.#received = 0;
    this.#fill();
  }

  #fill(): void {
    let count = this.inFlight + Math.floor(this.#received / this.listeners) - this.#sent;
    this.#sent += count;
    this.traffic.expect(count * this.listeners);
    for (; count > 0; count -= this.inFlight) {
      this.socket.write(this.#several.subarray(0, Math.min(count, this.inFlight) * this.message.length));
    }
  }
}
