import type * as Crypto from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fileAccounts, inlineAccounts, type LoginResult, openAccounts } from '../../../src/relay/accounts';
import { hashPassword } from '../../../src/relay/passwords';
import { AccountFixture, accountOf } from '../../helpers/account-fixture';

const compared: { lengths: [number, number][] } = vi.hoisted(() => ({ lengths: [] }));

vi.mock('node:crypto', async (importOriginal) => {
  const crypto = await importOriginal<typeof Crypto>();
  const timingSafeEqual: typeof crypto.timingSafeEqual = (a, b) => {
    compared.lengths.push([a.byteLength, b.byteLength]);
    return crypto.timingSafeEqual(a, b);
  };
  return { ...crypto, timingSafeEqual };
});

const HOUR_MS = 60 * 60_000;
const HOME = '192.0.2.1';
const POLLUTERS = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', '0'];

class Clock {
  ms = 1000;
  readonly nowMs = () => this.ms;
}

let accounts: AccountFixture;

beforeEach(async () => {
  accounts = await AccountFixture.create();
});

afterEach(() => accounts.dispose());

describe.each(['inline', 'file'] as const)('logins with %s accounts', (kind) => {
  async function open(
    given: { connectName: string; password: string; networks?: string[] }[],
    clock = new Clock(),
  ) {
    if (kind === 'inline') return inlineAccounts(given, { nowMs: clock.nowMs });
    await accounts.write(
      ...(await Promise.all(given.map((g) => accounts.record(g.connectName, g.password, g.networks)))),
    );
    return accounts.open({ nowMs: clock.nowMs });
  }

  it('lets the right password in and gives code 8 for everything else (P-46 to P-51)', async () => {
    const store = await open([
      { connectName: 'lamp', password: 'sesame', networks: ['garden', 'cellar'] },
      { connectName: 'fridge', password: 'sesame' },
    ]);
    const lamp = accountOf(await store.login('lamp', 'sesame', HOME));
    const fridge = accountOf(await store.login('fridge', 'sesame', HOME));
    expect(lamp).toMatchObject({ connectName: 'lamp', networks: new Set(['garden', 'cellar']) });
    expect(fridge.networks).toBeUndefined();
    expect(lamp.id).not.toBe(fridge.id);
    expect(accountOf(await store.login('lamp', 'sesame', '198.51.100.7'))).toBe(lamp);
    for (const [name, password] of [
      ['lamp', 'Sesame'],
      ['lamp', ''],
      ['lamp', 'sesame '],
      ['Lamp', 'sesame'],
      ['', ''],
    ] as const) {
      expect(await store.login(name, password, HOME)).toEqual({ ok: false, code: 8 });
    }
  });

  it('names such as __proto__ are names like any other (SEC-12)', async () => {
    const store = await open(POLLUTERS.map((connectName) => ({ connectName, password: 'sesame' })));
    for (const name of POLLUTERS) {
      expect(accountOf(await store.login(name, 'sesame', HOME)).connectName).toBe(name);
      expect(await store.login(name, 'wrong', `10.0.0.${POLLUTERS.indexOf(name)}`)).toMatchObject({
        code: 8,
      });
    }
    const few = await open([{ connectName: 'lamp', password: 'sesame' }]);
    for (const name of POLLUTERS)
      expect(await few.login(name, 'sesame', HOME)).toEqual({ ok: false, code: 8 });
    expect(Object.getOwnPropertyNames({})).toEqual([]);
  });

  it('passwords are compared as digests of one length, whatever was sent (SEC-7)', async () => {
    const store = await open([{ connectName: 'lamp', password: 'sesame' }]);
    await store.login('lamp', 'sesame', HOME);
    compared.lengths = [];
    for (const password of ['', 's', 'sesame', 'sesame!', 'x'.repeat(8000), '\ud83d\ude00']) {
      await store.login('lamp', password, HOME);
      await store.login('nobody', password, HOME);
    }
    expect(compared.lengths.length).toBeGreaterThanOrEqual(12);
    expect(new Set(compared.lengths.flat())).toEqual(new Set([32]));
  });

  it('a thousand wrong tries are slowed down, and the known good password still passes (SEC-6)', async () => {
    const clock = new Clock();
    const store = await open([{ connectName: 'lamp', password: 'sesame' }], clock);
    const account = accountOf(await store.login('lamp', 'sesame', HOME));
    let refusedUnchecked = 0;
    for (let tries = 0; tries < 1000; tries++) {
      const result = await store.login('lamp', `wrong ${tries}`, `10.0.${tries >> 8}.${tries & 255}`);
      expect(result).toMatchObject({ ok: false, code: 8 });
      if (!result.ok && result.retryInMs !== undefined) refusedUnchecked += 1;
    }
    expect(refusedUnchecked).toBeGreaterThan(940);
    expect(accountOf(await store.login('lamp', 'sesame', HOME))).toBe(account);
    expect(accountOf(await store.login('lamp', 'sesame', '10.0.0.1'))).toBe(account);
  });

  it('a right password that is not known good waits for the lock to end (SEC-6)', async () => {
    const clock = new Clock();
    const store = await open([{ connectName: 'lamp', password: 'sesame' }], clock);
    for (let tries = 0; tries < 11; tries++) await store.login('lamp', `wrong ${tries}`, HOME);
    const result = await store.login('lamp', 'sesame', HOME);
    expect(result).toEqual({ ok: false, code: 8, retryInMs: 1000 });
    expect(await store.login('lamp', 'sesame', '198.51.100.1')).toMatchObject({ ok: true });
    clock.ms += 1000 + HOUR_MS;
    expect(await store.login('lamp', 'sesame', HOME)).toMatchObject({ ok: true });
  });

  it('a password is known good for one hour after it was last right (SEC-5)', async () => {
    const clock = new Clock();
    const store = await open([{ connectName: 'lamp', password: 'sesame' }], clock);
    await store.login('lamp', 'sesame', HOME);
    const lock = async () => {
      for (let tries = 0; tries < 200; tries++)
        await store.login('lamp', `wrong ${tries}`, `10.0.0.${tries}`);
    };
    clock.ms += HOUR_MS - 1;
    await lock();
    expect(await store.login('lamp', 'sesame', '10.0.0.1')).toMatchObject({ ok: true });
    clock.ms += HOUR_MS;
    await lock();
    expect(await store.login('lamp', 'sesame', '10.0.0.1')).toMatchObject({ ok: false, code: 8 });
  });

  it('an unknown name is locked like a known one, so that a lock tells nothing (SEC-6)', async () => {
    const outcomes = await Promise.all(
      ['lamp', 'nobody', 'x'.repeat(5000)].map(async (name) => {
        const store = await open([{ connectName: 'lamp', password: 'sesame' }]);
        const results: LoginResult[] = [];
        for (let tries = 0; tries < 100; tries++) {
          results.push(await store.login(name, `wrong ${tries}`, `10.0.${tries % 7}.1`));
        }
        return results;
      }),
    );
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[2]).toEqual(outcomes[0]);
    expect(outcomes[0]?.at(-1)).toMatchObject({ code: 8, retryInMs: expect.any(Number) as number });
  });

  it('a closed store lets nobody in', async () => {
    const store = await open([{ connectName: 'lamp', password: 'sesame' }]);
    await store.login('lamp', 'sesame', HOME);
    store.close();
    expect(await store.login('lamp', 'sesame', HOME)).toEqual({ ok: false, code: 20 });
  });
});

describe('logins that need a hash', () => {
  it('an unknown name costs a hash of the same parameters (SEC-6)', async () => {
    await accounts.write(await accounts.record('lamp', 'sesame'));
    const text = await readFile(accounts.file, 'utf8');
    await writeFile(accounts.file, text.replace('scrypt$16384$', 'scrypt$32768$'));
    const store = await accounts.open();
    await store.login('lamp', 'wrong', HOME);
    await store.login('nobody', 'wrong', HOME);
    expect(accounts.hash.calls).toEqual([
      { password: 'wrong', cost: 32_768 },
      { password: 'wrong', cost: 32_768 },
    ]);
  });

  it('10,000 reconnects of one account cost one hash, also when they come all at once (SEC-5)', async () => {
    await accounts.write(await accounts.record('lamp', 'sesame'));
    const store = await accounts.open();
    const atOnce = await Promise.all(Array.from({ length: 5000 }, () => store.login('lamp', 'sesame', HOME)));
    for (let login = 0; login < 5000; login++) atOnce.push(await store.login('lamp', 'sesame', HOME));
    expect(atOnce.every((result) => result.ok)).toBe(true);
    expect(accounts.hash.calls).toHaveLength(1);
  });

  it('when too many hashes are wanted the rest gets code 20, and nobody is blamed for it (SEC-4)', async () => {
    const clock = new Clock();
    await accounts.write(await accounts.record('lamp', 'sesame'));
    const store = await accounts.open({ nowMs: clock.nowMs });
    let openGate = () => {};
    accounts.hash.gate = new Promise((resolve) => (openGate = resolve));
    const results = Array.from({ length: 200 }, (_, n) => store.login(`name ${n}`, 'x', `10.0.0.${n}`));
    await vi.waitFor(() => expect(accounts.hash.calls).toHaveLength(2));
    openGate();
    const codes = (await Promise.all(results)).map((result) => (result.ok ? 0 : result.code));
    expect(codes.filter((code) => code === 8)).toHaveLength(66);
    expect(codes.filter((code) => code === 20)).toHaveLength(134);
    expect(await store.login('lamp', 'sesame', '10.0.0.199')).toMatchObject({ ok: true });
  });

  it('one address cannot run more guesses in parallel than one after the other (SEC-6)', async () => {
    await accounts.write(await accounts.record('lamp', 'sesame'));
    const store = await accounts.open();
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, n) => store.login('lamp', `wrong ${n}`, HOME)),
    );
    expect(accounts.hash.calls).toHaveLength(10);
    expect(results.filter((result) => !result.ok && result.code === 20)).toHaveLength(50);
  });

  it('real hashes: 200 logins at once take no more memory than two of them need (SEC-4)', async () => {
    await accounts.write({ connectName: 'lamp', password: await hashPassword('sesame') });
    const store = await fileAccounts(accounts.file, { passwords: { queued: 3 } });
    const logins = (round: string) =>
      Promise.all(
        Array.from({ length: 200 }, (_, n) => store.login(`${round} ${n % 8}`, `wrong ${n}`, `10.0.0.${n}`)),
      );
    await logins('warm-up');
    const before = memoryOutsideHeap();
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, memoryOutsideHeap())), 5);
    const results = await logins('measured');
    clearInterval(watch);
    const codes = results.map((result) => (result.ok ? 0 : result.code));
    expect(codes.filter((code) => code === 8)).toHaveLength(5);
    expect(codes.filter((code) => code === 20)).toHaveLength(195);
    expect(most - before).toBeLessThanOrEqual(64 * 1024 * 1024);
    expect(await store.login('lamp', 'sesame', HOME)).toMatchObject({ ok: true });
  });
});

/** Where hashes take their memory; the test runner's own garbage is left out. */
function memoryOutsideHeap(): number {
  const { rss, heapTotal } = process.memoryUsage();
  return rss - heapTotal;
}

describe('inlineAccounts', () => {
  it.each([
    [[{ connectName: '', password: 'x' }], /Account 1 \(""\): the connect name is empty/],
    [[{ connectName: 'a', password: '' }], /Account 1 \("a"\): the password is empty/],
    [
      [
        { connectName: 'a', password: 'x' },
        { connectName: 'a', password: 'y' },
      ],
      /Account 2 \("a"\): another account/,
    ],
    [[{ connectName: 'a', password: 'x', networks: [] }], /Account 1 \("a"\): the list of networks is empty/],
  ])('refuses %j', (accounts, problem) => {
    expect(() => inlineAccounts(accounts)).toThrow(problem);
  });

  it('never puts a password into the fault (SEC-19)', () => {
    expect(() => inlineAccounts([{ connectName: 'a', password: 'CANARY'.repeat(500) }])).toThrow(
      expect.not.stringContaining('CANARY') as string,
    );
  });
});

describe('openAccounts (SEC-29)', () => {
  it('meets who uses the same name and the same password, and nobody else', async () => {
    const store = openAccounts();
    const lamp = accountOf(await store.login('lamp', 'sesame', HOME));
    expect(accountOf(await store.login('lamp', 'sesame', '198.51.100.1'))).toBe(lamp);
    const others = [
      ['lamp', 'Sesame'],
      ['Lamp', 'sesame'],
      ['lam', 'psesame'],
      ['lamp","sesame', ''],
      ['', ''],
      ['__proto__', 'x'],
    ] as const;
    const accounts = await Promise.all(
      others.map(async ([name, password]) => accountOf(await store.login(name, password, HOME))),
    );
    expect(new Set([lamp, ...accounts]).size).toBe(others.length + 1);
    expect(new Set([lamp, ...accounts].map(({ id }) => id)).size).toBe(others.length + 1);
    expect(accounts[0]).toMatchObject({ connectName: 'lamp', networks: undefined });
  });

  it('holds a bounded number of accounts and keeps letting the known ones in', async () => {
    const store = openAccounts({ maxAccounts: 3 });
    for (const name of ['a', 'b', 'c'])
      expect(await store.login(name, 'x', HOME)).toMatchObject({ ok: true });
    expect(await store.login('d', 'x', HOME)).toEqual({ ok: false, code: 20 });
    expect(await store.login('a', 'x', HOME)).toMatchObject({ ok: true });
    store.close();
    expect(await store.login('a', 'x', HOME)).toEqual({ ok: false, code: 20 });
  });
});
