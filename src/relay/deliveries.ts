import { keepAliveAnswer } from './answers';
import { CloseCode } from './close-codes';
import type { CoreContext } from './core-context';
import type { Downloads } from './downloads';
import { type Joined, Joiner } from './joiner';
import { LiveNetworks } from './live-networks';
import { NumberedDeliveries } from './numbered-deliveries';
import type { Entry } from './out-queue';
import { OwedAnswers, pushOwed } from './owed-answers';
import type { ResumeState } from './resume-state';
import type { Recipients } from './router';
import type { Session, Transport } from './sessions';
import type { Transports } from './transports';

/**
 * A socket that did not take its last write at once gets less at a time: progress shows in smaller steps. So does who has
 * the extension, to whom a frame that takes long on a narrow line would be a dead link.
 */
const SMALL_WRITE_SIZE = 65_536;

/**
 * The out-queues and their way to the wire. What one turn of the event loop puts into a queue goes out together at its
 * end: one write per socket, one answer per download.
 */
export class Deliveries {
  readonly #joiner: Joiner;
  readonly #numbered: NumberedDeliveries;
  readonly #live: LiveNetworks;
  readonly #owed: OwedAnswers;
  #dirty: Session[] = [];

  constructor(
    private readonly context: CoreContext,
    private readonly transports: Transports,
    private readonly downloads: Downloads,
  ) {
    this.#joiner = new Joiner(context.counters, context.allocate);
    this.#numbered = new NumberedDeliveries(context, this.#joiner);
    this.#live = new LiveNetworks(context, transports, this.#joiner, this.#numbered);
    this.#owed = new OwedAnswers(context);
  }

  /** Whether a flush is wanted. */
  get isPending(): boolean {
    return this.#dirty.length > 0 || this.#live.isPending || this.#owed.isPending;
  }

  /**
   * Hands one encoded message to all who get it. Other relays of a cluster would be told in the same place.
   *
   * @returns False when the queue of one of them is full: that one does not get it, and the sender is told (2).
   */
  handOut(entry: Entry, sender: Session, recipients: Recipients<Session>): boolean {
    let allTaken = true;
    for (let i = 0; i < recipients.networkCount; i++) {
      if (!this.#live.put(entry, sender, recipients.networks[i]!)) allTaken = false;
    }
    for (let i = 0; i < recipients.sessionCount; i++) {
      if (!this.#handToSession(entry, recipients.sessions[i]!)) allTaken = false;
    }
    return allTaken;
  }

  /** Notes that a message of a session was delivered; see {@link OwedAnswers}. */
  owe(session: Session): void {
    if (session.transport === undefined) return;
    if (this.#owed.add(session)) this.settle(session);
  }

  /** The transport that asked is gone. */
  forgetAnswers(session: Session): void {
    session.owedAnswers = 0;
    session.queue.takeAnswers();
  }

  /** Has the owed answers written at the end of the turn. */
  settle(session: Session): void {
    if (session.owedAnswers === 0) return;
    pushOwed(session);
    this.touch(session);
    this.#boundAnswers(session);
  }

  /** Adds an answer for the WebSocket of a session, unless what it asked for has closed it. */
  answer(session: Session, entry: Entry): void {
    if (session.transport === undefined) return;
    pushOwed(session);
    this.#add(session, entry);
    this.#boundAnswers(session);
  }

  /** Answers a keep-alive, most of which only acknowledge: what is written anyway is a sign of life as good. */
  giveSign(session: Session, resume: ResumeState): void {
    resume.owesSign = true;
    this.touch(session);
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
    for (const session of this.#owed.takeDue(isIdle)) this.settle(session);
    for (const session of this.#live.flush()) this.touch(session);
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
    while (hasMore(session)) this.#writeNext(session, transport);
  }

  /** Writes what only this transport can get: the answers that wait for it. */
  writeAnswers(session: Session, transport: Transport): void {
    pushOwed(session);
    this.transports.writeAnswers(transport, session.queue.takeAnswers());
  }

  /** What the first download of a session with the extension is answered, which is not held. */
  takeBody(resume: ResumeState, token: string): Uint8Array {
    return this.#numbered.takeBody(resume, token);
  }

  /** The socket is not read: closes it. Its session stays, with its queue. */
  closeSlow(transport: Transport): void {
    const { session } = transport;
    this.context.counters.slowConsumersClosed += 1;
    if (session !== undefined) {
      this.context.log('info', 'slow consumer closed', {
        sessionId: session.sessionId,
        queued: session.keptMessages,
      });
      this.forgetAnswers(session);
    }
    this.transports.detach(transport, 'detached');
    this.transports.close(transport, CloseCode.SLOW_CONSUMER, 'reading too slowly');
  }

  #handToSession(entry: Entry, session: Session): boolean {
    const { resume } = session;
    if (resume !== undefined) return this.#handNumbered(entry, session, resume);
    entry.receipt?.lose();
    if (!this.context.hasRoom(session.queue, entry) && !this.#makeRoom(session, entry)) return false;
    this.#add(session, entry);
    return true;
  }

  #handNumbered(entry: Entry, session: Session, resume: ResumeState): boolean {
    if (!this.#numbered.isWanted(entry, session, resume)) return true;
    const { transport } = session;
    const isTaking = transport !== undefined && transport.blockedAtMs === undefined;
    // Before the oldest go, what was never written goes out.
    if (isTaking && resume.ring.hasUnsent && resume.ring.isFullFor(entry)) this.writeAll(session, transport);
    if (!this.#numbered.put(entry, resume)) return false;
    this.touch(session);
    return true;
  }

  #send(session: Session): void {
    const { transport, download, resume } = session;
    if (transport !== undefined) {
      if (transport.blockedAtMs !== undefined) return;
      if (resume?.owesSign === true) pushSign(session, resume);
      if (!hasMore(session)) return;
      pushOwed(session);
      this.#writeNext(session, transport);
      if (hasMore(session)) this.touch(session);
    } else if (download !== undefined && hasMore(session)) {
      this.#answerDownload(session);
    }
  }

  #writeNext(session: Session, transport: Transport): void {
    const { maxWriteSize } = this.context.limits;
    const { resume } = session;
    const isSmall = transport.isSlow || resume !== undefined;
    const maxBytes = isSmall ? Math.min(SMALL_WRITE_SIZE, maxWriteSize) : maxWriteSize;
    // Set again if this write is not taken at once either.
    transport.isSlow = false;
    const frame =
      resume === undefined ? this.#takeFrame(session, maxBytes) : this.#numbered.takeFrame(session, resume, maxBytes);
    this.transports.writeFrame(transport, frame);
  }

  #takeFrame({ queue }: Session, maxBytes: number): Joined {
    const frame = this.#joiner.frame(queue, maxBytes);
    queue.drop(frame.count);
    return frame;
  }

  #answerDownload(session: Session): void {
    const { resume } = session;
    if (resume !== undefined) return this.downloads.answer(session, this.#numbered.takeBody(resume));
    const joined = this.#joiner.body(session.queue, this.context.limits.maxDownloadSize);
    session.queue.drop(joined.count);
    this.context.counters.messagesDelivered += joined.groups;
    this.downloads.answer(session, joined.chunks[0]!);
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
    if (this.context.hasRoom(session.queue, entry)) return true;
    this.context.counters.messagesDropped += 1;
    return false;
  }
}

/** Puts a sign of life into the queue of a session, unless something else is there and all that was taken is told. */
function pushSign(session: Session, resume: ResumeState): void {
  pushOwed(session);
  resume.owesSign = false;
  if (hasMore(session) && resume.told === resume.up.last) return;
  resume.told = resume.up.last;
  session.queue.push(keepAliveAnswer(resume.told));
}

/** Whether something can be written for a session. */
function hasMore({ queue, resume }: Session): boolean {
  return queue.length > 0 || resume?.ring.hasUnsent === true;
}

/** Whether a session is in one network, and reads so well that nothing is left in its queue. */
function mayBeLive({ isLive, memberships, queue, transport, resume }: Session): boolean {
  if (isLive || memberships.length !== 1 || queue.length > 0 || transport === undefined) return false;
  if (resume !== undefined && (resume.ring.hasUnsent || resume.ring.isHalfFull)) return false;
  return transport.blockedAtMs === undefined && !transport.isSlow;
}
