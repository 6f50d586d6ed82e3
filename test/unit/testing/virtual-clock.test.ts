import { describe, expect, it } from 'vitest';
import { seededRandom, VirtualClock } from '../../../src/testing';

describe('VirtualClock', () => {
  it('fires timers in the order of their moments, those of one moment in the order they were set', async () => {
    const clock = new VirtualClock({ startMs: 100 });
    const fired: string[] = [];
    const note = (name: string, ms: number) => clock.setTimer(() => fired.push(`${name} at ${clock.now()}`), ms);
    note('late', 30);
    note('first', 10);
    note('second', 10);
    const takeBack = note('never', 20);
    takeBack();
    await clock.pass(29);
    expect(fired).toEqual(['first at 110', 'second at 110']);
    await clock.pass(1);
    expect(fired.at(-1)).toBe('late at 130');
    expect([clock.now(), clock.timers]).toEqual([130, 0]);
  });

  it('lets promises run before the next timer', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    clock.setTimer(() => void Promise.resolve().then(() => clock.setTimer(() => seen.push('caused'), 1)), 1);
    clock.setTimer(() => seen.push('later'), 3);
    await clock.pass(3);
    expect(seen).toEqual(['caused', 'later']);
  });

  it('stops when what is waited for has come, and tells when it has not', async () => {
    const clock = new VirtualClock();
    let isReached = false;
    clock.setTimer(() => (isReached = true), 40);
    expect(await clock.passUntil(() => isReached, 10)).toBe(false);
    expect(clock.now()).toBe(10);
    expect(await clock.passUntil(() => isReached, 1000)).toBe(true);
    expect(clock.now()).toBe(40);
  });

  it('fires what was due while it slept, late and at once', async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    for (const ms of [10, 20]) clock.setTimer(() => fired.push(clock.now()), ms);
    await clock.jump(1000);
    expect(fired).toEqual([1000, 1000]);
  });

  it('has the same chance in every run with the same seed', () => {
    const numbers = (random: () => number) => Array.from({ length: 5 }, () => random());
    const clock = new VirtualClock({ seed: 7 });
    expect(numbers(() => clock.random())).toEqual(numbers(seededRandom(7)));
    expect(numbers(seededRandom(8))).not.toEqual(numbers(seededRandom(7)));
    for (const number of numbers(seededRandom(7))) expect(number).toBeGreaterThanOrEqual(0);
    for (const number of numbers(seededRandom(7))) expect(number).toBeLessThan(1);
  });
});
