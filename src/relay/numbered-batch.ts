import { OWN_VIEW_SIZE } from './batch';
import { addNumbered, type Joined, type Joiner, type Part, partOf, TERMINATOR } from './joiner';
import { receiveFrom } from './numbered-frames';
import type { Entry, OutQueue } from './out-queue';
import type { SentGroups } from './sent-groups';

/**
 * The groups of a {@link Batch} for the live members that have the extension. Those that are at the same number get the very
 * same frame.
 */
export class NumberedBatch<M> {
  readonly #frames = new Map<number, Joined>();
  #groups: readonly Part[] | undefined;

  constructor(
    readonly sent: SentGroups<M>,
    private readonly joiner: Joiner,
  ) {}

  /**
   * What a member is written.
   *
   * @param entries - Those for it.
   * @param number - The number that the first one has for it.
   */
  frameFor(entries: readonly Entry[], number: number, answers: OutQueue): Joined | undefined {
    const isShared = entries === this.sent.entries;
    if (isShared && answers.length === 0) {
      let shared = this.#frames.get(number);
      if (shared === undefined) this.#frames.set(number, (shared = this.#build(entries, number, answers)));
      return shared;
    }
    return entries.length + answers.length === 0 ? undefined : this.#build(entries, number, answers);
  }

  #build(entries: readonly Entry[], number: number, answers: OutQueue): Joined {
    const parts: Part[] = [];
    for (let i = 0; i < answers.length; i++) parts.push(partOf(answers.at(i)!.bytes));
    if (entries.length > 0) {
      parts.push(receiveFrom(number));
      // Mostly all are at one number: then nothing else is copied.
      if (entries === this.sent.entries && this.#frames.size > 0) parts.push(...this.#allGroups);
      else addNumbered(parts, entries);
      parts.push(TERMINATOR);
    }
    let groups = 0;
    for (const { count } of entries) groups += count;
    return this.joiner.build(parts, OWN_VIEW_SIZE, groups, groups);
  }

  /** In one piece, for frames with several numbers. */
  get #allGroups(): readonly Part[] {
    if (this.#groups === undefined) {
      const parts: Part[] = [];
      addNumbered(parts, this.sent.entries);
      this.#groups = [partOf(this.joiner.copy(parts))];
    }
    return this.#groups;
  }
}
