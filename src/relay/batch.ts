import { type Joined, type Joiner, type Part, partOf, RECEIVE, TERMINATOR } from './joiner';
import type { OutQueue } from './out-queue';
import type { SentGroups } from './sent-groups';

/** Groups without a large payload are copied together up to here; what is longer is handed on as a view of the batch. */
export const OWN_VIEW_SIZE = 16_384;

/**
 * Groups that the live members of a network get in one write. Most get the very same frame; who has sent some of the
 * groups gets the others, and answers ride along.
 */
export class Batch<M> {
  /** For whoever sent nothing of it. */
  readonly shared: Joined;
  /** Where the first group begins in a frame of one chunk. */
  readonly #start: number;

  constructor(
    private readonly sent: SentGroups<M>,
    private readonly joiner: Joiner,
  ) {
    this.shared = joiner.join(sent.entries);
    let length = TERMINATOR.end;
    for (const entry of sent.entries) length += entry.length;
    this.#start = this.shared.bytes - length;
  }

  /** What a member gets for whom these answers wait. */
  frameFor(member: M, answers: OutQueue): Joined | undefined {
    if (!this.sent.isOwner(member) && answers.length === 0) return this.shared;
    const [only, ...others] = this.shared.chunks;
    if (only === undefined || others.length > 0) return this.#join(member, answers);
    const parts: Part[] = [];
    const groups = this.#addRuns(member, only, parts);
    for (let i = 0; i < answers.length; i++) parts.push(partOf(answers.at(i)!.bytes));
    return parts.length === 0 ? undefined : this.joiner.build(parts, OWN_VIEW_SIZE, groups, groups);
  }

  /** The groups of others, those between two of the member's own in one piece. @returns How many. */
  #addRuns(member: M, frame: Uint8Array, parts: Part[]): number {
    const { entries, senders } = this.sent;
    let groups = 0;
    let start = this.#start;
    let end = start;
    for (let i = 0; i < entries.length; i++) {
      const next = end + entries[i]!.length;
      if (senders[i] === member) {
        addRun(parts, frame, start, end);
        start = next;
      } else {
        groups += 1;
      }
      end = next;
    }
    addRun(parts, frame, start, end);
    if (groups > 0) parts.push(TERMINATOR);
    return groups;
  }

  #join(member: M, answers: OutQueue): Joined | undefined {
    const entries = [...this.sent.entriesFor(member)];
    for (let i = 0; i < answers.length; i++) entries.push(answers.at(i)!);
    return entries.length === 0 ? undefined : this.joiner.join(entries);
  }
}

function addRun(parts: Part[], bytes: Uint8Array, start: number, end: number): void {
  if (start === end) return;
  if (parts.length === 0) parts.push(RECEIVE);
  parts.push({ bytes, start, end, isLasting: true });
}
