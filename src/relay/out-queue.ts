import type { Receipt } from './receipt';
import type { Span } from './spans';

/**
 * - `group`: one message for a device, `~f=..[~dt=..]~d=..`, the same bytes for whoever receives it.
 * - `item`: a frame of the relay that takes a number in a session of the extension, without its terminator.
 * - `answer`: a whole message of the relay to one transport, with its terminator.
 */
export type EntryKind = 'group' | 'item' | 'answer';

/** Encoded bytes that wait in one or more out-queues; encoded once, whoever receives them. */
export class Entry implements Span {
  /** Queues that hold it now. */
  refs = 0;
  /** Where the stamp begins that the sender gave it, for receivers with the extension; `start` without one. */
  stampStart: number;
  /** May be given up when a receiver is away or behind. */
  isVolatile = false;
  /** Waits for the acknowledgements of all receivers. */
  receipt: Receipt | undefined = undefined;
  /** Messages: a run of groups has more than one. */
  count = 1;
  /** In shared memory, until its turn ends: all that lies there and may wait. What is a run of them belongs there, too. */
  turn: Entry[] | undefined = undefined;

  constructor(
    readonly kind: EntryKind,
    /** Where the bytes stand now, from `start` to `end`: `GroupEncoder.settle` moves those that outlive their turn. */
    public bytes: Uint8Array,
    public start = 0,
    public end = bytes.length,
    /** A group whose `d` is empty: it must not stand last in a download (P-29). */
    public hasEmptyData = false,
  ) {
    this.stampStart = start;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** With what stands in front for receivers with the extension. */
  get numberedLength(): number {
    return this.end - this.stampStart;
  }

  /** What receivers with the extension get: the stamp of the sender, and the rest. */
  get numbered(): Uint8Array {
    return this.bytes.subarray(this.stampStart, this.end);
  }

  /** Takes in the group that lies right behind. */
  append({ end, count, hasEmptyData, turn }: Entry): void {
    this.end = end;
    this.count += count;
    this.hasEmptyData = hasEmptyData;
    if (this.turn === turn) return;
    this.turn = turn;
    turn?.push(this);
  }

  /** Copies the bytes into memory of their own. */
  moveOut(): void {
    const { stampStart } = this;
    this.bytes = this.bytes.slice(stampStart, this.end);
    this.start -= stampStart;
    this.end -= stampStart;
    this.stampStart = 0;
  }
}

/** Bytes in all out-queues of one relay; what several queues share counts once. */
export class QueueTotals {
  bytes = 0;
  messages = 0;

  hold(entry: Entry): void {
    if (entry.kind === 'answer') return;
    this.messages += entry.count;
    if (entry.refs++ === 0) this.bytes += entry.numberedLength;
  }

  /** An entry that is held takes in another one. */
  grow({ count, numberedLength }: Entry): void {
    this.messages += count;
    this.bytes += numberedLength;
  }

  release(entry: Entry): void {
    if (entry.kind === 'answer') return;
    this.messages -= entry.count;
    if (--entry.refs === 0) this.bytes -= entry.numberedLength;
  }
}

/** A list with more slots gives its memory back once it is empty. */
const MAX_KEPT_SLOTS = 256;
/** From this many used slots on, the front of a list that is not empty is cut off. */
const COMPACT_AT = 512;
const NO_RECEIPTS: readonly Receipt[] = [];
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

  /** So many entries, by default the oldest ones. */
  first(count: number, from = 0): Entry[] {
    return this.#entries.slice(this.#head + from, this.#head + from + count);
  }

  /** Of so many entries at the front. */
  receipts(count: number): readonly Receipt[] {
    let receipts: Receipt[] | undefined;
    for (let i = this.#head; i < this.#head + count; i++) {
      const { receipt } = this.#entries[i]!;
      if (receipt !== undefined) (receipts ??= []).push(receipt);
    }
    return receipts ?? NO_RECEIPTS;
  }

  push(entry: Entry): void {
    this.totals.hold(entry);
    this.#bytes += entry.numberedLength;
    this.#entries[this.#tail++] = entry;
  }

  /** Adds a group to the newest entry, which no other queue holds. */
  extend(next: Entry): void {
    this.totals.grow(next);
    this.#bytes += next.numberedLength;
    this.#entries[this.#tail - 1]!.append(next);
  }

  /** Puts an answer ahead of everything that waits. */
  pushFirst(entry: Entry): void {
    this.totals.hold(entry);
    this.#bytes += entry.numberedLength;
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
      this.#bytes -= entry.numberedLength;
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
    for (const answer of answers) this.#bytes -= answer.numberedLength;
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
