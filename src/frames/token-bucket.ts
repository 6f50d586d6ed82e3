/** How long the bucket takes to fill: what may go at once after a pause. Unit: milliseconds. */
const BURST_MS = 100;
/** Shorter waits are not worth a timer. Unit: milliseconds. */
const STEP_MS = 50;

/** Says how many bytes may go now, so that no more than a number of them go in a second. @internal */
export class TokenBucket {
  readonly #perMs: number;
  readonly #size: number;
  /** Fewer go at once only when there are no more. */
  readonly #step: number;
  #tokens: number;
  #lastMs: number;

  /** @param perSecond - Bytes, at least 1. @param nowMs - On the clock that the other calls tell the time of. */
  constructor(perSecond: number, nowMs: number) {
    this.#perMs = perSecond / 1_000;
    this.#size = Math.max(1, this.#perMs * BURST_MS);
    this.#step = Math.max(1, this.#perMs * STEP_MS);
    this.#tokens = this.#size;
    this.#lastMs = nowMs;
  }

  /** Takes as many as may go. @returns 0 while that would be too few to begin with. */
  take(wanted: number, nowMs: number): number {
    this.#fill(nowMs);
    if (this.#tokens < Math.min(wanted, this.#step)) return 0;
    const count = Math.min(wanted, Math.floor(this.#tokens));
    this.#tokens -= count;
    return count;
  }

  /** How long until {@link TokenBucket.take} gives some. */
  waitMs(wanted: number, nowMs: number): number {
    this.#fill(nowMs);
    return Math.max(0, Math.ceil((Math.min(wanted, this.#step) - this.#tokens) / this.#perMs));
  }

  #fill(nowMs: number): void {
    this.#tokens = Math.min(this.#size, this.#tokens + (nowMs - this.#lastMs) * this.#perMs);
    this.#lastMs = nowMs;
  }
}
