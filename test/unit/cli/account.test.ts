import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/account';
import { CommandError, UsageError } from '../../../src/cli/failures';
import { changeAccountFile } from '../../../src/relay/account-file';
import { fileAccounts } from '../../../src/relay/accounts';
import { FakeTerminal } from '../../helpers/fake-terminal';

const HASH = `scrypt$16384$8$5$${'A'.repeat(22)}$${'B'.repeat(43)}`;

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webifi-account-'));
  file = join(folder, 'accounts.json');
});

afterEach(() => rm(folder, { recursive: true }));

async function account(args: string[], password = 'sesame'): Promise<string> {
  const terminal = new FakeTerminal({ env: { WEBIFI_PASSWORD: password } });
  expect(await run([...args, '--accounts', file], terminal)).toBe(0);
  return terminal.output;
}

describe('webifi account', () => {
  it('adds, lists, changes and removes; a relay on the same file follows', async () => {
    expect(await account(['add', 'lamp', '--networks', 'garden, cellar'])).toBe(`added "lamp" to ${file}\n`);
    expect(await account(['add', 'fridge'])).toContain('added "fridge"');
    expect(await account(['list'])).toBe('lamp\tgarden, cellar\nfridge\t(all networks)\n');
    const store = await fileAccounts(file);
    expect(await store.login('lamp', 'sesame', '127.0.0.1')).toMatchObject({
      ok: true,
      account: { networks: new Set(['garden', 'cellar']) },
    });
    expect(await account(['passwd', 'lamp'], 'changed')).toContain('changed the password of "lamp"');
    expect(await store.login('lamp', 'sesame', '127.0.0.1')).toMatchObject({ code: 8 });
    expect(await store.login('lamp', 'changed', '127.0.0.1')).toMatchObject({
      account: { networks: new Set(['garden', 'cellar']) },
    });
    expect(await account(['remove', 'lamp'])).toBe(`removed "lamp" from ${file}\n`);
    expect(await store.login('lamp', 'changed', '127.0.0.1')).toMatchObject({ code: 8 });
    expect(await account(['list'])).toBe('fridge\t(all networks)\n');
  });

  it('neither the file nor the output holds a password, and list shows no hash (SEC-19)', async () => {
    const output = [await account(['add', 'lamp'], 'CaNaRy')];
    output.push(
      await account(['list']),
      await account(['passwd', 'lamp'], 'CaNaRy2'),
      await account(['remove', 'lamp']),
    );
    await account(['add', 'lamp'], 'CaNaRy');
    const text = await readFile(file, 'utf8');
    expect(text).not.toContain('CaNaRy');
    expect(text).toContain('scrypt$16384$8$5$');
    expect(output.join('')).not.toMatch(/CaNaRy|scrypt/);
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty', 'two words', '\u00e9t\u00e9'])(
    '%s is a name (SEC-12)',
    async (name) => {
      await changeAccountFile(file, () => [{ connectName: 'other', password: HASH }]);
      await account(['add', name]);
      expect(await account(['list'])).toBe(`other\t(all networks)\n${name}\t(all networks)\n`);
      await account(['remove', name]);
      expect(await account(['list'])).toBe('other\t(all networks)\n');
    },
  );

  it('a name cannot steer the terminal of who lists it (SEC-19)', async () => {
    await changeAccountFile(file, () => [{ connectName: 'a\u202eb', password: HASH, networks: ['x\u2066'] }]);
    expect(await account(['list'])).toMatch(/^a\\u\{202e\}b\tx\\u\{2066\}\n$/);
  });

  it.each([
    [['add', 'lamp'], /there is an account "lamp" in .* already; use "webifi account passwd"/],
    [['passwd', 'nobody'], /there is no account "nobody" in .*; see "webifi account list"/],
    [['remove', 'nobody'], /there is no account "nobody"/],
  ])('%j fails and changes nothing', async (args, problem) => {
    await changeAccountFile(file, () => [{ connectName: 'lamp', password: HASH }]);
    const before = await readFile(file, 'utf8');
    const attempt = account(args);
    await expect(attempt).rejects.toThrow(problem);
    await expect(attempt).rejects.toThrow(CommandError);
    expect(await readFile(file, 'utf8')).toBe(before);
  });

  it.each([['list'], ['remove', 'lamp'], ['passwd', 'lamp']])(
    '%s tells when there is no file yet',
    async (...args) => {
      await expect(account(args)).rejects.toThrow(/there is no such file; make it with/);
    },
  );

  it('tells which entry of a faulty file is wrong', async () => {
    await writeFile(
      file,
      JSON.stringify({ version: 1, accounts: [{ connectName: 'a', password: 'plain' }] }),
    );
    await expect(account(['list'])).rejects.toThrow(/entry 1: \("a"\) the password is not of the form/);
    await expect(account(['add', 'b'])).rejects.toThrow(CommandError);
  });

  it.each([
    [[], /say what to do: account add, account list, account passwd, account remove/],
    [['delete', 'x'], /say what to do/],
    [['add'], /the connect name is empty/],
    [['add', ''], /the connect name is empty/],
    [['add', 'a\nb'], /control character/],
    [['add', 'x'.repeat(257)], /257 characters/],
    [['list', 'x'], /account list takes no name/],
    [['passwd', 'x', '--networks', 'a'], /--networks goes with account add only/],
    [['remove', 'x', '--password-stdin'], /--password-stdin goes with/],
    [['add', 'x', '--networks', 'a,a'], /a network is named twice/],
    [['add', 'x', '--networks', ''], /holds an empty name/],
    [['add', 'x', 'password'], /1 argument too many/],
  ])('refuses the command line %j', async (args, problem) => {
    const attempt = run([...args, '--accounts', file], new FakeTerminal({ env: { WEBIFI_PASSWORD: 'x' } }));
    await expect(attempt).rejects.toThrow(problem);
    await expect(attempt).rejects.toThrow(UsageError);
    await expect(readFile(file)).rejects.toThrow('ENOENT');
  });

  it('refuses a password that is too long without repeating it', async () => {
    await expect(account(['add', 'lamp'], 'x'.repeat(1025))).rejects.toThrow(
      'the password has 1025 characters; use at most 1024',
    );
  });

  it('--help tells about files and passwords', async () => {
    const output = await account(['--help']);
    expect(output).toMatch(/^Usage: webifi account add NAME/);
    expect(output).toContain('webifi-accounts.json');
    expect(output).toContain('WEBIFI_PASSWORD');
  });
});
