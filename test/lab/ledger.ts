/** What one direction of a case came to. */
export interface Tally {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  /** Of the lost: the sender was told that they may not have arrived. */
  readonly toldSender: number;
  /** Of the lost: a gap at the receiver covers them. */
  readonly toldReceiver: number;
  /** Lost, and nobody was told. */
  readonly silent: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** Gaps that the receiver was told of. */
  readonly gaps: number;
}

/**
 * The messages of one sender to one receiver, by what the two applications see: numbers that were sent, numbers that
 * came, and what either was told about the rest.
 */
export class Flight {
  #sent = 0;
  #greatest = 0;
  #reordered = 0;
  #duplicated = 0;
  #arrivals = 0;
  #gaps = 0;
  #covered = 0;
  #acknowledged = 0;
  readonly #seen = new Set<number>();
  readonly #failed = new Set<number>();

  /** The number of the next message. */
  send(): number {
    return ++this.#sent;
  }

  receive(number: number): void {
    this.#arrivals++;
    if (this.#seen.has(number)) this.#duplicated++;
    else if (number < this.#greatest) this.#reordered++;
    this.#seen.add(number);
    this.#greatest = Math.max(this.#greatest, number);
  }

  /** The sender was told that the message was taken. */
  acknowledge(): void {
    this.#acknowledged++;
  }

  /** The sender was told that this message may not have arrived. */
  fail(number: number): void {
    this.#failed.add(number);
  }

  /** The receiver was told that so many messages are missing; Infinity when their number is not known. */
  gap(count: number): void {
    this.#gaps++;
    this.#covered += count;
  }

  /** The greatest number that came. */
  get last(): number {
    return this.#greatest;
  }

  get failed(): number {
    return this.#failed.size;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Messages whose fate is known: they came, or their sender was told. */
  get settled(): number {
    let failed = 0;
    for (const number of this.#failed) if (!this.#seen.has(number)) failed++;
    return this.#seen.size + failed;
  }

  get sent(): number {
    return this.#sent;
  }

  get received(): number {
    return this.#seen.size;
  }

  /** All that came, duplicates too. */
  get arrivals(): number {
    return this.#arrivals;
  }

  tally(): Tally {
    const lost: number[] = [];
    for (let number = 1; number <= this.#sent; number++) if (!this.#seen.has(number)) lost.push(number);
    const untold = lost.filter((number) => !this.#failed.has(number)).length;
    const toldReceiver = Math.min(untold, this.#covered);
    return {
      sent: this.#sent,
      received: this.#seen.size,
      lost: lost.length,
      toldSender: lost.length - untold,
      toldReceiver,
      silent: untold - toldReceiver,
      duplicated: this.#duplicated,
      reordered: this.#reordered,
      gaps: this.#gaps,
    };
  }
}

/** Sums of several. */
export function sum(tallies: readonly Tally[]): Tally {
  const total = (of: (tally: Tally) => number): number => tallies.reduce((whole, tally) => whole + of(tally), 0);
  return {
    sent: total(({ sent }) => sent),
    received: total(({ received }) => received),
    lost: total(({ lost }) => lost),
    toldSender: total(({ toldSender }) => toldSender),
    toldReceiver: total(({ toldReceiver }) => toldReceiver),
    silent: total(({ silent }) => silent),
    duplicated: total(({ duplicated }) => duplicated),
    reordered: total(({ reordered }) => reordered),
    gaps: total(({ gaps }) => gaps),
  };
}
