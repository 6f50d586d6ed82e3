import type { MessageSplitter } from '../core/codec';
import { Timed } from './deadlines';
import type { Membership } from './network';
import { type Entry, OutQueue, type QueueTotals } from './out-queue';
import type { ResumeState } from './resume-state';
import { type AccountRouter, type Member, readSessionId } from './router';

/**
 * Where a session stands.
 *
 * - `unused`: logged in, no transport yet.
 * - `attached`: a WebSocket is bound to it.
 * - `polling`: it uses long polling; between two downloads its messages wait.
 * - `detached`: its WebSocket is gone; it may come back.
 * - `restarting`: its client asked for a restart and attaches again over another transport or scheme.
 * - `ended`: gone for good.
 */
export type SessionState = 'unused' | 'attached' | 'polling' | 'detached' | 'restarting' | 'ended';

/** How long a session lives without a transport. Unit: milliseconds. */
export interface SessionLifetimes {
  unusedSessionMs: number;
  sessionGraceMs: number;
  restartGraceMs: number;
}

const LIFETIME: Readonly<Record<SessionState, keyof SessionLifetimes | undefined>> = {
  unused: 'unusedSessionMs',
  attached: undefined,
  polling: 'sessionGraceMs',
  detached: 'sessionGraceMs',
  restarting: 'restartGraceMs',
  ended: undefined,
};

/** A `/Download` request that is held open. */
export interface PendingDownload {
  readonly request: number;
  /** The client's counter; undefined when it sent none. */
  readonly counter: number | undefined;
  readonly dueAtMs: number;
}

/** The last upload of a session, to tell a repetition from a new one (P-107). */
export interface LastUpload {
  readonly counter: number;
  readonly fingerprint: string;
  readonly code: number;
  repeats: number;
}

/** One authenticated presence in an account. Outlives its transports. */
export class Session extends Timed implements Member<Session> {
  readonly kind = 'session';
  state: SessionState = 'unused';
  /** When it expires; Infinity while a transport keeps it alive. */
  expiresAtMs = Infinity;
  transport: Transport | undefined = undefined;
  download: PendingDownload | undefined = undefined;
  /** A cancel that came between two downloads counts until then (P-75). */
  cancelledUntilMs = -Infinity;
  lastUpload: LastUpload | undefined = undefined;
  readonly memberships: Membership<Session>[] = [];
  routeStamp = 0;
  isLive = false;
  /** Whether it is in the list of queues to flush. */
  isDirty = false;
  /** Messages delivered whose answers wait for something to ride with; see {@link Deliveries.owe}. */
  owedAnswers = 0;
  /** With the extension; its messages are there, and in `queue` are only answers. */
  resume: ResumeState | undefined = undefined;
  readonly queue: OutQueue;
  /** How many bytes at the front of `id` are the digits of the session id. */
  readonly idDigits: number;

  constructor(
    readonly sessionId: number,
    /** The device id, `{session id}s{secret}`: the bearer secret of every request. */
    readonly id: string,
    readonly router: AccountRouter<Session>,
    totals: QueueTotals,
  ) {
    super();
    this.queue = new OutQueue(totals);
    this.idDigits = id.indexOf('s');
  }

  get dueAtMs(): number {
    return this.download?.dueAtMs ?? this.expiresAtMs;
  }

  /** Takes what waits for its network into its own queue; see {@link Network}. */
  catchUp(): void {
    if (this.isLive) this.memberships[0]!.network.catchUp(this);
  }

  /** Messages that are not yet written, or with the extension not yet acknowledged. */
  get keptMessages(): number {
    return this.resume?.ring.length ?? this.queue.length;
  }

  keep(entry: Entry): void {
    const { resume } = this;
    if (resume === undefined) {
      entry.receipt?.lose();
      this.queue.push(entry);
    }
    // A volatile one only while there is much room.
    else if (!entry.isVolatile || !resume.ring.isHalfFull) resume.push(entry);
  }

  /** Changes the state and starts the lifetime that belongs to it. */
  enter(state: SessionState, lifetimes: SessionLifetimes, nowMs: number): void {
    const lifetime = LIFETIME[state];
    this.state = state;
    this.expiresAtMs = lifetime === undefined ? Infinity : nowMs + lifetimes[lifetime];
  }
}

/**
 * Where a WebSocket stands.
 *
 * - `open`: upgraded, not authenticated.
 * - `attached`: bound to a session.
 * - `ending`: told to end; only the client's close is awaited, nothing it sends is read and nothing is written.
 * - `closing`: our Close is out.
 */
export type TransportState = 'open' | 'attached' | 'ending' | 'closing';

export interface TransportTimes {
  authDeadlineMs: number;
  idleLimitMs: number;
  stalledWriteMs: number;
}

/** With the extension: silence after which the relay pings, and after which the transport is dead. */
const PING_AFTER_MS = 20_000;
const DEAD_AFTER_MS = 35_000;

/** One WebSocket, from the upgrade to its end. */
export class Transport extends Timed {
  readonly kind = 'transport';
  state: TransportState = 'open';
  session: Session | undefined = undefined;
  lastReceivedMs: number;
  /** Holds the unfinished part of a message; undefined between messages. */
  splitter: MessageSplitter | undefined = undefined;
  heldBytes = 0;
  /** The silence for which it was pinged, by its beginning. */
  pingedForMs = -Infinity;
  /** Bytes received before authentication. */
  anonymousBytes = 0;
  /** Since when many bytes wait in the socket; undefined when it takes more. */
  blockedAtMs: number | undefined = undefined;
  /** The last write was not taken at once: write less at a time, so that progress can be seen. */
  isSlow = false;
  /** In `open`: the auth deadline; in `ending` and `closing`: the end of the wait. */
  stateEndsAtMs: number;

  constructor(
    readonly transportId: number,
    private readonly times: TransportTimes,
    nowMs: number,
  ) {
    super();
    this.lastReceivedMs = nowMs;
    this.stateEndsAtMs = nowMs + times.authDeadlineMs;
  }

  get dueAtMs(): number {
    if (this.state !== 'attached') return this.stateEndsAtMs;
    return Math.min(this.idleAtMs, this.stalledAtMs, this.pingAtMs);
  }

  get idleAtMs(): number {
    const { idleLimitMs } = this.times;
    return this.lastReceivedMs + (this.isNumbered ? Math.min(idleLimitMs, DEAD_AFTER_MS) : idleLimitMs);
  }

  /** When silence calls for a ping; Infinity when it was sent, and without the extension. */
  get pingAtMs(): number {
    const isPinged = this.pingedForMs === this.lastReceivedMs;
    return isPinged || !this.isNumbered ? Infinity : this.lastReceivedMs + PING_AFTER_MS;
  }

  /** Whether its session has the extension. */
  get isNumbered(): boolean {
    return this.session?.resume !== undefined;
  }

  get stalledAtMs(): number {
    return this.blockedAtMs === undefined ? Infinity : this.blockedAtMs + this.times.stalledWriteMs;
  }
}

const SEPARATOR = 0x73;

/** All sessions of a relay, by their public number. For finding the owner of a device id only, never for routing. */
export class SessionTable {
  readonly #sessions = new Map<number, Session>();

  get size(): number {
    return this.#sessions.size;
  }

  has(sessionId: number): boolean {
    return this.#sessions.has(sessionId);
  }

  add(session: Session): void {
    this.#sessions.set(session.sessionId, session);
  }

  get(sessionId: number): Session | undefined {
    return this.#sessions.get(sessionId);
  }

  remove(session: Session): void {
    this.#sessions.delete(session.sessionId);
  }

  values(): IterableIterator<Session> {
    return this.#sessions.values();
  }

  /** The session with this device id, byte for byte; the comparison takes as long for a near miss as for a far one. */
  find(id: Uint8Array): Session | undefined {
    const end = id.indexOf(SEPARATOR);
    const session = end < 0 ? undefined : this.#sessions.get(readSessionId(id, 0, end));
    return session !== undefined && isSameSecret(session.id, id) ? session : undefined;
  }
}

/** Compares without stopping at the first difference (SEC-7). */
export function isSameSecret(expected: string, given: Uint8Array): boolean {
  let difference = expected.length ^ given.length;
  for (let i = 0; i < expected.length; i++) difference |= expected.charCodeAt(i) ^ (given[i] ?? 0);
  return difference === 0;
}
