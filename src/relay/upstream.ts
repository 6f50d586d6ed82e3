/** Messages that a client may have without acknowledgement (section 4, `xw`). */
export const WINDOW_MESSAGES = 4_096;
export const WINDOW_BYTES = 1_048_576;
/** How many results are remembered at most: a whole window, and the last frame that went out with it. */
const REMEMBERED = 2 * WINDOW_MESSAGES;

/**
 * The numbered messages that one session sends: each is taken once and in order, however often it comes. Refusals are
 * remembered, so that a repeated message gets the answer that was lost, and never a false success.
 */
export class Upstream {
  /** Number of the last message taken: what `xh` says. */
  last = 0;
  /** Up to here the client knows every result. */
  #known = 0;
  readonly #refused = new Map<number, number>();

  /** How many of `count` messages that begin with number `first` were taken before; undefined when some are missing. */
  countRepeated(first: number, count: number): number | undefined {
    return first > this.last + 1 ? undefined : Math.min(count, this.last + 1 - first);
  }

  /** Takes the next message. @param code - 0, or why it was refused. */
  take(code: number): void {
    this.last += 1;
    if (code !== 0) this.#refused.set(this.last, code);
    if (this.#refused.size === 0) return;
    for (const number of this.#refused.keys()) {
      if (number > this.last - REMEMBERED) break;
      this.#refused.delete(number);
    }
  }

  /** Goes on behind the last message that was taken, and the refusals before. */
  restore(last: number, refusals: Iterable<readonly [number: number, code: number]>): void {
    this.last = last;
    for (const [number, code] of refusals) if (number > last - REMEMBERED) this.#refused.set(number, code);
  }

  /** Whether a message was refused. */
  isRefused(number: number): boolean {
    return this.#refused.has(number);
  }

  /** The client goes on behind this number, so it knows the results up to there. */
  confirm(number: number): void {
    if (number > this.#known) this.#known = number;
  }

  /**
   * The last message in front of the first refusal that the client may not know of: what is safe to say where refusals are
   * not told, as in the answer to a download.
   */
  get lastSafe(): number {
    for (const number of this.#refused.keys()) if (number > this.#known) return number - 1;
    return this.last;
  }

  /** The refused messages with these numbers, and why; all that the client may not know of without them. */
  *refusals(first = this.#known + 1, count = Infinity): Generator<readonly [number: number, code: number]> {
    for (const refusal of this.#refused) {
      if (refusal[0] >= first && refusal[0] < first + count) yield refusal;
    }
  }
}
