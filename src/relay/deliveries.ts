import { ErrorCode } from '../core/errors';
import { encodeText } from '../core/text';
import { deliveredAnswers, takenAnswer } from './answers';
import { Batch } from './batch';
import { CloseCode } from './close-codes';
import type { CoreContext } from './core-context';
import type { Downloads } from './downloads';
import { OWN_CHUNK_SIZE } from './group-encoder';
import { countFront, DOWNLOAD_HEAD, IGNORED_FIELD, type Joined, Joiner, type Part, partOf, TERMINATOR } from './joiner';
import type { Network, NetworkMember } from './network';
import { NumberedBatch } from './numbered-batch';
import { planItems } from './numbered-frames';
import type { Entry, OutQueue } from './out-queue';
import type { ResumeState } from './resume-state';
import type { Recipients } from './router';
import type { Session, Transport } from './sessions';
import type { Transports } from './transports';

/** A socket that did not take its last write at once gets less at a time: progress shows in smaller steps. */
const SLOW_WRITE_SIZE = 65_536;
/** Longest wait of an answer for something to ride with; an idle relay does not wait at all. */
const MAX_OWED_MS = 2;
/** Answers that wait for one session at most. */
const MAX_OWED = 64;
/** Long polling without an open download for this long counts as away. */
const AWAY_AFTER_MS = 10_000;
const NOTHING = partOf(new Uint8Array(0));

/**
 * The out-queues and their way to the wire. What one turn of the event loop puts into a queue goes out together at its
 * end: one write per socket, one answer per download.
 */
export class Deliveries {
  readonly #joiner: Joiner;
  #dirty: Session[] = [];
  #dirtyNetworks: Network<Session>[] = [];
  /** Sessions with owed answers, some maybe settled already, and since when the first of them waits. */
  #owing: Session[] = [];
  #owingSinceMs = Infinity;

  constructor(
    private readonly context: CoreContext,
    private readonly transports: Transports,
    private readonly downloads: Downloads,
  ) {
    this.#joiner = new Joiner(context.counters, context.allocate);
  }

  /** Whether a flush is wanted. */
  get isPending(): boolean {
    return this.#dirty.length > 0 || this.#dirtyNetworks.length > 0 || this.#owing.length > 0;
  }

  /**
   * Hands one encoded message to all who get it. Other relays of a cluster would be told in the same place.
   *
   * @returns False when the queue of one of them is full: that one does not get it, and the sender is told (2).
   */
  handOut(entry: Entry, sender: Session, recipients: Recipients<Session>): boolean {
    let allTaken = true;
    for (let i = 0; i < recipients.networkCount; i++) {
      if (!this.#handToNetwork(entry, sender, recipients.networks[i]!)) allTaken = false;
    }
    for (let i = 0; i < recipients.sessionCount; i++) {
      if (!this.#handToSession(entry, recipients.sessions[i]!)) allTaken = false;
    }
    return allTaken;
  }

  /**
   * Notes that a message of a session was delivered. Its answer rides with the next thing that is written to the session;
   * alone it goes out when the relay is idle, or has been busy for a while: it would cost as much as a delivery.
   */
  owe(session: Session): void {
    if (session.owedAnswers === 0) {
      if (this.#owing.length === 0) this.#owingSinceMs = this.context.nowMs;
      this.#owing.push(session);
    }
    session.owedAnswers += 1;
    if (session.owedAnswers >= MAX_OWED) this.#settle(session);
  }

  /** The transport that asked is gone. */
  forgetAnswers(session: Session): void {
    session.owedAnswers = 0;
    session.queue.takeAnswers();
  }

  /** Says what was taken so far, if that is owed; a refusal must not be behind it. */
  settle(session: Session): void {
    this.#settle(session);
  }

  /** Adds an answer for the WebSocket of a session. */
  answer(session: Session, entry: Entry): void {
    pushOwed(session);
    this.#add(session, entry);
    this.#boundAnswers(session);
  }

  /** Notes that there may be something to write for a session. */
  touch(session: Session): void {
    if (session.isDirty) return;
    session.isDirty = true;
    this.#dirty.push(session);
  }

  /**
   * Ends the turn. What is above the cap of a turn, or stuck behind a full socket, waits on.
   *
   * @param isIdle - Nothing was received since the last one.
   */
  flush(isIdle: boolean): void {
    if (isIdle || this.context.nowMs - this.#owingSinceMs >= MAX_OWED_MS) this.#settleAll();
    const networks = this.#dirtyNetworks;
    this.#dirtyNetworks = [];
    for (const network of networks) {
      network.isDirty = false;
      this.#writeBatch(network);
      if (network.waiting.length > 0) this.#touchNetwork(network);
    }
    const sessions = this.#dirty;
    this.#dirty = [];
    for (const session of sessions) {
      session.isDirty = false;
      this.#send(session);
      if (mayBeLive(session)) session.memberships[0]!.network.admit(session);
    }
  }

  /** Forgets what was shared within the turn. */
  endTurn(): void {
    this.#joiner.forget();
  }

  /** Writes all that waits for a session to its WebSocket now, and an answer behind it. */
  writeOut(session: Session, transport: Transport, answer: Entry): void {
    pushOwed(session);
    session.queue.push(answer);
    this.writeAll(session, transport);
  }

  /** As {@link Deliveries.writeOut}. Messages that a full socket keeps waiting stay with the session. */
  writeAll(session: Session, transport: Transport): void {
    session.catchUp();
    pushOwed(session);
    if (transport.blockedAtMs !== undefined) return this.writeAnswers(session, transport);
    const { queue, resume } = session;
    if (resume === undefined) while (queue.length > 0) this.#writeFront(session, transport);
    else while (queue.length > 0 || resume.ring.hasUnsent) this.#writeNumbered(session, resume, transport);
  }

  /** Writes what only this transport can get: the answers that wait for it. */
  writeAnswers(session: Session, transport: Transport): void {
    pushOwed(session);
    this.transports.writeAnswers(transport, session.queue.takeAnswers());
  }

  /** The socket is not read: closes it. Its session stays, with its queue. */
  closeSlow(transport: Transport): void {
    const { session } = transport;
    this.context.counters.slowConsumersClosed += 1;
    if (session !== undefined) {
      this.context.log('info', 'slow consumer closed', {
        sessionId: session.sessionId,
        queued: session.queue.length,
      });
      this.forgetAnswers(session);
    }
    this.transports.detach(transport, 'detached');
    this.transports.close(transport, CloseCode.SLOW_CONSUMER, 'reading too slowly');
  }

  #handToSession(entry: Entry, session: Session): boolean {
    const { resume } = session;
    if (resume === undefined) {
      entry.receipt?.lose();
      if (!this.#hasRoom(session.queue, entry) && !this.#makeRoom(session, entry)) return false;
      this.#add(session, entry);
      return true;
    }
    if (entry.isVolatile && (this.#isAway(session) || resume.ring.isHalfFull)) return true;
    if (!this.#makeRoomInRing(session, resume, entry)) return false;
    resume.ring.push(entry);
    this.touch(session);
    return true;
  }

  #isAway({ transport, download, resume, expiresAtMs }: Session): boolean {
    if (transport !== undefined || download !== undefined) return false;
    const { nowMs, limits } = this.context;
    return resume?.isPolling !== true || nowMs - (expiresAtMs - limits.sessionGraceMs) > AWAY_AFTER_MS;
  }

  /** A full ring gives up its oldest; what can still be written goes out before. */
  #makeRoomInRing(session: Session, { ring }: ResumeState, entry: Entry): boolean {
    const { transport } = session;
    if (ring.isFullFor(entry) && ring.hasUnsent && transport?.blockedAtMs === undefined && transport !== undefined)
      this.writeAll(session, transport);
    const { maxQueuedTotal } = this.context.limits;
    const hasRoom = (): boolean => this.context.totals.bytes + entry.numbered.length <= maxQueuedTotal;
    while (!hasRoom() && ring.length > 0) ring.dropOldest();
    if (hasRoom()) return true;
    this.context.counters.messagesDropped += 1;
    return false;
  }

  #handToNetwork(entry: Entry, sender: Session, network: Network<Session>): boolean {
    const { waiting } = network;
    let allTaken = true;
    while (!this.#hasRoom(waiting, entry)) {
      if (waiting.length === 0) {
        this.context.counters.messagesDropped += network.countLive(sender);
        return false;
      }
      allTaken = this.#writeEarly(entry, sender, network) && allTaken;
    }
    if (network.countLive(sender) === 0) return allTaken;
    network.put(entry, sender);
    this.#touchNetwork(network);
    return allTaken;
  }

  /** Writes a batch to make room for an entry; those that it finds too slow get the entry by themselves. */
  #writeEarly(entry: Entry, sender: Session, network: Network<Session>): boolean {
    const live = network.members.slice(0, network.liveCount);
    this.#writeBatch(network);
    let allTaken = true;
    for (const member of live) {
      if (member.isLive || member === sender) continue;
      if (!this.#handToSession(entry, member)) allTaken = false;
    }
    return allTaken;
  }

  #touchNetwork(network: Network<Session>): void {
    if (network.isDirty) return;
    network.isDirty = true;
    this.#dirtyNetworks.push(network);
  }

  /** Writes what waits longest for the live members of a network, and the answers that wait for them. */
  #writeBatch(network: Network<Session>): void {
    const { waiting, senders, members, liveCount } = network;
    const count = countFront(waiting, this.context.limits.maxWriteSize);
    if (count === 0) return;
    const entries = waiting.first(count);
    const from = senders.slice(0, count);
    let batch: Batch<NetworkMember<Session>> | undefined;
    let numbered: NumberedBatch<NetworkMember<Session>> | undefined;
    // From behind: who catches up leaves its place to one that was written to.
    for (let i = liveCount - 1; i >= 0; i--) {
      const member = members[i]!;
      pushOwed(member);
      if (member.resume === undefined) {
        batch ??= new Batch(entries, from, this.#joiner);
        this.#writeToLive(member, batch);
      } else {
        numbered ??= new NumberedBatch(entries, from, this.#joiner);
        this.#writeNumberedToLive(member, member.resume, numbered);
      }
    }
    if (batch !== undefined) for (const { receipt } of entries) receipt?.lose();
    if (network.liveCount > 0) network.drop(count);
  }

  #writeToLive(member: Session, batch: Batch<NetworkMember<Session>>): void {
    const joined = batch.frameFor(member, member.queue);
    member.queue.clear();
    if (joined !== undefined) this.#write(member.transport!, joined);
  }

  #writeNumberedToLive(
    member: Session,
    { ring }: ResumeState,
    batch: NumberedBatch<NetworkMember<Session>>,
  ): void {
    // A receipt may have come in between.
    if (ring.isHalfFull || ring.hasUnsent) {
      member.catchUp();
      return this.touch(member);
    }
    const entries = batch.entriesFor(member);
    const joined = batch.frameFor(entries, ring.last + 1, member.queue);
    member.queue.clear();
    for (const entry of entries) ring.push(entry);
    ring.markSent(ring.last);
    if (joined !== undefined) this.#write(member.transport!, joined);
  }

  #send(session: Session): void {
    const { queue, transport, download, resume } = session;
    if (resume !== undefined) return this.#sendNumbered(session, resume);
    if (queue.length === 0) return;
    if (transport !== undefined) {
      if (transport.blockedAtMs !== undefined) return;
      pushOwed(session);
      this.#writeFront(session, transport);
      if (queue.length > 0) this.touch(session);
    } else if (download !== undefined) {
      this.#answerDownload(session);
    }
  }

  #sendNumbered(session: Session, resume: ResumeState): void {
    const { transport, download, queue } = session;
    const { ring } = resume;
    if (transport !== undefined) {
      if (transport.blockedAtMs !== undefined || (queue.length === 0 && !ring.hasUnsent)) return;
      pushOwed(session);
      this.#writeNumbered(session, resume, transport);
      if (ring.hasUnsent) this.touch(session);
    } else if (download !== undefined && ring.hasUnsent) {
      this.downloads.answer(session, this.numberedBody(resume));
    }
  }

  /** Answers, and what the ring has to say next. */
  #writeNumbered({ queue }: Session, { ring }: ResumeState, transport: Transport): void {
    const parts: Part[] = [];
    for (let i = 0; i < queue.length; i++) parts.push(partOf(queue.at(i)!.bytes));
    queue.clear();
    const { maxWriteSize } = this.context.limits;
    const plan = planItems(ring, transport.isSlow ? Math.min(SLOW_WRITE_SIZE, maxWriteSize) : maxWriteSize, TERMINATOR);
    transport.isSlow = false;
    ring.markSent(plan.last);
    this.#write(transport, this.#joiner.build([...parts, ...plan.parts], OWN_CHUNK_SIZE, plan.groups, plan.groups));
  }

  /** The answer to a download: what was taken, and what the ring has to say next (section 5.2). */
  numberedBody({ ring, up }: ResumeState, token = ''): Uint8Array {
    const plan = planItems(ring, this.context.limits.maxDownloadSize, NOTHING);
    ring.markSent(plan.last);
    this.context.counters.messagesDelivered += plan.groups;
    const head = [DOWNLOAD_HEAD, partOf(encodeText(`~xh=${up.lastSafe}${token}`))];
    return this.#joiner.copy([...head, ...plan.parts, plan.hasEmptyEnd ? IGNORED_FIELD : NOTHING]);
  }

  #writeFront({ queue }: Session, transport: Transport): void {
    const { maxWriteSize } = this.context.limits;
    const joined = this.#joiner.frame(
      queue,
      transport.isSlow ? Math.min(SLOW_WRITE_SIZE, maxWriteSize) : maxWriteSize,
    );
    // Set again if this write is not taken at once either.
    transport.isSlow = false;
    queue.drop(joined.count);
    this.#write(transport, joined);
  }

  #write(transport: Transport, { chunks, groups, bytes }: Joined): void {
    this.context.counters.messagesDelivered += groups;
    this.transports.write(transport, chunks, bytes);
  }

  #answerDownload(session: Session): void {
    const joined = this.#joiner.body(session.queue, this.context.limits.maxDownloadSize);
    session.queue.drop(joined.count);
    this.context.counters.messagesDelivered += joined.groups;
    this.downloads.answer(session, joined.chunks[0]!);
  }

  #settleAll(): void {
    const sessions = this.#owing;
    this.#owing = [];
    this.#owingSinceMs = Infinity;
    for (const session of sessions) this.#settle(session);
  }

  /** Has the owed answers written at the end of the turn. */
  #settle(session: Session): void {
    if (session.owedAnswers === 0) return;
    pushOwed(session);
    this.touch(session);
    this.#boundAnswers(session);
  }

  /** Who asks without reading the answers is a slow reader too. */
  #boundAnswers(session: Session): void {
    const { transport, queue } = session;
    if (transport === undefined || queue.length <= this.context.limits.maxQueuedMessages) return;
    if (transport.blockedAtMs === undefined) this.writeAll(session, transport);
    else this.closeSlow(transport);
  }

  #add(session: Session, entry: Entry): void {
    session.queue.push(entry);
    this.touch(session);
  }

  #hasRoom({ length, bytes }: OutQueue, entry: Entry): boolean {
    const { maxQueuedMessages, maxQueuedBytes, maxQueuedTotal } = this.context.limits;
    if (this.context.totals.bytes + entry.numberedLength > maxQueuedTotal) return false;
    return length === 0 || (length < maxQueuedMessages && bytes + entry.numberedLength <= maxQueuedBytes);
  }

  /**
   * A queue is full: writes it early if somebody takes it, else closes a reader that is too slow.
   *
   * @returns False when there still is no room. What waits is kept: it was reported as delivered, the new one is not.
   */
  #makeRoom(session: Session, entry: Entry): boolean {
    const { transport, download } = session;
    if (transport !== undefined && transport.blockedAtMs === undefined) this.writeAll(session, transport);
    else if (transport !== undefined) this.closeSlow(transport);
    else if (download !== undefined && session.queue.length > 0) this.#answerDownload(session);
    if (this.#hasRoom(session.queue, entry)) return true;
    this.context.counters.messagesDropped += 1;
    return false;
  }
}

/** Puts the owed answers into the queue of a session. */
function pushOwed(session: Session): void {
  const { resume, owedAnswers, queue } = session;
  if (owedAnswers === 0) return;
  queue.push(
    resume === undefined ? deliveredAnswers(owedAnswers) : takenAnswer('s', ErrorCode.SUCCESS, resume.up.last),
  );
  session.owedAnswers = 0;
}

/** Whether a session is in one network, and reads so well that nothing is left in its queue. */
function mayBeLive({ isLive, memberships, queue, transport, resume }: Session): boolean {
  if (isLive || memberships.length !== 1 || queue.length > 0 || transport === undefined) return false;
  if (resume !== undefined && (resume.ring.hasUnsent || resume.ring.isHalfFull)) return false;
  return transport.blockedAtMs === undefined && !transport.isSlow;
}
