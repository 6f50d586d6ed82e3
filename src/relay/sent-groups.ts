import type { Entry } from './out-queue';

/** Groups that wait for all live members of a network, and beside them who sent each: nobody gets their own. */
export class SentGroups<M> {
  /** Those that sent some of it. */
  readonly #owners: ReadonlySet<M>;

  /** @param senders - Who sent each entry. */
  constructor(
    readonly entries: readonly Entry[],
    readonly senders: readonly M[],
  ) {
    this.#owners = new Set(senders);
  }

  isOwner(member: M): boolean {
    return this.#owners.has(member);
  }

  /** Those that a member gets; the very list where that is all of them. */
  entriesFor(member: M): readonly Entry[] {
    if (!this.isOwner(member)) return this.entries;
    return this.entries.filter((_, i) => this.senders[i] !== member);
  }
}
