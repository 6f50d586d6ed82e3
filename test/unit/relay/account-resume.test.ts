import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeAccountFile } from '../../../src/relay/account-file';
import { type AccountStore, inlineAccounts, openAccounts } from '../../../src/relay/accounts';
import { AccountFixture, accountOf } from '../../helpers/account-fixture';

const HOME = '192.0.2.1';
const KEY = new Uint8Array(32).fill(7);
const WRONG = { ok: false, code: 8 };

/** What a token of this account would say. */
async function generationFor(store: AccountStore, connectName: string, password: string): Promise<string> {
  const { generation } = accountOf(await store.login(connectName, password, HOME));
  expect(generation).toMatch(/^[0-9a-f]{16}$/);
  return generation!;
}

describe('X-38 coming back to inline accounts without a password', () => {
  const given = [{ connectName: 'lamp', password: 'sesame' }, { connectName: 'fridge', password: 'sesame' }];

  it('leads to the account of the password, with its present generation only', async () => {
    const store = inlineAccounts(given);
    const generation = await generationFor(store, 'lamp', 'sesame');
    const lamp = accountOf(await store.login('lamp', 'sesame', HOME));
    expect(accountOf(await store.resume!('lamp', generation))).toBe(lamp);
    expect(await store.resume!('fridge', generation)).toEqual(WRONG);
    expect(await store.resume!('nobody', generation)).toEqual(WRONG);
    expect(await store.resume!('lamp', '0000000000000000')).toEqual(WRONG);
    store.close();
    expect(await store.resume!('lamp', generation)).toMatchObject({ ok: false, code: 20 });
  });

  it('outlives a restart with the same key and password, and nothing else', async () => {
    const generation = await generationFor(inlineAccounts(given, { resumeKey: KEY }), 'lamp', 'sesame');
    expect((await inlineAccounts(given, { resumeKey: KEY }).resume!('lamp', generation)).ok).toBe(true);
    expect(await inlineAccounts(given).resume!('lamp', generation)).toEqual(WRONG);
    const changed = [{ connectName: 'lamp', password: 'another' }];
    expect(await inlineAccounts(changed, { resumeKey: KEY }).resume!('lamp', generation)).toEqual(WRONG);
  });
});

describe('X-38 coming back to the accounts of a file without a password', () => {
  let accounts: AccountFixture;
  beforeEach(async () => {
    accounts = await AccountFixture.create();
    await accounts.write(await accounts.record('lamp', 'sesame', ['garden']));
  });
  afterEach(() => accounts.dispose());

  it('computes no hash, and outlives a restart', async () => {
    const generation = await generationFor(await accounts.open(), 'lamp', 'sesame');
    const after = await accounts.open();
    const { calls } = accounts.hash;
    const before = calls.length;
    const account = accountOf(await after.resume!('lamp', generation));
    expect(account.networks).toEqual(new Set(['garden']));
    expect(await after.resume!('lamp', 'ffffffffffffffff')).toEqual(WRONG);
    expect(calls.length).toBe(before);
  });

  it('ends with the password, not with a change of networks', async () => {
    const store = await accounts.open();
    const generation = await generationFor(store, 'lamp', 'sesame');
    await changeAccountFile(accounts.file, (records) => records.map((record) => ({ ...record, networks: ['cellar'] })));
    expect(accountOf(await store.resume!('lamp', generation)).networks).toEqual(new Set(['cellar']));
    const renewed = await accounts.record('lamp', 'new words', ['cellar']);
    await changeAccountFile(accounts.file, () => [renewed]);
    expect(await store.resume!('lamp', generation)).toEqual(WRONG);
    const next = await generationFor(store, 'lamp', 'new words');
    expect(next).not.toBe(generation);
    expect((await store.resume!('lamp', next)).ok).toBe(true);
  });

  it('ends with the account, and does not come back with a new one of the same name', async () => {
    const store = await accounts.open();
    const generation = await generationFor(store, 'lamp', 'sesame');
    await changeAccountFile(accounts.file, () => []);
    expect(await store.resume!('lamp', generation)).toEqual(WRONG);
    const again = await accounts.record('lamp', 'sesame');
    await changeAccountFile(accounts.file, () => [again]);
    expect(await store.resume!('lamp', generation)).toEqual(WRONG);
    store.close();
    expect(await store.resume!('lamp', generation)).toEqual({ ok: false, code: 20 });
  });
});

describe('X-38 coming back where everybody may come in', () => {
  it('meets those with the same name and password, after a restart too', async () => {
    const generation = await generationFor(openAccounts({ resumeKey: KEY }), 'lamp', 'sesame');
    const after = openAccounts({ resumeKey: KEY, maxAccounts: 2 });
    const account = accountOf(await after.resume!('lamp', generation));
    expect(accountOf(await after.login('lamp', 'sesame', HOME))).toBe(account);
    expect(accountOf(await after.login('lamp', 'other', HOME))).not.toBe(account);
    expect(await after.resume!('more', generation)).toMatchObject({ ok: false, code: 20 });
    after.close();
    expect(await after.resume!('lamp', generation)).toMatchObject({ ok: false, code: 20 });
  });

  it('has other generations with another key', async () => {
    const one = await generationFor(openAccounts(), 'lamp', 'sesame');
    expect(await generationFor(openAccounts(), 'lamp', 'sesame')).not.toBe(one);
  });
});
