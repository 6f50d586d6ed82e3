import type { Clock } from '../core/transport';
import { seededRandom } from './random';

/** @public */
export interface VirtualClockOptions {
  /** Of the numbers that `random` gives. @defaultValue 1 */
  seed?: number;
  /** What `now` begins with, in milliseconds. @defaultValue 0 */
  startMs?: number;
}

interface Timer {
  readonly dueMs: number;
  readonly wake: () => void;
}

/**
 * Time that goes only when told to, and chance that is the same in every run with the same seed.
 *
 * @example
 * ```ts
 * const clock = new VirtualClock();
 * clock.setTimer(() => console.log('a minute later'), 60_000);
 * await clock.pass(60_000); // at once
 * ```
 *
 * @public
 */
export class VirtualClock implements Clock {
  /** In the order in which they were set, which decides among those of one moment. */
  readonly #timers = new Set<Timer>();
  readonly #random: () => number;
  #nowMs: number;

  constructor({ seed = 1, startMs = 0 }: VirtualClockOptions = {}) {
    this.#random = seededRandom(seed);
    this.#nowMs = startMs;
  }

  /** Milliseconds. */
  now(): number {
    return this.#nowMs;
  }

  /** Calls `wake` once when `ms` have passed. @returns What takes it back. */
  setTimer(wake: () => void, ms: number): () => void {
    const timer = { wake, dueMs: this.#nowMs + Math.max(0, ms) };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** From 0 (included) to 1 (excluded). */
  random(): number {
    return this.#random();
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass: each timer fires in its own moment, and what it causes happens before the next one. */
  async pass(ms: number): Promise<void> {
    await this.passUntil(() => false, ms);
  }

  /**
   * Lets time pass until `isReached` says so, but no longer than `limitMs`.
   *
   * @returns Whether it was reached.
   */
  async passUntil(isReached: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.#nowMs + limitMs;
    await settled();
    while (!isReached()) {
      const next = this.#next(endMs);
      if (next === undefined) {
        this.#nowMs = endMs;
        return false;
      }
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      this.#timers.delete(next);
      next.wake();
      await settled();
    }
    return true;
  }

  /** Sleeps: time is later at once, and all that was due meanwhile fires now, late. */
  async jump(ms: number): Promise<void> {
    this.#nowMs += ms;
    await this.pass(0);
  }

  #next(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }
}

/** Everything that promises have to do is done. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
