/**
 * - `group`: one message for a device, `~f=..[~dt=..]~d=..`, the same bytes for whoever receives it.
 * - `answer`: a whole message of the relay to one transport, with its terminator.
 */
export type EntryKind = 'group' | 'answer';

/** Encoded bytes that wait in one or more out-queues; encoded once, whoever receives them. */
export class Entry {
  /** Queues that hold it now. */
  refs = 0;

  constructor(
    readonly kind: EntryKind,
    /** Where the bytes stand now: `GroupEncoder.settle` moves those that outlive their turn. */
    public bytes: Uint8Array,
    /** A group whose `d` is empty: it must not stand last in a download (P-29). */
    readonly hasEmptyData = false,
  ) {}
}

/** Bytes in all out-queues of one relay; what several queues share counts once. */
export class QueueTotals {
  bytes = 0;
  messages = 0;

  hold(entry: Entry): void {
    if (entry.kind === 'answer') return;
    this.messages += 1;
    if (entry.refs++ === 0) this.bytes += entry.bytes.length;
  }

  release(entry: Entry): void {
    if (entry.kind === 'answer') return;
    this.messages -= 1;
    if (--entry.refs === 0) this.bytes -= entry.bytes.length;
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

  /** So many of the oldest entries. */
  first(count: number): Entry[] {
    return this.#entries.slice(this.#head, this.#head + count);
  }

  push(entry: Entry): void {
    this.totals.hold(entry);
    this.#bytes += entry.bytes.length;
    this.#entries.push(entry);
  }

  /** Puts an answer ahead of everything that waits. */
  pushFirst(entry: Entry): void {
    this.totals.hold(entry);
    this.#bytes += entry.bytes.length;
    if (this.#head > 0) this.#entries[--this.#head] = entry;
    else this.#entries.unshift(entry);
  }

  /** Forgets the oldest entries, written or given up. */
  drop(count: number): void {
    for (let i = 0; i < count; i++) {
      const entry = this.#entries[this.#head]!;
      this.#entries[this.#head++] = NOTHING;
      this.#bytes -= entry.bytes.length;
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
    for (const answer of answers) this.#bytes -= answer.bytes.length;
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
