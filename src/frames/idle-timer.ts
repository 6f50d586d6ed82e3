import type { FrameClock } from './byte-stream';

/**
 * Tells when nothing has moved for a time. A sign of life only notes the time, and stopping only that nobody waits: the
 * timer looks at both when it fires, so that a busy connection sets no timers.
 *
 * @internal
 */
export class IdleTimer {
  readonly #clock: FrameClock;
  readonly #onIdle: () => void;
  #cancelTimer: (() => void) | undefined = undefined;
  /** When the timer that is set fires. */
  #dueMs = 0;
  #isWatching = false;
  #limitMs = 0;
  #lastMs = 0;

  constructor(clock: FrameClock, onIdle: () => void) {
    this.#clock = clock;
    this.#onIdle = onIdle;
  }

  /** Begins anew. @param limitMs - 0 for no limit. */
  start(limitMs: number): void {
    this.#isWatching = limitMs > 0;
    if (!this.#isWatching) return;
    this.#limitMs = limitMs;
    this.#lastMs = this.#clock.now();
    if (this.#cancelTimer !== undefined && this.#dueMs <= this.#lastMs + limitMs) return;
    this.#cancelTimer?.();
    this.#arm(limitMs);
  }

  touch(): void {
    if (this.#isWatching) this.#lastMs = this.#clock.now();
  }

  stop(): void {
    this.#isWatching = false;
  }

  /** Stops, and lets the timer go. */
  cancel(): void {
    this.stop();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #arm(afterMs: number): void {
    this.#dueMs = this.#clock.now() + afterMs;
    this.#cancelTimer = this.#clock.setTimer(() => {
      this.#cancelTimer = undefined;
      if (!this.#isWatching) return;
      const restMs = this.#lastMs + this.#limitMs - this.#clock.now();
      if (restMs > 0) return this.#arm(restMs);
      this.#isWatching = false;
      this.#onIdle();
    }, afterMs);
  }
}
