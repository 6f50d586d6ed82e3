import type { Span } from './spans';

/**
 * - `group`: one message for a device, `~f=..[~dt=..]~d=..`, the same bytes for whoever receives it.
 * - `answer`: a whole message of the relay to one transport, with its terminator.
 */
export type EntryKind = 'group' | 'answer';

/** Encoded bytes that wait in one or more out-queues; encoded once, whoever receives them. */
export class Entry implements Span {
  /** Queues that hold it now. */
  refs = 0;

  constructor(
    readonly kind: EntryKind,
    /** Where the bytes stand now, from `start` to `end`: `GroupEncoder.settle` moves those that outlive their turn. */
    public bytes: Uint8Array,
    public start = 0,
    public end = bytes.length,
    /** A group whose `d` is empty: it must not stand last in a download (P-29). */
    readonly hasEmptyData = false,
  ) {}

  get length(): number {
    return this.end - this.start;
  }

  /** Copies the bytes into memory of their own. */
  moveOut(): void {
    this.bytes = this.bytes.slice(this.start, this.end);
    this.start = 0;
    this.end = this.bytes.length;
  }
}

/** Bytes in all out-queues of one relay; what several queues share counts once. */
export class QueueTotals {
  bytes = 0;
  messages = 0;

  hold(entry: Entry): void {
    if (entry.kind === 'answer') return;
    this.messages += 1;
    if (entry.refs++ === 0) this.bytes += entry.length;
  }

  release(entry: Entry): void {
    if (entry.kind === 'answer') return;
    this.messages -= 1;
    if (--entry.refs === 0) this.bytes -= entry.length;
  }
}

/** A list with more slots gives its memory back once it is empty. */
const MAX_KEPT_SLOTS = 64;
/** From this many used slots on, the front of a list that is not empty is cut off. */
const COMPACT_AT = 512;
/** Fills used slots, so that nothing that is gone stays in memory. */
const NOTHING = new Entry('answer', new Uint8Array(0));

/** What one session still has to get, in order: groups, and between them the answers for its WebSocket. */
export class OutQueue {
  /** Those that wait stand from `head` to `tail`. A list that is emptied would lose its memory, and grow anew each turn. */
  #entries: Entry[] = [];
  #head = 0;
  #tail = 0;
  #bytes = 0;

  constructor(private readonly totals: QueueTotals) {}

  get length(): number {
    return this.#tail - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The entry at this place, counted from the oldest. */
  at(index: number): Entry | undefined {
    return index < this.length ? this.#entries[this.#head + index] : undefined;
  }

  /** So many of the oldest entries. */
  first(count: number): Entry[] {
    return this.#entries.slice(this.#head, this.#head + count);
  }

  push(entry: Entry): void {
    this.totals.hold(entry);
    this.#bytes += entry.length;
    this.#entries[this.#tail++] = entry;
  }

  /** Puts an answer ahead of everything that waits. */
  pushFirst(entry: Entry): void {
    this.totals.hold(entry);
    this.#bytes += entry.length;
    if (this.#head > 0) {
      this.#entries[--this.#head] = entry;
    } else {
      this.#entries.unshift(entry);
      this.#tail += 1;
    }
  }

  /** Forgets the oldest entries, written or given up. */
  drop(count: number): void {
    for (let i = 0; i < count; i++) {
      const entry = this.#entries[this.#head]!;
      this.#entries[this.#head++] = NOTHING;
      this.#bytes -= entry.length;
      this.totals.release(entry);
    }
    this.#compact();
  }

  /** Takes out the answers: they belong to the transport that asked, the groups to the session. */
  takeAnswers(): Entry[] {
    const answers: Entry[] = [];
    const groups: Entry[] = [];
    for (let i = this.#head; i < this.#tail; i++) {
      const entry = this.#entries[i]!;
      (entry.kind === 'answer' ? answers : groups).push(entry);
    }
    for (const answer of answers) this.#bytes -= answer.length;
    this.#keep(groups);
    return answers;
  }

  clear(): void {
    this.drop(this.length);
  }

  #compact(): void {
    if (this.#head === this.#tail) {
      if (this.#entries.length > MAX_KEPT_SLOTS) this.#entries = [];
      this.#head = this.#tail = 0;
    } else if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#tail) {
      this.#keep(this.#entries.slice(this.#head, this.#tail));
    }
  }

  #keep(entries: Entry[]): void {
    this.#entries = entries;
    this.#head = 0;
    this.#tail = entries.length;
  }
}
