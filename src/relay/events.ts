import type { TokenClaims } from './env';
import type { RoutedAccount } from './router';

/** The four requests of long polling and login (P-40). */
export type ProtocolRoute = 'login' | 'upload' | 'download' | 'cancel';

/** Why the body of a request is not there: above the size limit, or above what is read without a valid device id. */
export type BodyFault = 'too-large' | 'anonymous';

/** What a check of name and password gave. */
export type CheckedLogin =
  { readonly ok: true; readonly account: RoutedAccount } | { readonly ok: false; readonly code: number };

/** Who waits for a check: a request, or a WebSocket that has shown a token. Numbers of the driver. */
export type Asker = { readonly request: number } | { readonly transport: number };

/** A request that was read to its end. */
export interface RequestInput {
  readonly type: 'request';
  /** Names the request until it is answered or aborted; chosen by the driver, never used twice. */
  readonly request: number;
  readonly route: ProtocolRoute;
  /** Only read during the call. With a fault: its beginning, or nothing. */
  readonly body: Uint8Array;
  readonly fault?: BodyFault | undefined;
  /** Addresses that a login answer names: for plain and for TLS connections (P-47). */
  readonly hosts: { readonly ip: string; readonly dn: string };
  readonly remoteAddress: string;
}

/**
 * Everything that can happen to the relay's core. Transports are named by numbers of the driver, never used twice.
 *
 * - `alive`: some byte came, of whatever kind. Payload bytes follow by `RelayCore.receive`.
 * - `lost`: the peer has closed, or broke a rule of RFC 6455; the connection still comes to its end.
 * - `closed`: the connection is gone.
 * - `blocked`, `drained`: many bytes wait in the socket; most have left it.
 * - `flush`: the turn of the event loop ends.
 * - `stored`: the oldest store that was not confirmed is on disk.
 * - `compact`: write all sessions anew, to the end of the turn.
 * - `deadline`: the time `RelayCore.deadline` has come.
 * - `drain`: shut down in order; `spreadSeconds` tells clients over which time to spread their return.
 */
export type RelayInput =
  | {
      readonly type: 'opened' | 'lost' | 'closed' | 'alive' | 'blocked' | 'drained';
      readonly transport: number;
    }
  | RequestInput
  | { readonly type: 'aborted'; readonly request: number }
  | { readonly type: 'login-checked'; readonly asker: Asker; readonly result: CheckedLogin }
  | { readonly type: 'flush' | 'deadline' | 'stored' | 'compact' }
  /** Closes so many WebSockets, or all. */
  | { readonly type: 'drain'; readonly spreadSeconds: number; readonly count?: number };

/** Name of what is logged; fields hold no secret and no payload. */
export interface LogEffect {
  readonly type: 'log';
  readonly level: 'debug' | 'info' | 'warn';
  readonly event: string;
  readonly fields: Record<string, string | number>;
}

/** Records for the journal of a durable relay, which has to keep all of them or none. */
export interface StoreEffect {
  readonly type: 'store';
  /** Counts stores from 1; they are confirmed in order. */
  readonly number: number;
  readonly records: readonly Uint8Array[];
  /** Whether they take the place of all records before. */
  readonly isWhole: boolean;
}

/**
 * What the driver has to do, in order.
 *
 * - `write`: one or more whole WebSocket frames, in one write; the chunks may be shared with other transports.
 * - `close`: start the close handshake.
 * - `destroy`: end the connection without further ado.
 * - `attached`: the transport has shown a valid device id.
 * - `held`: the request is a download with a valid device id; its answer may take long.
 * - `answer`: the body for HTTP status 200; `isRefused` when a login failed, so that the connection ends with it.
 * - `check-login`: ask the account store, then input `login-checked`.
 * - `check-token`: the same for whoever has shown a good token.
 * - `store`: only with a journal: write and flush, then input `stored`. What depends on it comes after that.
 */
export type RelayEffect =
  | { readonly type: 'write'; readonly transport: number; readonly chunks: readonly Uint8Array[] }
  | { readonly type: 'close'; readonly transport: number; readonly code: number; readonly reason: string }
  | { readonly type: 'destroy' | 'attached'; readonly transport: number }
  | { readonly type: 'held'; readonly request: number }
  | {
      readonly type: 'answer';
      readonly request: number;
      readonly body: Uint8Array;
      readonly isRefused?: true;
    }
  | {
      readonly type: 'check-login';
      readonly asker: Asker;
      readonly connectName: string;
      readonly connectPassword: string;
      readonly remoteAddress: string;
    }
  | ({ readonly type: 'check-token'; readonly asker: Asker } & TokenClaims)
  | StoreEffect
  | LogEffect;

/** Where effects wait for the driver. */
export interface Effects {
  push(effect: RelayEffect): void;
  shift(): RelayEffect | undefined;
}

/** First in, first out. */
export class EffectQueue implements Effects {
  /** Those that wait stand from `head` to `tail`. A list that is emptied would lose its memory, and grow anew each turn. */
  #effects: (RelayEffect | undefined)[] = [];
  #head = 0;
  #tail = 0;

  push(effect: RelayEffect): void {
    this.#effects[this.#tail++] = effect;
  }

  shift(): RelayEffect | undefined {
    if (this.#head === this.#tail) return undefined;
    const effect = this.#effects[this.#head];
    this.#effects[this.#head++] = undefined;
    if (this.#head === this.#tail) this.#head = this.#tail = 0;
    return effect;
  }
}
