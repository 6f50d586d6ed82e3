import { Batch } from './batch';
import type { CoreContext } from './core-context';
import { countFront, type Joiner } from './joiner';
import type { Network, NetworkMember } from './network';
import { NumberedBatch } from './numbered-batch';
import type { NumberedDeliveries } from './numbered-deliveries';
import type { Entry } from './out-queue';
import { pushOwed } from './owed-answers';
import type { ResumeState } from './resume-state';
import { joinRuns } from './runs';
import { SentGroups } from './sent-groups';
import type { Session } from './sessions';
import type { Transports } from './transports';

/** What waits once for all live members of a network, and goes to all of them at the end of the turn. */
export class LiveNetworks {
  #dirty: Network<Session>[] = [];
  /** Members whose ring is half full. */
  #behind: Session[] = [];

  constructor(
    private readonly context: CoreContext,
    private readonly transports: Transports,
    private readonly joiner: Joiner,
    private readonly numbered: NumberedDeliveries,
  ) {}

  get isPending(): boolean {
    return this.#dirty.length > 0;
  }

  /** @returns False when there is no room. */
  put(entry: Entry, sender: Session, network: Network<Session>): boolean {
    const { waiting } = network;
    while (!this.context.hasRoom(waiting, entry)) {
      if (waiting.length === 0) {
        this.context.counters.messagesDropped += network.countLive(sender);
        return false;
      }
      this.#writeBatch(network);
    }
    network.put(entry, sender);
    this.#touch(network);
    return true;
  }

  /**
   * Writes what waits, up to the cap of a turn.
   *
   * @returns Members that are not live any more: from half a ring on, volatile messages are not for them.
   */
  flush(): readonly Session[] {
    const networks = this.#dirty;
    this.#dirty = [];
    for (const network of networks) {
      network.isDirty = false;
      this.#writeBatch(network);
    }
    const behind = this.#behind;
    this.#behind = [];
    for (const member of behind) member.catchUp();
    for (const network of networks) {
      if (network.waiting.length === 0) continue;
      // A journal is written of what each session has.
      if (this.context.journal === undefined) this.#touch(network);
      else behind.push(...takeOutAll(network));
    }
    return behind;
  }

  #touch(network: Network<Session>): void {
    if (network.isDirty) return;
    network.isDirty = true;
    this.#dirty.push(network);
  }

  /** Writes what waits longest, and the answers that wait for each member. */
  #writeBatch(network: Network<Session>): void {
    const { waiting, senders, members, liveCount } = network;
    const count = countFront(waiting, this.context.limits.maxWriteSize);
    if (count === 0) return;
    const entries = waiting.first(count);
    const sent = new SentGroups<NetworkMember<Session>>(entries, senders.slice(0, count));
    network.drop(count);
    let batch: Batch<NetworkMember<Session>> | undefined;
    let numbered: NumberedBatch<NetworkMember<Session>> | undefined;
    for (let i = 0; i < liveCount; i++) {
      const member = members[i]!;
      pushOwed(member);
      if (member.resume === undefined) {
        batch ??= new Batch(sent, this.joiner);
        const joined = batch.frameFor(member, member.queue);
        member.queue.clear();
        if (joined !== undefined) this.transports.writeFrame(member.transport!, joined);
      } else {
        numbered ??= new NumberedBatch(joinRuns(sent, this.context.runBounds), this.joiner);
        // A receipt may have come in between.
        if (member.resume.ring.hasUnsent) this.#writeUnsent(member, member.resume);
        const joined = this.numbered.takeBatch(member, member.resume, numbered);
        if (joined !== undefined) this.transports.writeFrame(member.transport!, joined);
        if (member.resume.told === member.resume.up.last) member.resume.owesSign = false;
        if (member.resume.ring.isHalfFull) this.#behind.push(member);
      }
    }
    if (batch !== undefined) for (const { receipt } of entries) receipt?.lose();
  }

  #writeUnsent(member: Session, resume: ResumeState): void {
    const { maxWriteSize } = this.context.limits;
    while (resume.ring.hasUnsent) {
      this.transports.writeFrame(member.transport!, this.numbered.takeFrame(member, resume, maxWriteSize));
    }
  }
}

function takeOutAll({ members, liveCount }: Network<Session>): readonly Session[] {
  const live = members.slice(0, liveCount);
  for (const member of live) member.catchUp();
  return live;
}
