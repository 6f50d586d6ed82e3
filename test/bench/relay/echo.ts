import type { LoadLink, Scanner } from './load-socket';
import type { Traffic } from './traffic';

/** Two in a room: one asks, the other sends back as many messages as it gets; both ways count as deliveries. */
export class Echo {
  readonly #several: Buffer;
  #askedAtMs = 0;
  #tookMs: number[] = [];

  constructor(
    private readonly traffic: Traffic,
    private readonly sockets: { readonly asking: LoadLink; readonly answering: LoadLink },
    private readonly message: Buffer,
    private readonly inFlight: number,
  ) {
    this.#several = Buffer.concat(new Array<Buffer>(inFlight).fill(message));
  }

  listen(makeScanner: () => Scanner): void {
    const { asking, answering } = this.sockets;
    this.#follow(answering, makeScanner(), (count) => this.#send(answering, count));
    this.#follow(asking, makeScanner(), (count) => {
      this.#tookMs.push(performance.now() - this.#askedAtMs);
      if (this.traffic.isRunning) this.#ask(count);
    });
  }

  start(): void {
    this.#tookMs = [];
    this.#ask(this.inFlight);
  }

  /** How long each round trip of the last run took, in ascending order; right with one message under way. */
  get tookMs(): Float64Array {
    return Float64Array.from(this.#tookMs).sort();
  }

  #follow(socket: LoadLink, scanner: Scanner, onMessages: (count: number) => void): void {
    let seen = 0;
    socket.read(scanner, () => {
      const count = scanner.delivered - seen;
      if (count === 0) return;
      seen += count;
      onMessages(count);
      // Last: what has been sent on is expected by now.
      this.traffic.arrive(count);
    });
  }

  #ask(count: number): void {
    this.#askedAtMs = performance.now();
    this.#send(this.sockets.asking, count);
  }

  #send(socket: LoadLink, count: number): void {
    this.traffic.expect(count);
    socket.write(this.#several.subarray(0, count * this.message.length));
  }
}
