import { chmod, readFile, rename, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AccountFileError, changeAccountFile, parseAccountFile } from '../../../src/relay/account-file';
import { createLogger } from '../../../src/relay/logger';
import { type DeriveHash, hashPassword } from '../../../src/relay/passwords';
import { AccountFixture, accountOf } from '../../helpers/account-fixture';

const HOME = '192.0.2.1';

let accounts: AccountFixture;

beforeEach(async () => {
  accounts = await AccountFixture.create();
});

afterEach(() => accounts.dispose());

describe('changes of the account file', () => {
  it('a new account can log in at once, without a restart', async () => {
    await accounts.write(await accounts.record('lamp', 'sesame'));
    const store = await accounts.open();
    expect(await store.login('fridge', 'cold', HOME)).toMatchObject({ code: 8 });
    await accounts.write(await accounts.record('lamp', 'sesame'), await accounts.record('fridge', 'cold'));
    expect(await store.login('fridge', 'cold', HOME)).toMatchObject({ ok: true });
  });

  it('a new password counts at once, also against a known good one (SEC-5)', async () => {
    await accounts.write(await accounts.record('lamp', 'sesame'));
    const store = await accounts.open();
    const before = accountOf(await store.login('lamp', 'sesame', HOME));
    await accounts.write(await accounts.record('lamp', 'changed'));
    expect(await store.login('lamp', 'sesame', HOME)).toEqual({ ok: false, code: 8 });
    expect(accountOf(await store.login('lamp', 'changed', HOME))).toBe(before);
  });

  it('a removed account is out at once, and is another one when it comes back (SEC-9)', async () => {
    const lamp = await accounts.record('lamp', 'sesame');
    await accounts.write(lamp);
    const store = await accounts.open();
    const before = accountOf(await store.login('lamp', 'sesame', HOME));
    await accounts.write();
    expect(await store.login('lamp', 'sesame', HOME)).toEqual({ ok: false, code: 8 });
    await accounts.write(lamp);
    const after = accountOf(await store.login('lamp', 'sesame', HOME));
    expect(after).not.toBe(before);
    expect(after.id).not.toBe(before.id);
  });

  it('new networks are seen on the same account object, by running sessions too (SEC-10)', async () => {
    const lamp = await accounts.record('lamp', 'sesame', ['garden', 'cellar']);
    await accounts.write(lamp);
    const store = await accounts.open();
    const account = accountOf(await store.login('lamp', 'sesame', HOME));
    await accounts.write({ ...lamp, networks: ['garden'] });
    expect(accountOf(await store.login('lamp', 'sesame', HOME))).toBe(account);
    expect(account.networks).toEqual(new Set(['garden']));
    await accounts.write({ connectName: 'lamp', password: lamp.password });
    await store.login('lamp', 'sesame', HOME);
    expect(account.networks).toBeUndefined();
    expect(accounts.hash.calls).toEqual([]);
  });

  it('running sessions see new networks and the removal of their account without a login (SEC-10)', async () => {
    const lamp = await accounts.record('lamp', 'sesame', ['garden', 'cellar']);
    await accounts.write(lamp);
    const store = await accounts.open();
    const account = accountOf(await store.login('lamp', 'sesame', HOME));
    await accounts.write({ ...lamp, networks: ['garden'] });
    await vi.waitFor(() => expect(account.networks).toEqual(new Set(['garden'])), { timeout: 10_000 });
    await accounts.write();
    await vi.waitFor(() => expect(account.networks).toEqual(new Set()), { timeout: 10_000 });
    store.close();
  });

  it('a password that is changed while it is being checked lets nobody in with the old one', async () => {
    await accounts.write(await accounts.record('lamp', 'sesame'));
    const store = await accounts.open();
    let openGate = () => {};
    accounts.hash.gate = new Promise((resolve) => (openGate = resolve));
    const early = store.login('lamp', 'sesame', HOME);
    await vi.waitFor(() => expect(accounts.hash.calls).toHaveLength(1));
    const changed = await (async () => {
      const derive: DeriveHash = (_password, _salt, _cost, length) =>
        Promise.resolve(new Uint8Array(length).fill(9));
      return hashPassword('changed', derive);
    })();
    await changeAccountFile(accounts.file, () => [{ connectName: 'lamp', password: changed }]);
    const late = store.login('lamp', 'sesame', '198.51.100.1');
    await vi.waitFor(() => expect(accounts.hash.calls).toHaveLength(2));
    openGate();
    expect(await early).toEqual({ ok: false, code: 20 });
    expect(await late).toEqual({ ok: false, code: 8 });
  });

  it('a file that is faulty or gone for a while changes nothing and is reported once', async () => {
    const lines: string[] = [];
    await accounts.write(await accounts.record('lamp', 'sesame'));
    const store = await accounts.open({
      logger: createLogger({ format: 'json', level: 'error', write: (line) => lines.push(line) }),
    });
    await writeFile(accounts.file, '{ "version": 1, "accounts": [');
    for (let login = 0; login < 3; login++)
      expect(await store.login('lamp', 'sesame', HOME)).toMatchObject({ ok: true });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('not valid JSON');
    await unlink(accounts.file);
    for (let login = 0; login < 3; login++)
      expect(await store.login('lamp', 'sesame', HOME)).toMatchObject({ ok: true });
    expect(lines).toHaveLength(2);
    await accounts.write(await accounts.record('lamp', 'changed'));
    expect(await store.login('lamp', 'sesame', HOME)).toMatchObject({ code: 8 });
  });

  it('an unchanged file is not read again', async () => {
    const lines: string[] = [];
    await accounts.write(await accounts.record('lamp', 'sesame'));
    const store = await accounts.open({
      logger: createLogger({ format: 'json', write: (line) => lines.push(line) }),
    });
    for (let login = 0; login < 10; login++) await store.login('lamp', 'sesame', HOME);
    expect(lines.filter((line) => line.includes('accounts read'))).toHaveLength(1);
  });

  it.skipIf(process.platform === 'win32')('warns when other users may read the hashes', async () => {
    const lines: string[] = [];
    await accounts.write(await accounts.record('lamp', 'sesame'));
    await chmod(accounts.file, 0o644);
    await accounts.open({ logger: createLogger({ format: 'json', write: (line) => lines.push(line) }) });
    expect(lines.join('\n')).toContain('set mode 600');
  });
});

describe('changeAccountFile', () => {
  it('writes with mode 600 in one step and leaves nothing else behind', async () => {
    await accounts.write(await accounts.record('lamp', 'sesame', ['garden']));
    const { mode, ino } = await stat(accounts.file);
    expect(mode & 0o777).toBe(0o600);
    await chmod(accounts.file, 0o644);
    await accounts.write(await accounts.record('lamp', 'other'));
    const after = await stat(accounts.file);
    expect(after.mode & 0o777).toBe(0o600);
    expect(after.ino).not.toBe(ino);
    await expect(stat(`${accounts.file}.lock`)).rejects.toThrow('ENOENT');
  });

  it('changes at the same time follow each other: none is lost', async () => {
    const add = (connectName: string) =>
      changeAccountFile(accounts.file, (records) => [
        ...records,
        { connectName, password: template.password },
      ]);
    const template = await accounts.record('lamp', 'sesame');
    const names = Array.from({ length: 8 }, (_, n) => `name ${n}`);
    await Promise.all(names.map(add));
    const written = parseAccountFile(await readFile(accounts.file, 'utf8'), accounts.file).map(
      ({ connectName }) => connectName,
    );
    expect(written.sort()).toEqual(names);
  });

  it('a failing change leaves the file and its folder as they were', async () => {
    await accounts.write(await accounts.record('lamp', 'sesame'));
    const before = await readFile(accounts.file, 'utf8');
    const change = changeAccountFile(accounts.file, () => {
      throw new Error('no');
    });
    await expect(change).rejects.toThrow('no');
    await expect(
      changeAccountFile(accounts.file, () => [{ connectName: '', password: 'x' }]),
    ).rejects.toThrow(AccountFileError);
    expect(await readFile(accounts.file, 'utf8')).toBe(before);
    await expect(stat(`${accounts.file}.lock`)).rejects.toThrow('ENOENT');
  });

  it('follows a link to the file instead of replacing it', async () => {
    await accounts.write(await accounts.record('lamp', 'sesame'));
    const real = join(accounts.folder, 'real.json');
    await rename(accounts.file, real);
    await symlink(real, accounts.file);
    await accounts.write(await accounts.record('fridge', 'cold'));
    expect(await readFile(real, 'utf8')).toContain('fridge');
  });

  it('says which folder is missing', async () => {
    const lost = join(accounts.folder, 'no', 'accounts.json');
    await expect(changeAccountFile(lost, () => [])).rejects.toThrow(
      /no\/accounts\.json: it cannot be written \(ENOENT\); check its folder/,
    );
  });
});

describe('account file faults name the accounts.file, the entry and what to do', () => {
  const good = `scrypt$16384$8$5$${'A'.repeat(22)}$${'B'.repeat(43)}`;
  const one = (entry: unknown) =>
    JSON.stringify({ version: 1, accounts: [{ connectName: 'first', password: good }, entry] });
  it.each([
    ['no JSON', '{\n"version": 1,\n"accounts": [}', /accounts\.json: it is not valid JSON.* mend it/],
    ['an array', '[]', /one JSON object/],
    ['null', 'null', /one JSON object/],
    ['another version', '{"version":2,"accounts":[]}', /"version" must be 1/],
    ['no list', '{"version":1,"accounts":{}}', /"accounts" must be a list/],
    ['an unknown member', '{"version":1,"accounts":[],"admin":1}', /unknown member "admin"; remove it/],
    [
      '__proto__ as a member (SEC-12)',
      '{"version":1,"accounts":[],"__proto__":{}}',
      /unknown member "__proto__"/,
    ],
    ['a text as entry', one('x'), /entry 2: it must be an object/],
    [
      'an unknown member of an entry',
      one({ connectName: 'a', password: good, network: 1 }),
      /entry 2: unknown member "network"/,
    ],
    ['no name', one({ password: good }), /entry 2: the connect name must be a text, not undefined/],
    ['an empty name', one({ connectName: '', password: good }), /entry 2: the connect name is empty/],
    [
      'a long name',
      one({ connectName: 'x'.repeat(257), password: good }),
      /entry 2: .*257 characters; use at most 256/,
    ],
    [
      'a control character',
      one({ connectName: 'a\u0000', password: good }),
      /entry 2: .*control character; remove it/,
    ],
    [
      'a name twice',
      one({ connectName: 'first', password: good }),
      /entry 2: the connect name "first" stands there twice/,
    ],
    [
      'no password',
      one({ connectName: 'a' }),
      /entry 2: \("a"\) the password is missing; set it with "webifi account passwd"/,
    ],
    [
      'a plain password',
      one({ connectName: 'a', password: 'sesame' }),
      /entry 2: \("a"\) the password is not of the form/,
    ],
    [
      'networks that are no list',
      one({ connectName: 'a', password: good, networks: 'x' }),
      /entry 2: the networks must be a list/,
    ],
    [
      'no networks in the list',
      one({ connectName: 'a', password: good, networks: [] }),
      /entry 2: the list of networks is empty/,
    ],
    [
      'a network twice',
      one({ connectName: 'a', password: good, networks: ['x', 'x'] }),
      /entry 2: a network is named twice/,
    ],
    [
      'a network that is no text',
      one({ connectName: 'a', password: good, networks: [1] }),
      /entry 2: the network name must be a text/,
    ],
  ])('%s', (_what, text, problem) => {
    expect(() => parseAccountFile(text, '/x/accounts.json')).toThrow(problem);
    expect(() => parseAccountFile(text, '/x/accounts.json')).toThrow(AccountFileError);
  });

  it('a fault never repeats a password or a hash (SEC-19)', () => {
    for (const text of [
      `"${good}"x`,
      `{"version":1,"accounts":[{"password":"${good}",]}`,
      one({ connectName: 'a', password: `${good}CANARY` }),
    ]) {
      expect(() => parseAccountFile(text, 'f')).toThrow(expect.not.stringMatching(/BBBB|CANARY/) as string);
    }
  });

  it('a missing file says how to make one', async () => {
    await expect(accounts.open()).rejects.toThrow(
      /accounts\.json: there is no such file; make it with "webifi account add/,
    );
  });
});
