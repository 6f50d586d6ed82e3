import { bothTransports } from '../../src/client/links';
import type { AppEffect } from '../../src/client/driver';
import type { IncomingMessage } from '../../src/core/messages';
import type { Gap } from '../../src/core/resume';
import { Session } from '../../src/core/session';
import type { StatusChange } from '../../src/core/session-events';
import type { Dice } from './dice';
import type { DevicePlan } from './plan';
import { hostOf } from './relay-host';

/** What the application hears from a client. */
export interface ClientEvents {
  credentialsWanted(): void;
  received(message: IncomingMessage): void;
  statusChanged(change: StatusChange): void;
  failed(code: number): void;
  settled(token: number, code: number): void;
  missed(gap: Gap): void;
  drained(): void;
}

/**
 * What a client promises to its application. With `p1` it may lose what is under way when a link breaks; with `x1`
 * it loses nothing without a gap that covers it, and no break gives a duplicate.
 */
export type PromiseLevel = 'p1' | 'x1';

const INSTANCE_LENGTH = 22;
const LETTERS = 'abcdefghijklmnop';
const MAX_QUEUED_BYTES = 4_194_304;

/** The one place that knows how the client's core is made and what its effects mean: a new core is joined here. */
export function createClient(plan: DevicePlan, name: string, dice: Dice): Session {
  const makeInstance = (): string => Array.from({ length: INSTANCE_LENGTH }, () => dice.pick([...LETTERS])).join('');
  return new Session(
    {
      name,
      networkNames: plan.networkNames,
      discoverable: true,
      downloadTimeout: plan.downloadTimeout,
      useEncryption: false,
      useWebSocket: plan.useWebSocket,
      isHidden: () => dice.chance(0.2),
    },
    {
      host: hostOf(plan.relay),
      backoff: { minDelayMs: 500, maxDelayMs: 30_000 },
      random: dice.next,
      // Without an instance id the client offers no extension, as an older one.
      makeInstance: plan.hasExtension ? makeInstance : () => '',
      makeLinks: bothTransports,
      maxQueuedMessages: plan.maxQueuedMessages,
      maxQueuedBytes: MAX_QUEUED_BYTES,
    },
  );
}

/** The level that holds; undefined while there is no session. */
export function levelOf(session: Session): PromiseLevel | undefined {
  const { guarantee } = session;
  if (guarantee === 'none') return undefined;
  return guarantee === 'plain' ? 'p1' : 'x1';
}

export function tell(events: ClientEvents, effect: AppEffect): void {
  switch (effect.type) {
    case 'credentials':
      return events.credentialsWanted();
    case 'message':
      return events.received(effect.message);
    case 'status':
      return events.statusChanged(effect.change);
    case 'error':
      return events.failed(effect.code);
    case 'settled':
      return events.settled(effect.token, effect.code);
    case 'gap':
      return events.missed(effect.gap);
    case 'drain':
      return events.drained();
  }
}
