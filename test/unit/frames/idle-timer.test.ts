import { describe, expect, it } from 'vitest';
import { IdleTimer } from '../../../src/frames/idle-timer';

/** A clock that goes when told to, with room for one timer. */
class OneTimer {
  timers = 0;
  #now = 0;
  #due: { at: number; run: () => void } | undefined;

  readonly host = {
    now: () => this.#now,
    maskKey: () => 0,
    setTimer: (run: () => void, afterMs: number) => {
      this.timers += 1;
      const due = { at: this.#now + afterMs, run };
      this.#due = due;
      return () => {
        if (this.#due === due) this.#due = undefined;
      };
    },
  };

  goTo(ms: number): void {
    while (this.#due !== undefined && this.#due.at <= ms) {
      const { at, run } = this.#due;
      this.#due = undefined;
      this.#now = at;
      run();
    }
    this.#now = ms;
  }

  get isSet(): boolean {
    return this.#due !== undefined;
  }
}

describe('IdleTimer', () => {
  it('fires when nothing moved for the time', () => {
    const clock = new OneTimer();
    let fired = 0;
    const idle = new IdleTimer(clock.host, () => (fired += 1));
    idle.start(100);
    clock.goTo(99);
    expect(fired).toBe(0);
    clock.goTo(100);
    expect([fired, clock.isSet]).toEqual([1, false]);
  });

  it('begins anew with every sign of life, without a timer for each', () => {
    const clock = new OneTimer();
    let fired = 0;
    const idle = new IdleTimer(clock.host, () => (fired += 1));
    idle.start(100);
    for (let now = 1; now <= 1_000; now++) {
      clock.goTo(now);
      idle.touch();
    }
    expect([fired, clock.timers]).toEqual([0, 11]);
    clock.goTo(1_099);
    expect(fired).toBe(0);
    clock.goTo(1_100);
    expect(fired).toBe(1);
  });

  it('stops without a word, and goes on with the timer that is set', () => {
    const clock = new OneTimer();
    let fired = 0;
    const idle = new IdleTimer(clock.host, () => (fired += 1));
    idle.start(100);
    clock.goTo(50);
    idle.stop();
    idle.touch();
    clock.goTo(80);
    idle.start(100);
    expect(clock.timers).toBe(1);
    clock.goTo(179);
    expect(fired).toBe(0);
    clock.goTo(180);
    expect(fired).toBe(1);
    idle.start(100);
    idle.stop();
    clock.goTo(1_000);
    expect([fired, clock.isSet]).toEqual([1, false]);
  });

  it('sets an earlier timer for a shorter limit', () => {
    const clock = new OneTimer();
    let fired = 0;
    const idle = new IdleTimer(clock.host, () => (fired += 1));
    idle.start(1_000);
    idle.start(10);
    clock.goTo(10);
    expect(fired).toBe(1);
  });

  it('lets its timer go, and sets none without a limit', () => {
    const clock = new OneTimer();
    const idle = new IdleTimer(clock.host, () => expect.unreachable());
    idle.start(100);
    idle.cancel();
    idle.start(0);
    idle.touch();
    expect(clock.isSet).toBe(false);
    clock.goTo(1_000);
  });
});
