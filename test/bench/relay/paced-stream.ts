import type { LoadLink, Scanner } from './load-socket';
import type { Traffic } from './traffic';

/** More than are ever under way. */
const KEPT = 65_536;

/** One sender that sends at its own pace, and those who listen to it: how long each delivery takes. */
export class PacedStream {
  readonly #sentAtMs = new Float64Array(KEPT);
  #sent = 0;
  #tookMs: number[] = [];

  constructor(
    private readonly traffic: Traffic,
    private readonly listeners: number,
    private readonly socket: LoadLink,
    private readonly message: Buffer,
  ) {}

  listen(socket: LoadLink, scanner: Scanner): void {
    let seen = 0;
    socket.read(scanner, () => {
      const from = seen;
      seen = scanner.delivered;
      const nowMs = performance.now();
      for (let i = from; i < seen; i++) this.#tookMs.push(nowMs - this.#sentAtMs[i % KEPT]!);
      this.traffic.arrive(seen - from);
    });
  }

  /** Sends at this interval for as long as the traffic runs. */
  start(intervalMs: number): void {
    this.#tookMs = [];
    const timer = setInterval(() => {
      if (!this.traffic.isRunning) return clearInterval(timer);
      this.#sentAtMs[this.#sent++ % KEPT] = performance.now();
      this.traffic.expect(this.listeners);
      this.socket.write(this.message);
    }, intervalMs);
  }

  /** How long each delivery of the last run took, in ascending order. */
  get tookMs(): Float64Array {
    return Float64Array.from(this.#tookMs).sort();
  }
}
