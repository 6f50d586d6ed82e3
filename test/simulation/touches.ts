import type { RelayLimits } from '../../src/relay/limits';

// What can befall a device, where more than the table of faults has to know it.

/** Its own application closes it: it has asked for no more. */
export const CLOSED = 'closed by its application';
/** Somebody else has used its token: its session is not its own any more. */
export const ROBBED = 'its token was used by somebody else';
/** Its durable relay has ended and come back. */
export const OUTAGE = 'outage of a durable relay';
/** Another password: tokens end, and a durable relay that comes back drops the sessions of the one before. */
export const CHANGED_PASSWORD = 'changed password';
/** Its relay has so little room that it ends sessions as a rule. */
export const SHORT = 'limits';
/** Its relay has so little patience that breaks of any kind may end sessions. */
export const IMPATIENT = 'short patience';

const MIN_GRACE_MS = 100_000;

/** Limits that make a relay end sessions are a cause of loss like any other. */
export function touchesOf(limits: RelayLimits): string[] {
  const { maxQueuedTotal, maxSessions, maxHeldInput, maxTransmissionSize, authDeadlineMs } = limits;
  const hasRoom = maxQueuedTotal >= 1e6 && maxSessions >= 100 && maxHeldInput >= 1e6 && maxTransmissionSize >= 1e6;
  const touches = hasRoom && authDeadlineMs >= 15_000 ? [] : [SHORT];
  return limits.sessionGraceMs < MIN_GRACE_MS ? [...touches, IMPATIENT] : touches;
}
