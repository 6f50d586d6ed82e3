import { scryptSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type DeriveHash,
  hashPassword,
  impossiblePassword,
  parseStoredPassword,
  PasswordChecker,
  SCRYPT_COST,
} from '../../../src/relay/passwords';

/** A hash that takes as long as the test wants, and counts how many run at once. */
class ManualHash {
  running = 0;
  mostRunning = 0;
  started = 0;
  readonly #open: (() => void)[] = [];

  readonly derive: DeriveHash = async (_password, _salt, _cost, length) => {
    this.started += 1;
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    await new Promise<void>((resolve) => this.#open.push(resolve));
    this.running -= 1;
    return new Uint8Array(length);
  };

  finishOne(): void {
    this.#open.shift()?.();
  }
}

/** Lets everything that is ready run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('hashPassword', () => {
  it('keeps algorithm, parameters, salt and hash in one text (SEC-4)', async () => {
    const stored = await hashPassword('sesame');
    const [name, cost, blockSize, parallelization, salt, hash, ...more] = stored.split('$');
    expect([name, cost, blockSize, parallelization, more]).toEqual(['scrypt', '16384', '8', '5', []]);
    const bytes = Buffer.from(salt ?? '', 'base64url');
    expect(bytes).toHaveLength(16);
    const expected = scryptSync('sesame', bytes, 32, { cost: 2 ** 14, blockSize: 8, parallelization: 5 });
    expect(hash).toBe(expected.toString('base64url'));
  });

  it('salts: the same password never gives the same text', async () => {
    const derive: DeriveHash = (_password, salt) => Promise.resolve(new Uint8Array(32).fill(salt[0] ?? 0));
    expect(await hashPassword('sesame', derive)).not.toBe(await hashPassword('sesame', derive));
  });
});

describe('parseStoredPassword', () => {
  const salt = 'A'.repeat(22);
  const hash = 'B'.repeat(43);

  it('reads back what hashPassword wrote', async () => {
    const stored = parseStoredPassword(
      await hashPassword('x', () => Promise.resolve(new Uint8Array(32).fill(7))),
    );
    expect(stored).toMatchObject(SCRYPT_COST);
    expect([...stored.hash]).toEqual(Array(32).fill(7));
    expect(stored.salt).toHaveLength(16);
  });

  it('reads other parameters, so that they can change one day', () => {
    expect(parseStoredPassword(`scrypt$32768$8$1$${salt}$${hash}`)).toMatchObject({
      cost: 32_768,
      blockSize: 8,
      parallelization: 1,
    });
  });

  it.each([
    ['', /form/],
    ['sesame', /form/],
    [`argon2$16384$8$5$${salt}$${hash}`, /form/],
    [`scrypt$16384$8$5$${salt}`, /form/],
    [`scrypt$16384$8$5$${salt}$short`, /form/],
    [`scrypt$16384$8$5$${salt}$${hash}$more`, /form/],
    [`scrypt$16383$8$5$${salt}$${hash}`, /range/],
    [`scrypt$1$8$5$${salt}$${hash}`, /range/],
    [`scrypt$16384$0$5$${salt}$${hash}`, /range/],
    [`scrypt$16384$8$0$${salt}$${hash}`, /range/],
    [`scrypt$16384$8$65$${salt}$${hash}`, /range/],
    [`scrypt$1073741824$8$1$${salt}$${hash}`, /256 MiB/],
  ])('refuses %j without repeating any of it (SEC-13, SEC-19)', (text, problem) => {
    expect(() => parseStoredPassword(text)).toThrow(problem);
    expect(() => parseStoredPassword(text)).toThrow(expect.not.stringContaining(hash));
  });
});

describe('PasswordChecker', () => {
  it('knows right from wrong with real hashes (SEC-4)', async () => {
    const checker = new PasswordChecker();
    const stored = parseStoredPassword(await hashPassword('sesame'));
    const given = ['sesame', 'Sesame', 'sesam', 'sesame ', ''];
    const results = await Promise.all(given.map((password) => checker.check(password, stored)));
    expect(results).toEqual([true, false, false, false, false]);
    expect(await checker.check('sesame', impossiblePassword())).toBe(false);
  });

  it('hashes 2 at once, keeps 64 waiting and turns the rest away at once (SEC-4)', async () => {
    const hash = new ManualHash();
    const checker = new PasswordChecker({ derive: hash.derive });
    const results = Array.from({ length: 200 }, () => checker.check('x', impossiblePassword()));
    const outcomes = { checked: 0, turnedAway: 0 };
    for (const result of results) {
      void result.then((isRight) => (outcomes[isRight === undefined ? 'turnedAway' : 'checked'] += 1));
    }
    await settle();
    expect(outcomes).toEqual({ checked: 0, turnedAway: 134 });
    for (let finished = 0; finished < 66; finished++) {
      hash.finishOne();
      await settle();
    }
    expect(outcomes).toEqual({ checked: 66, turnedAway: 134 });
    expect(hash).toMatchObject({ mostRunning: 2, started: 66, running: 0 });
  });

  it('never runs more than its bound when new checks come as old ones end (SEC-4)', async () => {
    const hash = new ManualHash();
    const checker = new PasswordChecker({ derive: hash.derive, concurrent: 1, queued: 2 });
    const results: Promise<boolean | undefined>[] = [];
    for (let round = 0; round < 20; round++) {
      results.push(checker.check('a', impossiblePassword()), checker.check('b', impossiblePassword()));
      hash.finishOne();
      await settle();
    }
    while (hash.running > 0) {
      hash.finishOne();
      await settle();
    }
    await Promise.all(results);
    expect(hash.mostRunning).toBe(1);
  });

  it('a hash that fails gives its place on (SEC-25)', async () => {
    const checker = new PasswordChecker({
      derive: () => Promise.reject(new Error('out of memory')),
      concurrent: 1,
    });
    await expect(checker.check('x', impossiblePassword())).rejects.toThrow('out of memory');
    await expect(checker.check('x', impossiblePassword())).rejects.toThrow('out of memory');
  });
});
