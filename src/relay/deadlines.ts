/** Something that wants to be looked at when a time has come. The fields are kept by {@link Deadlines}. */
export abstract class Timed {
  /** The time it is noted for; Infinity when it is not. */
  scheduledAtMs = Infinity;
  /** Where it stands among all that are noted. */
  deadlineIndex = -1;
  /** Tells apart those of the same time. */
  deadlineOrder = 0;

  /** When, as things stand now; Infinity for never. May move on without notice, but not closer. */
  abstract get dueAtMs(): number;
}

/**
 * The times of everything, earliest first. Moving a deadline away costs nothing: what is reached too early is put
 * back. So a byte on an idle socket is one assignment and no work here.
 */
export class Deadlines<T extends Timed> {
  readonly #heap: T[] = [];
  #count = 0;

  /** The time at which {@link Deadlines.takeDue} wants to be called. */
  get nextMs(): number | undefined {
    return this.#heap[0]?.scheduledAtMs;
  }

  /** Notes the present deadline of a target. To be called when it was set, or moved closer. */
  schedule(target: T): void {
    const atMs = target.dueAtMs;
    if (atMs >= target.scheduledAtMs) return;
    target.scheduledAtMs = atMs;
    target.deadlineOrder = this.#count++;
    this.#rise(target, target.deadlineIndex < 0 ? this.#heap.length : target.deadlineIndex);
  }

  /** The next target whose time has come. Its owner acts on it and schedules it again. */
  takeDue(nowMs: number): T | undefined {
    for (let target = this.#heap[0]; target !== undefined; target = this.#heap[0]) {
      if (target.scheduledAtMs > nowMs) return undefined;
      this.#removeFirst(target);
      if (target.dueAtMs <= nowMs) return target;
      this.schedule(target);
    }
    return undefined;
  }

  #removeFirst(first: T): void {
    first.scheduledAtMs = Infinity;
    first.deadlineIndex = -1;
    const last = this.#heap.pop()!;
    if (last !== first) this.#sink(last);
  }

  /** Puts a target there, or further to the front. */
  #rise(target: T, from: number): void {
    let at = from;
    while (at > 0) {
      const above = this.#heap[(at - 1) >> 1]!;
      if (!isBefore(target, above)) break;
      this.#put(above, at);
      at = (at - 1) >> 1;
    }
    this.#put(target, at);
  }

  /** Puts a target in front, or as far behind it as it belongs. */
  #sink(target: T): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below += 1;
      if (!isBefore(heap[below]!, target)) break;
      this.#put(heap[below]!, at);
      at = below;
    }
    this.#put(target, at);
  }

  #put(target: T, index: number): void {
    this.#heap[index] = target;
    target.deadlineIndex = index;
  }
}

function isBefore(one: Timed, other: Timed): boolean {
  if (one.scheduledAtMs !== other.scheduledAtMs) return one.scheduledAtMs < other.scheduledAtMs;
  return one.deadlineOrder < other.deadlineOrder;
}
