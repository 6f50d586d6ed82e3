/** How many results are remembered at most: those of one window (section 4, `xw`). */
export const WINDOW_MESSAGES = 256;

/** What is to be done with a frame of numbered messages. */
export type Arrival =
  /** Its first `known` messages were taken before; the rest is new. */
  | { readonly isGap: false; readonly known: number }
  /** Messages in front of it are missing. */
  | { readonly isGap: true };

/**
 * The numbered messages that one session sends: each is taken once and in order, however often it comes. Refusals are
 * remembered, so that a repeated message gets the answer that was lost, and never a false success.
 */
export class Upstream {
  /** Number of the last message taken: what `xh` says. */
  last = 0;
  readonly #refused = new Map<number, number>();

  /** Looks at a frame of `count` messages that begins with number `first`. */
  arrive(first: number, count: number): Arrival {
    if (first > this.last + 1) return { isGap: true };
    return { isGap: false, known: Math.min(count, this.last + 1 - first) };
  }

  /** Takes the next message. @param code - 0, or why it was refused. */
  take(code: number): void {
    this.last += 1;
    if (code !== 0) this.#refused.set(this.last, code);
    for (const number of this.#refused.keys()) {
      if (number > this.last - WINDOW_MESSAGES) break;
      this.#refused.delete(number);
    }
  }

  /** The refused messages with these numbers, and why; all that are remembered without them. */
  *refusals(first = 1, count = Infinity): Generator<readonly [number: number, code: number]> {
    for (const refusal of this.#refused) {
      if (refusal[0] >= first && refusal[0] < first + count) yield refusal;
    }
  }
}
