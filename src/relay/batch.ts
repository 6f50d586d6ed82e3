import { type Joined, type Joiner, RECEIVE, TERMINATOR } from './joiner';
import type { Entry, OutQueue } from './out-queue';

/** Groups without a large payload are copied together up to here; what is longer is handed on as a view of the batch. */
export const OWN_VIEW_SIZE = 16_384;

/**
 * Groups that the live members of a network get in one write. Most get the very same frame; who has sent some of the
 * groups gets the others, and answers ride along.
 */
export class Batch<M> {
  /** For whoever sent nothing of it. */
  readonly shared: Joined;
  readonly #entries: readonly Entry[];
  readonly #senders: readonly M[];
  /** Those that sent some of it. */
  readonly #owners: ReadonlySet<M>;
  /** Where the first group begins in a frame of one chunk. */
  readonly #start: number;

  /** @param senders - Who sent each entry. */
  constructor(
    entries: readonly Entry[],
    senders: readonly M[],
    private readonly joiner: Joiner,
  ) {
    this.#entries = entries;
    this.#senders = senders;
    this.#owners = new Set(senders);
    this.shared = joiner.join(entries);
    let length = TERMINATOR.length;
    for (const { bytes } of entries) length += bytes.length;
    this.#start = this.shared.bytes - length;
  }

  /** What a member gets for whom these answers wait. */
  frameFor(member: M, answers: OutQueue): Joined | undefined {
    const isOwner = this.#owners.has(member);
    if (!isOwner && answers.length === 0) return this.shared;
    const [only, ...others] = this.shared.chunks;
    if (only === undefined || others.length > 0) return this.#join(member, answers);
    const parts: Uint8Array[] = [];
    const groups = this.#addRuns(member, only, parts);
    for (let i = 0; i < answers.length; i++) parts.push(answers.at(i)!.bytes);
    if (parts.length === 0) return undefined;
    return { ...this.joiner.build(parts, OWN_VIEW_SIZE), groups, count: groups };
  }

  /** The groups of others, those between two of the member's own in one piece. @returns How many. */
  #addRuns(member: M, frame: Uint8Array, parts: Uint8Array[]): number {
    const entries = this.#entries;
    let groups = 0;
    let at = this.#start;
    let runStart = at;
    for (let i = 0; i < entries.length; i++) {
      const end = at + entries[i]!.bytes.length;
      if (this.#senders[i] !== member) {
        groups += 1;
      } else {
        if (at > runStart) parts.push(frame.subarray(runStart, at));
        runStart = end;
      }
      at = end;
    }
    if (at > runStart) parts.push(frame.subarray(runStart, at));
    if (groups > 0) {
      parts.unshift(RECEIVE);
      parts.push(TERMINATOR);
    }
    return groups;
  }

  #join(member: M, answers: OutQueue): Joined | undefined {
    const entries = this.#entries.filter((_, i) => this.#senders[i] !== member);
    for (let i = 0; i < answers.length; i++) entries.push(answers.at(i)!);
    return entries.length === 0 ? undefined : this.joiner.join(entries);
  }
}
