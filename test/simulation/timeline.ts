/** Something that will happen; `cancel` takes it back. */
export class Moment {
  constructor(
    readonly atMs: number,
    readonly order: number,
    public run: (() => void) | undefined,
  ) {}

  cancel(): void {
    this.run = undefined;
  }
}

/** Virtual time: what is to happen, by time, and at the same time in the order it was put in. */
export class Timeline {
  nowMs = 0;
  /** Moments that have happened. */
  count = 0;
  readonly #heap: Moment[] = [];
  #order = 0;

  at(atMs: number, run: () => void): Moment {
    const moment = new Moment(Math.max(atMs, this.nowMs), this.#order++, run);
    this.#push(moment);
    return moment;
  }

  after(ms: number, run: () => void): Moment {
    return this.at(this.nowMs + ms, run);
  }

  /** Lets everything happen until then, and stops there. */
  runUntil(endMs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= endMs; next = this.#heap[0]) {
      this.#pop();
      const { run } = next;
      if (run === undefined) continue;
      this.nowMs = next.atMs;
      this.count += 1;
      run();
    }
    this.nowMs = endMs;
  }

  #push(moment: Moment): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(moment);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(moment, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = moment;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below += 1;
      if (!isBefore(heap[below]!, last)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = last;
  }
}

function isBefore(one: Moment, other: Moment): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
