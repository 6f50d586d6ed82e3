export interface BackoffOptions {
  /** Upper end of the first delay, in milliseconds. */
  minDelayMs: number;
  /** Upper end of every delay, in milliseconds. */
  maxDelayMs: number;
}

/** How long a session must have run for its attempts to be forgotten, in milliseconds. */
export const STABLE_MS = 10_000;

/** With long polling in the place of a WebSocket that did not open: first and longest time to the next try of one. */
export const MIN_CLIMB_MS = 30_000;
export const MAX_CLIMB_MS = 300_000;

/** Attempts that stay at twice the first upper end before it grows: short breaks are the common ones. */
const STEADY_ATTEMPTS = 8;

/**
 * Upper end of the wait before a connection attempt; the wait is uniform below it, with full jitter also for the
 * first: 0.5 s for attempt 1, 1 s for attempts 2 to 8, then it doubles to 30 s.
 *
 * @param attempt - Counted from 1.
 * @returns Milliseconds.
 */
export function backoffLimit(attempt: number, { minDelayMs, maxDelayMs }: BackoffOptions): number {
  const doublings = attempt <= 1 ? 0 : 1 + Math.max(0, attempt - STEADY_ATTEMPTS);
  return Math.min(maxDelayMs, minDelayMs * 2 ** doublings);
}
