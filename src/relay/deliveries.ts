import { CloseCode } from './close-codes';
import type { CoreContext } from './core-context';
import type { Downloads } from './downloads';
import { Joiner } from './joiner';
import type { Entry, OutQueue } from './out-queue';
import type { Session, Transport } from './sessions';
import type { Transports } from './transports';

/** A socket that did not take its last write at once gets less at a time: progress shows in smaller steps. */
const SLOW_WRITE_SIZE = 65_536;

/**
 * The out-queues and their way to the wire. What one turn of the event loop puts into a queue goes out together at its
 * end: one write per socket, one answer per download.
 */
export class Deliveries {
  readonly #joiner: Joiner;
  #dirty: Session[] = [];

  constructor(
    private readonly context: CoreContext,
    private readonly transports: Transports,
    private readonly downloads: Downloads,
  ) {
    this.#joiner = new Joiner(context.counters);
  }

  /** Whether a flush is wanted. */
  get isPending(): boolean {
    return this.#dirty.length > 0;
  }

  /**
   * Hands one encoded message to all who get it. Other relays of a cluster would be told in the same place.
   *
   * @returns False when the queue of one of them is full: that one does not get it, and the sender is told (2).
   */
  handOut(entry: Entry, recipients: readonly Session[]): boolean {
    let allTaken = true;
    for (let i = 0; i < recipients.length; i++) {
      const session = recipients[i]!;
      if (this.#hasRoom(session.queue, entry) || this.#makeRoom(session, entry)) this.#add(session, entry);
      else allTaken = false;
    }
    return allTaken;
  }

  /** Adds an answer for the WebSocket of a session. */
  answer(session: Session, entry: Entry): void {
    this.#add(session, entry);
    const { transport, queue } = session;
    if (transport === undefined || queue.length <= this.context.limits.maxQueuedMessages) return;
    if (transport.blockedAtMs === undefined) this.writeAll(session, transport);
    else this.closeSlow(transport);
  }

  /** Notes that there may be something to write for a session. */
  touch(session: Session): void {
    if (session.isDirty) return;
    session.isDirty = true;
    this.#dirty.push(session);
  }

  /** Ends the turn. What is above the cap of a turn, or stuck behind a full socket, waits on. */
  flush(): void {
    const sessions = this.#dirty;
    this.#dirty = [];
    for (const session of sessions) {
      session.isDirty = false;
      this.#send(session);
    }
  }

  /** Forgets what was shared within the turn. */
  endTurn(): void {
    this.#joiner.forget();
  }

  /** Writes all that waits for a session to its WebSocket now, and an answer behind it. */
  writeOut(session: Session, transport: Transport, answer: Entry): void {
    session.queue.push(answer);
    this.writeAll(session, transport);
  }

  /** As {@link Deliveries.writeOut}. Messages that a full socket keeps waiting stay with the session. */
  writeAll(session: Session, transport: Transport): void {
    if (transport.blockedAtMs !== undefined) return this.writeAnswers(session, transport);
    while (session.queue.length > 0) this.#writeFront(session, transport);
  }

  /** Writes what only this transport can get: the answers that wait for it. */
  writeAnswers(session: Session, transport: Transport): void {
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
      session.queue.takeAnswers();
    }
    this.transports.detach(transport, 'detached');
    this.transports.close(transport, CloseCode.SLOW_CONSUMER, 'reading too slowly');
  }

  #send(session: Session): void {
    const { queue, transport, download } = session;
    if (queue.length === 0) return;
    if (transport !== undefined) {
      if (transport.blockedAtMs !== undefined) return;
      this.#writeFront(session, transport);
      if (queue.length > 0) this.touch(session);
    } else if (download !== undefined) {
      this.#answerDownload(session);
    }
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
    this.context.counters.messagesDelivered += joined.groups;
    this.transports.write(transport, joined.chunks, joined.bytes);
  }

  #answerDownload(session: Session): void {
    const joined = this.#joiner.body(session.queue, this.context.limits.maxDownloadSize);
    session.queue.drop(joined.count);
    this.context.counters.messagesDelivered += joined.groups;
    this.downloads.answer(session, joined.chunks[0]!);
  }

  #add(session: Session, entry: Entry): void {
    session.queue.push(entry);
    this.touch(session);
  }

  #hasRoom({ length, bytes }: OutQueue, entry: Entry): boolean {
    const { maxQueuedMessages, maxQueuedBytes, maxQueuedTotal } = this.context.limits;
    if (this.context.totals.bytes + entry.bytes.length > maxQueuedTotal) return false;
    return length === 0 || (length < maxQueuedMessages && bytes + entry.bytes.length <= maxQueuedBytes);
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
