import { encodeText } from '../core/text';
import type { CoreContext } from './core-context';
import { OWN_CHUNK_SIZE } from './group-encoder';
import { DOWNLOAD_HEAD, IGNORED_FIELD, type Joined, type Joiner, type Part, partOf, TERMINATOR } from './joiner';
import type { NetworkMember } from './network';
import type { NumberedBatch } from './numbered-batch';
import { planItems } from './numbered-frames';
import type { Entry } from './out-queue';
import type { ResumeState } from './resume-state';
import type { Session } from './sessions';

/** Long polling without an open download for this long counts as away. */
const AWAY_AFTER_MS = 10_000;
const NOTHING = partOf(new Uint8Array(0));

/**
 * What sessions with the extension get: numbered, out of a ring that gives up nothing before it is acknowledged. Their
 * queue has only the answers for their WebSocket.
 */
export class NumberedDeliveries {
  constructor(
    private readonly context: CoreContext,
    private readonly joiner: Joiner,
  ) {}

  /** Whether a session is to get a message: a volatile one only if it reads well. */
  isWanted(entry: Entry, session: Session, { ring }: ResumeState): boolean {
    return !entry.isVolatile || !(this.#isAway(session) || ring.isHalfFull);
  }

  /** Numbers a message; the oldest make room for it. @returns False when all rings together are full. */
  put(entry: Entry, resume: ResumeState): boolean {
    const { ring } = resume;
    const { totals, limits, counters } = this.context;
    while (totals.bytes + entry.numberedLength > limits.maxQueuedTotal) {
      if (ring.length === 0) {
        counters.messagesDropped += 1;
        return false;
      }
      ring.dropOldest();
    }
    resume.push(entry);
    return true;
  }

  /** A frame of the answers that wait, and of what the ring has to say next. */
  takeFrame({ queue }: Session, { ring }: ResumeState, maxBytes: number): Joined {
    const parts: Part[] = [];
    for (let i = 0; i < queue.length; i++) parts.push(partOf(queue.at(i)!.bytes));
    queue.clear();
    const plan = planItems(ring, maxBytes, TERMINATOR, parts);
    ring.markSent(plan.last);
    return this.joiner.build(parts, OWN_CHUNK_SIZE, plan.groups, plan.groups);
  }

  /** The answer to a download: what was taken, and what the ring has to say next (section 5.2). */
  takeBody({ ring, up }: ResumeState, token = ''): Uint8Array {
    const { limits, counters } = this.context;
    const parts = [DOWNLOAD_HEAD, partOf(encodeText(`~xh=${up.lastSafe}${token}`))];
    const plan = planItems(ring, limits.maxDownloadSize, NOTHING, parts);
    ring.markSent(plan.last);
    counters.messagesDelivered += plan.groups;
    if (plan.hasEmptyEnd) parts.push(IGNORED_FIELD);
    return this.joiner.copy(parts);
  }

  /** What a live member of a network is written: everything before it was. */
  takeBatch(
    member: Session,
    resume: ResumeState,
    batch: NumberedBatch<NetworkMember<Session>>,
  ): Joined | undefined {
    const { ring } = resume;
    const entries = batch.sent.entriesFor(member);
    const joined = batch.frameFor(entries, ring.last + 1, member.queue);
    member.queue.clear();
    resume.pushAll(entries);
    ring.markSent(ring.last);
    return joined;
  }

  #isAway({ transport, download, resume, expiresAtMs }: Session): boolean {
    if (transport !== undefined || download !== undefined) return false;
    const { nowMs, limits } = this.context;
    return resume?.isPolling !== true || nowMs - (expiresAtMs - limits.sessionGraceMs) > AWAY_AFTER_MS;
  }
}
