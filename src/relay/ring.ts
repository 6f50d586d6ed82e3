import { type Entry, OutQueue, type QueueTotals } from './out-queue';

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
  /** Number of the last entry that was written to the present transport. */
  #sent = 0;
  #highestSent = 0;

  constructor(
    private readonly limits: RingLimits,
    private readonly totals: QueueTotals,
  ) {
    this.#entries = new OutQueue(totals);
  }

  get length(): number {
    return this.#entries.length;
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
    return this.#first + this.#entries.length - 1;
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
    const { length, bytes } = this.#entries;
    return length * 2 > this.limits.maxQueuedMessages || bytes * 2 > this.limits.maxQueuedBytes;
  }

  /** Missing between what was written and what can be. */
  get gap(): { readonly first: number; readonly last: number } | undefined {
    const { first, last } = { first: this.#sent + 1, last: this.#first - 1 };
    return first > last ? undefined : { first, last };
  }

  /** The entries from this number on that fit together, at least one if there is one. */
  take(from: number, maxBytes: number): Entry[] {
    const start = from - this.#first;
    let count = 0;
    let bytes = 0;
    for (let i = start; i < this.#entries.length; i++) {
      bytes += this.#entries.at(i)!.numberedLength;
      if (bytes > maxBytes && count > 0) break;
      count += 1;
    }
    return this.#entries.first(count, start);
  }

  /** Adds an entry; the oldest make room for it. */
  push(entry: Entry): void {
    this.#entries.push(entry);
    this.#trim();
  }

  /** The same for several. */
  pushAll(entries: readonly Entry[]): void {
    for (const entry of entries) this.#entries.push(entry);
    this.#trim();
  }

  /** Whether one more would push out something that was never written. */
  isFullFor(entry: Entry): boolean {
    const { maxQueuedMessages, maxQueuedBytes } = this.limits;
    return (
      this.#entries.length >= maxQueuedMessages ||
      this.#entries.bytes + entry.numberedLength > maxQueuedBytes
    );
  }

  /** Gives up the oldest entry. */
  dropOldest(): void {
    const receipt = this.#entries.at(0)?.receipt;
    this.#entries.drop(1);
    this.#first += 1;
    receipt?.lose();
  }

  /** Everything up to this number was written. */
  markSent(upTo: number): void {
    this.#sent = upTo;
    if (upTo > this.#highestSent) this.#highestSent = upTo;
  }

  /** A new transport goes on behind what its client has. */
  rewind(received: number): void {
    this.#sent = received;
  }

  /** The client has everything up to this number. What it cannot have is passed over. */
  acknowledge(received: number): void {
    if (received > this.#highestSent) return;
    const count = Math.min(received - this.#first + 1, this.#entries.length);
    if (count <= 0) return;
    const receipts = this.#entries.receipts(count);
    this.#entries.drop(count);
    this.#first += count;
    for (const receipt of receipts) receipt.acknowledge();
  }

  /** Goes on where a ring stopped that held no more than this; all of it may have been written. */
  restore(first: number, entries: readonly Entry[]): void {
    this.#first = first;
    this.pushAll(entries);
    this.#sent = this.#highestSent = this.last;
  }

  /** The session is gone. */
  clear(): void {
    while (this.#entries.length > 0) this.dropOldest();
  }

  #trim(): void {
    while (this.#entries.length > 1 && this.#isOver()) this.dropOldest();
  }

  #isOver(): boolean {
    const { maxQueuedMessages, maxQueuedBytes, maxQueuedTotal } = this.limits;
    const { length, bytes } = this.#entries;
    return length > maxQueuedMessages || bytes > maxQueuedBytes || this.totals.bytes > maxQueuedTotal;
  }
}
