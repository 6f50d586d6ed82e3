import type { Receipt } from './receipt';

/**
 * - `group`: one message for a device, `~f=..[~dt=..]~d=..`, the same bytes for whoever receives it.
 * - `item`: a frame of the relay that takes a number in a session of the extension, without its terminator.
 * - `answer`: a whole message of the relay to one transport, with its terminator.
 */
export type EntryKind = 'group' | 'item' | 'answer';

/** Encoded bytes that wait in one or more out-queues; encoded once, whoever receives them. */
export class Entry {
  /** Queues that hold it now. */
  refs = 0;
  /** What receivers with the extension get: `bytes`, behind the number that the sender gave it. */
  numbered: Uint8Array;
  /** May be given up when a receiver is away or behind. */
  isVolatile = false;
  /** Waits for the acknowledgements of all receivers. */
  receipt: Receipt | undefined = undefined;

  constructor(
    readonly kind: EntryKind,
    /** Where the bytes stand now: `GroupEncoder.settle` moves those that outlive their turn. */
    public bytes: Uint8Array,
    /** A group whose `d` is empty: it must not stand last in a download (P-29). */
    readonly hasEmptyData = false,
  ) {
    this.numbered = bytes;
  }

  /** Moves the bytes into memory of their own. */
  moveOut(): void {
    const prefix = this.numbered.length - this.bytes.length;
    this.numbered = this.numbered.slice();
    this.bytes = prefix === 0 ? this.numbered : this.numbered.subarray(prefix);
  }
}

/** Bytes in all out-queues of one relay; what several queues share counts once. */
export class QueueTotals {
  bytes = 0;
  messages = 0;

  hold(entry: Entry): void {
    if (entry.kind === 'answer') return;
    this.messages += 1;
    if (entry.refs++ === 0) this.bytes += entry.numbered.length;
  }

  release(entry: Entry): void {
    if (entry.kind === 'answer') return;
    this.messages -= 1;
    if (--entry.refs === 0) this.bytes -= entry.numbered.length;
  }
}

/** From this many used slots on, the front of the list is cut off. */
const COMPACT_AT = 512;
/** Fills used slots, so that nothing that is gone stays in memory. */
const NOTHING = new Entry('answer', new Uint8Array(0));

/** What one session still has to get, in order: groups, and between them the answers for its WebSocket. */
export class OutQueue {
  #entries: Entry[] = [];
  #head = 0;
  #bytes = 0;

  constructor(private readonly totals: QueueTotals) {}

  get length(): number {
    return this.#entries.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The entry at this place, counted from the oldest. */
  at(index: number): Entry | undefined {
    return this.#entries[this.#head + index];
  }

  /** So many entries, by default the oldest ones. */
  first(count: number, from = 0): Entry[] {
    return this.#entries.slice(this.#head + from, this.#head + from + count);
  }

  push(entry: Entry): void {
    this.totals.hold(entry);
    this.#bytes += entry.numbered.length;
    this.#entries.push(entry);
  }

  /** Puts an answer ahead of everything that waits. */
  pushFirst(entry: Entry): void {
    this.totals.hold(entry);
    this.#bytes += entry.numbered.length;
    if (this.#head > 0) this.#entries[--this.#head] = entry;
    else this.#entries.unshift(entry);
  }

  /** Forgets the oldest entries, written or given up. */
  drop(count: number): void {
    for (let i = 0; i < count; i++) {
      const entry = this.#entries[this.#head]!;
      this.#entries[this.#head++] = NOTHING;
      this.#bytes -= entry.numbered.length;
      this.totals.release(entry);
    }
    this.#compact();
  }

  /** Takes out the answers: they belong to the transport that asked, the groups to the session. */
  takeAnswers(): Entry[] {
    const answers: Entry[] = [];
    const groups: Entry[] = [];
    for (let i = this.#head; i < this.#entries.length; i++) {
      const entry = this.#entries[i]!;
      (entry.kind === 'answer' ? answers : groups).push(entry);
    }
    for (const answer of answers) this.#bytes -= answer.numbered.length;
    this.#entries = groups;
    this.#head = 0;
    return answers;
  }

  clear(): void {
    this.drop(this.length);
  }

  #compact(): void {
    if (this.#head === this.#entries.length) {
      this.#entries.length = 0;
      this.#head = 0;
    } else if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#entries.length) {
      this.#entries.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
