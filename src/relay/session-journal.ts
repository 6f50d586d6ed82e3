import type { StoreEffect } from './events';
import { writeSessions } from './session-records';
import type { Session } from './sessions';

/** Records of this size together, and the relay takes no more messages until some are stored. */
const MAX_PENDING_BYTES = 67_108_864;
/** A record of everything is written in parts of about this size. */
const PART_SIZE = 1_048_576;

/**
 * What has to be on disk before a durable relay may speak of it. The sessions that a turn has changed are written at its end,
 * in one record; what was to be said since the first change waits until that one is stored.
 */
export class SessionJournal {
  #changed = new Set<Session>();
  #ended: number[] = [];
  readonly #ready: StoreEffect[] = [];
  /** Sizes of the records that are not stored, in order. */
  readonly #pending: number[] = [];
  #pendingBytes = 0;
  #lastNumber = 0;
  #stored = 0;
  #isWholeWanted = false;

  /** Whether the end of a turn is wanted. */
  get isPending(): boolean {
    return this.#isWholeWanted || this.#hasChanges;
  }

  /** Whether the disk is so slow that no more messages are to be taken. */
  get isBehind(): boolean {
    return this.#pendingBytes >= MAX_PENDING_BYTES;
  }

  /** The store that what is said now has to wait for. */
  get needed(): number {
    return this.#hasChanges ? this.#lastNumber + 1 : this.#lastNumber;
  }

  get stored(): number {
    return this.#stored;
  }

  note(session: Session): void {
    if (session.state !== 'ended') this.#changed.add(session);
  }

  noteEnd(session: Session): void {
    this.#changed.delete(session);
    this.#ended.push(session.sessionId);
  }

  /** The next commit writes all sessions anew: it takes the place of all records so far. */
  wantWhole(): void {
    this.#isWholeWanted = true;
  }

  /** Ends a turn: nothing is under way between two sessions. @param all - All sessions there are. */
  commit(all: Iterable<Session>): void {
    if (!this.isPending) return;
    const isWhole = this.#isWholeWanted;
    const records = isWhole ? [...writeWhole(all)] : [writeSessions(this.#changed, this.#ended)];
    this.#isWholeWanted = false;
    this.#changed = new Set();
    this.#ended = [];
    this.#ready.push({ type: 'store', number: ++this.#lastNumber, records, isWhole });
    const bytes = records.reduce((sum, record) => sum + record.length, 0);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes;
  }

  /** What is to be stored next. */
  takeStore(): StoreEffect | undefined {
    return this.#ready.shift();
  }

  /** The oldest store that was not confirmed is on disk. */
  confirm(): void {
    this.#stored += 1;
    this.#pendingBytes -= this.#pending.shift() ?? 0;
  }

  get #hasChanges(): boolean {
    return this.#changed.size > 0 || this.#ended.length > 0;
  }
}

function* writeWhole(all: Iterable<Session>): Generator<Uint8Array> {
  let part: Session[] = [];
  let size = 0;
  for (const session of all) {
    if (session.resume === undefined) continue;
    session.resume.forgetSaved();
    part.push(session);
    size += session.resume.ring.bytes;
    if (size < PART_SIZE) continue;
    yield writeSessions(part, []);
    part = [];
    size = 0;
  }
  yield writeSessions(part, []);
}
