import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressKey,
  DEFAULT_GUESSING_LIMITS,
  Guessing,
  type GuessingLimits,
} from '../../../src/relay/guessing';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const LIMITS: GuessingLimits = {
  pair: { burst: 3, forgetMs: 15 * MINUTE_MS },
  account: { burst: 5, forgetMs: MINUTE_MS },
  address: { burst: 7, forgetMs: MINUTE_MS },
  firstDelayMs: 1000,
  maxDelayMs: 15 * MINUTE_MS,
  maxBuckets: 100,
};

/** One wrong password, if the pair may try at all. Returns whether it could. */
function tryWrong(guessing: Guessing, name: string, address: string, nowMs: number): boolean {
  if (guessing.lockedForMs(name, address, nowMs) > 0) return false;
  const attempt = guessing.begin(name, address, nowMs);
  attempt?.settle('wrong', nowMs);
  return attempt !== undefined;
}

/** Wrong tries that get through when the guesser tries again as soon as possible, until `untilMs`. */
function guessUntil(guessing: Guessing, untilMs: number, addressOf: (tries: number) => string): number {
  let nowMs = 0;
  let tries = 0;
  while (nowMs < untilMs) {
    const address = addressOf(tries);
    if (tryWrong(guessing, 'lamp', address, nowMs)) tries += 1;
    else nowMs += Math.max(1, guessing.lockedForMs('lamp', address, nowMs));
  }
  return tries;
}

describe('Guessing (SEC-6)', () => {
  it('lets the burst of a pair pass, then doubles the delay up to 15 minutes', () => {
    const guessing = new Guessing({ ...LIMITS, account: { burst: 99, forgetMs: 1 } });
    const delays: number[] = [];
    let nowMs = 0;
    for (let tries = 0; tries < 18; tries++) {
      expect(tryWrong(guessing, 'lamp', '192.0.2.1', nowMs)).toBe(true);
      const delayMs = guessing.lockedForMs('lamp', '192.0.2.1', nowMs);
      delays.push(delayMs);
      nowMs += delayMs;
    }
    expect(delays.slice(0, 6)).toEqual([0, 0, 0, 1000, 2000, 4000]);
    expect(Math.max(...delays)).toBe(15 * MINUTE_MS);
    expect(delays.at(-1)).toBe(15 * MINUTE_MS);
  });

  it('locks an address that tries one password on many names', () => {
    const guessing = new Guessing(LIMITS);
    for (let tries = 0; tries < 8; tries++) tryWrong(guessing, `name ${tries}`, '192.0.2.1', 0);
    expect(guessing.lockedForMs('lamp', '192.0.2.1', 0)).toBe(1000);
    expect(guessing.lockedForMs('lamp', '198.51.100.1', 0)).toBe(0);
  });

  it('locks an account for all addresses once many of them have guessed at it', () => {
    const guessing = new Guessing(LIMITS);
    for (let tries = 0; tries < 6; tries++) tryWrong(guessing, 'lamp', `192.0.2.${tries}`, 0);
    expect(guessing.lockedForMs('lamp', '198.51.100.1', 0)).toBe(1000);
    expect(guessing.lockedForMs('fridge', '198.51.100.1', 0)).toBe(0);
  });

  it('one address that guesses at one account locks neither the account nor its own other accounts', () => {
    const guessing = new Guessing(DEFAULT_GUESSING_LIMITS);
    for (let nowMs = 0; nowMs < DAY_MS; nowMs += 5000) {
      tryWrong(guessing, 'lamp', '192.0.2.1', nowMs);
      const others = guessing.lockedForMs('lamp', '198.51.100.1', nowMs);
      expect(others + guessing.lockedForMs('fridge', '192.0.2.1', nowMs)).toBe(0);
    }
  });

  it('a day gives one address about a hundred tries at an account, and all addresses together about 1,440', () => {
    expect(guessUntil(new Guessing(), DAY_MS, () => '192.0.2.1')).toBeLessThanOrEqual(10 + 96 + 11);
    const anywhere = (tries: number) => `10.${tries >> 16}.${(tries >> 8) & 255}.${tries & 255}`;
    expect(guessUntil(new Guessing(), DAY_MS, anywhere)).toBeLessThanOrEqual(50 + 1440 + 11);
  });

  it('a right password costs nothing, leaves nothing and forgives nothing', () => {
    const guessing = new Guessing(LIMITS);
    for (let tries = 0; tries < 1000; tries++) guessing.begin('lamp', '192.0.2.1', 0)?.settle('right', 0);
    expect(guessing.size).toBe(0);
    for (let tries = 0; tries < 3; tries++) tryWrong(guessing, 'lamp', '192.0.2.1', 0);
    guessing.begin('mine', '192.0.2.1', 0)?.settle('right', 0);
    tryWrong(guessing, 'lamp', '192.0.2.1', 0);
    expect(guessing.lockedForMs('lamp', '192.0.2.1', 0)).toBe(1000);
  });

  it('tries that are being checked count as if they were wrong, so that nobody guesses in parallel', () => {
    const guessing = new Guessing(LIMITS);
    const running = [1, 2, 3].map(() => guessing.begin('lamp', '192.0.2.1', 0));
    expect(running.every((attempt) => attempt !== undefined)).toBe(true);
    expect(guessing.begin('lamp', '192.0.2.1', 0)).toBeUndefined();
    expect(guessing.begin('fridge', '192.0.2.1', 0)).toBeDefined();
    running[0]?.settle('unchecked', 0);
    expect(guessing.begin('lamp', '192.0.2.1', 0)).toBeDefined();
  });

  it('forgets one wrong try per interval and drops the bucket when nothing is left', () => {
    const guessing = new Guessing(LIMITS);
    for (let tries = 0; tries < 3; tries++) tryWrong(guessing, 'lamp', '192.0.2.1', 0);
    expect(guessing.size).toBe(3);
    guessing.begin('lamp', '192.0.2.1', 45 * MINUTE_MS)?.settle('right', 45 * MINUTE_MS);
    expect(guessing.size).toBe(0);
  });

  it('memory is bounded: the oldest bucket goes, a lately locked one stays', () => {
    const guessing = new Guessing(LIMITS);
    for (let name = 0; name < 1000; name++) {
      tryWrong(guessing, `name ${name}`, `2001:db8:0:${name.toString(16)}::1`, 0);
      expect(guessing.size).toBeLessThanOrEqual(300);
    }
    for (let tries = 0; tries < 8; tries++) tryWrong(guessing, `spread ${tries}`, '192.0.2.1', 0);
    for (let name = 0; name < 50; name++)
      tryWrong(guessing, `more ${name}`, `2001:db8:1:${name.toString(16)}::1`, 0);
    expect(guessing.lockedForMs('x', '192.0.2.1', 0)).toBe(1000);
  });

  it('room is made with buckets that have nothing left to remember first', () => {
    const limits = { ...LIMITS, account: { burst: 1, forgetMs: 1000 }, firstDelayMs: 10_000, maxBuckets: 3 };
    const guessing = new Guessing(limits);
    tryWrong(guessing, 'locked', '192.0.2.1', 0);
    tryWrong(guessing, 'locked', '192.0.2.1', 0);
    tryWrong(guessing, 'forgotten', '192.0.2.2', 0);
    tryWrong(guessing, 'third', '192.0.2.2', 1500);
    tryWrong(guessing, 'fourth', '192.0.2.2', 1500);
    expect(guessing.lockedForMs('locked', '192.0.2.9', 1500)).toBe(8500);
  });

  it.each(['__proto__', 'constructor', 'prototype', 'hasOwnProperty', '0'])(
    '%s is a name like any other (SEC-12)',
    (name) => {
      const guessing = new Guessing(LIMITS);
      expect(guessing.lockedForMs(name, name, 0)).toBe(0);
      for (let tries = 0; tries < 6; tries++) tryWrong(guessing, name, `192.0.2.${tries}`, 0);
      expect(guessing.lockedForMs(name, '198.51.100.9', 0)).toBe(1000);
      expect(guessing.lockedForMs('other', '198.51.100.9', 0)).toBe(0);
    },
  );

  it('whatever the order of tries, a delay is never above the longest and a settled state never blocks for ever', () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b'),
      address: fc.constantFrom('192.0.2.1', '192.0.2.2'),
      outcome: fc.constantFrom('right' as const, 'wrong' as const, 'unchecked' as const),
      waitMs: fc.nat(2 * MINUTE_MS),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const guessing = new Guessing(LIMITS);
        let nowMs = 0;
        for (const { name, address, outcome, waitMs } of steps) {
          nowMs += waitMs;
          const lockedForMs = guessing.lockedForMs(name, address, nowMs);
          expect(lockedForMs).toBeLessThanOrEqual(LIMITS.maxDelayMs);
          if (lockedForMs === 0) guessing.begin(name, address, nowMs)?.settle(outcome, nowMs);
        }
        nowMs += LIMITS.maxDelayMs;
        expect(guessing.lockedForMs('a', '192.0.2.1', nowMs)).toBe(0);
        expect(guessing.begin('a', '192.0.2.1', nowMs)).toBeDefined();
      }),
    );
  });
});

describe('addressKey', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
    ['2001:0DB8:0000:0001::5', '2001:db8:0:1::/64'],
    ['2001:db8::5', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
  ])('%s counts as %s (SEC-6)', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});
