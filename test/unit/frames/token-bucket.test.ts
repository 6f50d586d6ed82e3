import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../src/frames/token-bucket';

/** Takes as fast as may be; the bytes that went until `untilMs`, asking for `wanted` at a time. */
function takenUntil(untilMs: number, perSecond: number, wanted: number): number {
  const bucket = new TokenBucket(perSecond, 0);
  let taken = 0;
  for (let now = 0; now <= untilMs;) {
    const count = bucket.take(wanted, now);
    taken += count;
    if (count === 0) {
      const waitMs = bucket.waitMs(wanted, now);
      expect(waitMs).toBeGreaterThan(0);
      now += waitMs;
    }
  }
  return taken;
}

describe('TokenBucket', () => {
  it.each([
    [1, 1],
    [1, 65_536],
    [7, 3],
    [1_000, 65_536],
    [1_000, 10],
    [64_000, 1],
    [64_000, 65_536],
    [123_456_789, 65_536],
  ])('%i bytes a second, asked for %i at a time: the rate, and a tenth of a second at once', (rate, wanted) => {
    const seconds = rate > 1_000_000 ? 1 : 10;
    const taken = takenUntil(seconds * 1_000, rate, wanted);
    expect(taken).toBeLessThanOrEqual(rate * seconds + Math.max(1, rate / 10));
    expect(taken).toBeGreaterThanOrEqual(rate * seconds * 0.99 - 1);
  });

  it('a long pause saves up no more than a tenth of a second', () => {
    const bucket = new TokenBucket(1_000, 0);
    expect(bucket.take(500, 0)).toBe(100);
    expect(bucket.take(500, 3_600_000)).toBe(100);
  });

  it('gives little only when little is wanted', () => {
    const bucket = new TokenBucket(1_000, 0);
    expect(bucket.take(100, 0)).toBe(100);
    expect([bucket.take(500, 10), bucket.waitMs(500, 10)]).toEqual([0, 40]);
    expect([bucket.take(8, 10), bucket.take(500, 52)]).toEqual([8, 0]);
    expect(bucket.take(500, 58)).toBe(50);
  });
});
