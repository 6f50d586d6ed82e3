import type { BackoffOptions } from './backoff';
import type { MakeLinks, SessionSettings } from './link';
import type { Credentials } from './login';
import type { IncomingMessage } from './messages';
import type { Gap } from './resume';
import type { QueueBounds, SendEffect } from './send-window';
import type { Happening, State } from './steps';
import type { TransportEffect, TransportEvent } from './traffic';

export interface SessionOptions extends QueueBounds {
  /** `host:port` of the relay for the login. */
  host: string;
  backoff: BackoffOptions;
  random: () => number;
  /** 22 characters that nobody else has. */
  makeInstance: () => string;
  makeLinks: MakeLinks;
}

/** Why a state was left. @public */
export type StatusCause = Happening;

export interface StatusChange {
  from: State;
  to: State;
  cause: StatusCause;
  /** Milliseconds until the next attempt, where one is waited for. */
  retryInMs?: number;
  /** On `connected`: whether this is the session that there was before, with the same session id. */
  resumed: boolean;
  /** On `connected`: messages that were sent again. */
  replayed: number;
}

/**
 * What holds for messages that the relay has taken.
 *
 * - `none`: there is no session.
 * - `plain`: a relay without the extension; what is on its way when a link breaks may be lost.
 * - `resume`: kept over breaks and changes of transport; a crash of the relay is told as a gap.
 * - `durable`: kept over crashes of the relay too.
 *
 * @public
 */
export type Guarantee = 'none' | 'plain' | 'resume' | 'durable';

export type SessionInput =
  | TransportEvent
  /** `wake` when the deadline has come, or when messages were queued. */
  | { type: 'start' | 'close' | 'suspend' | 'resume' | 'wake' | 'credentials-failed' }
  | ({ type: 'credentials' } & Credentials)
  | { type: 'configure'; change: Partial<SessionSettings> };

export type SessionEffect =
  | TransportEffect
  | SendEffect
  /** Wants name and password: `credentials` or `credentials-failed` answers it. */
  | { type: 'credentials' }
  | { type: 'message'; message: IncomingMessage }
  | { type: 'status'; change: StatusChange }
  | { type: 'gap'; gap: Gap };
