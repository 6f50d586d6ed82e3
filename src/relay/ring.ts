import { type Entry, OutQueue, type QueueTotals } from './out-queue';
import type { Receipt } from './receipt';
import { cutFront, isBehind, type RunBounds } from './runs';

export interface RingLimits {
  maxQueuedMessages: number;
  maxQueuedBytes: number;
  /** Of all queues together. */
  maxQueuedTotal: number;
}

/**
 * What a session with the extension gets, in order and numbered from 1: everything stays until it is acknowledged, written or
 * not. Over its bounds it gives up the oldest, which the session is told from the state alone.
 */
export class Ring {
  readonly #entries: OutQueue;
  #first = 1;
  #length = 0;
  /** Messages of the oldest entry that are gone: the others keep it. */
  #gone = 0;
  /** The entry with the message that is written next, and the number of its first one. */
  #next = 0;
  #nextFirst = 1;
  /** Number of the last entry that was written to the present transport. */
  #sent = 0;
  #highestSent = 0;

  constructor(
    private readonly limits: RingLimits,
    private readonly runBounds: RunBounds,
    private readonly totals: QueueTotals,
  ) {
    this.#entries = new OutQueue(totals);
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#entries.bytes;
  }

  /** Number of the oldest entry, or of the next one when there is none. */
  get first(): number {
    return this.#first;
  }

  /** Number of the last entry. */
  get last(): number {
    return this.#first + this.#length - 1;
  }

  get sent(): number {
    return this.#sent;
  }

  /** The highest number that was ever written. */
  get highestSent(): number {
    return this.#highestSent;
  }

  /** Whether something was not written to the present transport: entries, or that some are missing. */
  get hasUnsent(): boolean {
    return this.#sent < this.last;
  }

  /** From here on volatile messages are given up. */
  get isHalfFull(): boolean {
    const { maxQueuedMessages, maxQueuedBytes } = this.limits;
    return this.#length * 2 > maxQueuedMessages || this.bytes * 2 > maxQueuedBytes;
  }

  /** Missing between what was written and what can be. */
  get gap(): { readonly first: number; readonly last: number } | undefined {
    const { first, last } = { first: this.#sent + 1, last: this.#first - 1 };
    return first > last ? undefined : { first, last };
  }

  /** What is written next: the entries that fit together, at least one if there is one. */
  take(maxBytes: number): Entry[] {
    let count = 0;
    let bytes = 0;
    for (let i = this.#next; i < this.#entries.length; i++) {
      bytes += this.#entries.at(i)!.numberedLength;
      if (bytes > maxBytes && count > 0) break;
      count += 1;
    }
    const entries = this.#entries.first(count, this.#next);
    const known = Math.max(this.#sent + 1, this.#first) - this.#nextFirst;
    if (count > 0 && known > 0) entries[0] = cutFront(entries[0]!, known);
    return entries;
  }

  /** All entries from this number on. For rings without runs. */
  entriesFrom(from: number): Entry[] {
    const start = from - this.#first;
    return this.#entries.first(this.#length - start, start);
  }

  /** Adds an entry; the oldest make room for it. */
  push(entry: Entry): void {
    const newest = this.#entries.at(this.#entries.length - 1);
    if (newest !== undefined && this.#mayExtend(newest, entry)) this.#entries.extend(entry);
    else this.#entries.push(entry);
    this.#length += entry.count;
    this.#trim();
  }

  /** The same for several, which others may get, too: they stay as they are. */
  pushAll(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#length += entry.count;
    }
    this.#trim();
  }

  /** Whether one more would push out something that was never written. */
  isFullFor(entry: Entry): boolean {
    const { maxQueuedMessages, maxQueuedBytes } = this.limits;
    return this.#length >= maxQueuedMessages || this.bytes + entry.numberedLength > maxQueuedBytes;
  }

  /** Gives up the oldest message. */
  dropOldest(): void {
    for (const receipt of this.#forget(1)) receipt.lose();
  }

  /** Everything up to this number was written. */
  markSent(upTo: number): void {
    this.#sent = upTo;
    if (upTo > this.#highestSent) this.#highestSent = upTo;
    this.#seek();
  }

  /** A new transport goes on behind what its client has. */
  rewind(received: number): void {
    this.#sent = received;
    this.#next = 0;
    this.#nextFirst = this.#first - this.#gone;
    this.#seek();
  }

  /** The client has everything up to this number. What it cannot have is passed over. */
  acknowledge(received: number): void {
    if (received > this.#highestSent) return;
    const count = Math.min(received - this.#first + 1, this.#length);
    if (count <= 0) return;
    for (const receipt of this.#forget(count)) receipt.acknowledge();
  }

  /** Goes on where a ring stopped that held no more than this; all of it may have been written. */
  restore(first: number, entries: readonly Entry[]): void {
    this.#first = this.#nextFirst = first;
    this.pushAll(entries);
    this.markSent(this.last);
  }

  /** The session is gone. */
  clear(): void {
    for (const receipt of this.#forget(this.#length)) receipt.lose();
  }

  /** Nobody else may hold either of them, and nothing of the newest may be written. */
  #mayExtend(newest: Entry, entry: Entry): boolean {
    const isOwn = newest.refs === 1 && entry.refs === 0;
    return isOwn && this.last - newest.count >= this.#sent && isBehind(newest, entry, this.runBounds);
  }

  /** Lets the oldest messages go. @returns The receipts that wait for them. */
  #forget(count: number): readonly Receipt[] {
    let gone = this.#gone + count;
    let whole = 0;
    for (let entry = this.#entries.at(0); entry !== undefined && entry.count <= gone; entry = this.#entries.at(++whole)) {
      gone -= entry.count;
    }
    const receipts = this.#entries.receipts(whole);
    this.#entries.drop(whole);
    this.#gone = gone;
    this.#first += count;
    this.#length -= count;
    if (this.#next < whole) this.#nextFirst = this.#first - gone;
    this.#next = Math.max(0, this.#next - whole);
    return receipts;
  }

  /** Passes over the entries that are written. */
  #seek(): void {
    for (let entry = this.#entries.at(this.#next); entry !== undefined; entry = this.#entries.at(this.#next)) {
      if (this.#nextFirst + entry.count - 1 > this.#sent) return;
      this.#nextFirst += entry.count;
      this.#next += 1;
    }
  }

  #trim(): void {
    while (this.#length > 1 && this.#isOver()) this.dropOldest();
  }

  #isOver(): boolean {
    const { maxQueuedMessages, maxQueuedBytes, maxQueuedTotal } = this.limits;
    const { length, bytes } = this;
    return length > maxQueuedMessages || bytes > maxQueuedBytes || this.totals.bytes > maxQueuedTotal;
  }
}
