import type { IncomingMessage } from './messages';

/**
 * A session bound to one transport: what long polling and WebSocket have in common (layout: attach, send, receive,
 * detach). Pure: it takes inputs and time, and says what it wants through its host.
 */
export interface Link {
  /** An unanswered batch may be sent again: the relay knows it by its counter (P-107). */
  readonly repeatable: boolean;
  /** Binds the session and sets its networks; `attached` follows, or `lost`, or `gone`. */
  attach(target: LinkTarget, now: number): void;
  /** Changes the networks of an attached session; `joined` follows. */
  join(networks: readonly string[], now: number): void;
  /** Sends one batch; `sent` follows. Only one at a time (P-76). */
  send(batch: LinkBatch, now: number): void;
  /** Ends the transport after everything on its way has arrived, and keeps the session; `detached` follows. */
  detach(now: number): void;
  /** Ends the session; `ended` follows. */
  end(now: number): void;
  /** Finds out soon whether the transport still works, after a wake signal. */
  probe(now: number): void;
  /** Lets go at once, without a word to the relay. */
  drop(): void;
  /** How long downloads wait, in seconds; long polling only. */
  setDownloadTimeout(seconds: number, now: number): void;
  input(event: TransportEvent, now: number): void;
  /** Time at which `wake` wants to be called, or undefined. */
  readonly deadline: number | undefined;
  wake(now: number): void;
}

export interface LinkTarget {
  readonly deviceId: string;
  readonly networks: readonly string[];
  /** Scheme and host for WebSocket or upload, and for download: `http://host:port`. */
  readonly uploadOrigin: string;
  readonly downloadOrigin: string;
}

/** Messages that go out together. The counter stays the same when the same batch is tried again (P-71). */
export interface LinkBatch {
  readonly groups: readonly Uint8Array[];
  readonly text: boolean;
  readonly counter: number;
}

/** What happened on a transport. Events of a socket or request that was let go are not for anybody. */
export type TransportEvent =
  | { type: 'opened'; socket: number }
  | { type: 'bytes'; socket: number; bytes: Uint8Array }
  | { type: 'closed'; socket: number; code: number; reason: string }
  | { type: 'answer'; request: number; status: number; body: Uint8Array }
  | { type: 'failed'; request: number };

/** What a link wants done to a transport. */
export type TransportEffect =
  | { type: 'open'; socket: number; url: string }
  | { type: 'transmit'; socket: number; bytes: Uint8Array; text: boolean }
  | { type: 'close'; socket: number }
  | { type: 'post'; request: number; url: string; body: Uint8Array }
  | { type: 'abort'; request: number };

/** What a link tells its session. */
export type LinkEvent =
  | { type: 'attached'; code: number }
  | { type: 'joined'; code: number }
  | { type: 'sent'; code: number }
  | { type: 'received'; messages: IncomingMessage[] }
  | { type: 'detached' }
  | { type: 'ended' }
  /** The relay does not know the session any more (12). */
  | { type: 'gone' }
  /** The transport failed; the session may live. `code` is to be reported, 0 when there is nothing to say. */
  | { type: 'lost'; code: number; retryAfterMs?: number }
  | { type: 'error'; code: number }
  /** A download ended with data or by its timeout; the long-polling counter (section 14). */
  | { type: 'downloaded' }
  /** The relay saw a copy of a download; it shall wait shorter from now on (P-112). */
  | { type: 'lowered'; downloadTimeout: number };

/** What a session gives its links. */
export interface LinkHost {
  /** A number never given before, for a socket or a request. */
  nextId(): number;
  effect(effect: TransportEffect): void;
  report(event: LinkEvent): void;
}

export const ANSWER_TIMEOUT_MS = 5000;
export const PROBE_TIMEOUT_MS = 3000;

/** Time for the relay to answer a batch: the bytes have to travel first, at no less than 20 KB/s. */
export function sendTimeoutMs(bytes: number): number {
  return ANSWER_TIMEOUT_MS + bytes / 20;
}

/** The earlier of two deadlines. */
export function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}

export function isDue(deadline: number | undefined, now: number): boolean {
  return deadline !== undefined && now >= deadline;
}
