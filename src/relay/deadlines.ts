/** Something that wants to be looked at when a time has come. */
export interface Timed {
  /** When, as things stand now; Infinity for never. May move on without notice, but not closer. */
  readonly dueAtMs: number;
  /** The time it is noted for; kept by {@link Deadlines}. */
  scheduledAtMs: number;
}

interface Note<T> {
  readonly atMs: number;
  readonly order: number;
  readonly target: T;
}

/**
 * The times of everything, earliest first. Moving a deadline away costs nothing: a note that comes too early is put
 * back when it is reached. So a byte on an idle socket is one assignment and no work here.
 */
export class Deadlines<T extends Timed> {
  readonly #heap: Note<T>[] = [];
  #count = 0;

  /** The time at which {@link Deadlines.takeDue} wants to be called. */
  get nextMs(): number | undefined {
    return this.#heap[0]?.atMs;
  }

  /** Notes the present deadline of a target. To be called when it was set, or moved closer. */
  schedule(target: T): void {
    const atMs = target.dueAtMs;
    if (atMs >= target.scheduledAtMs) return;
    target.scheduledAtMs = atMs;
    this.#push({ atMs, order: this.#count++, target });
  }

  /** The next target whose time has come. Its owner acts on it and schedules it again. */
  takeDue(nowMs: number): T | undefined {
    for (let note = this.#heap[0]; note !== undefined && note.atMs <= nowMs; note = this.#heap[0]) {
      this.#pop();
      const { target } = note;
      // A note that an earlier one has replaced.
      if (note.atMs !== target.scheduledAtMs) continue;
      target.scheduledAtMs = Infinity;
      if (target.dueAtMs <= nowMs) return target;
      this.schedule(target);
    }
    return undefined;
  }

  #push(note: Note<T>): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(note);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(note, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = note;
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

function isBefore(one: Note<unknown>, other: Note<unknown>): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
