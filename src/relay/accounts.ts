import { randomBytes, timingSafeEqual } from 'node:crypto';
import { connectNameProblem, networksProblem, passwordProblem } from './account-rules';
import type { Account, AccountStore, LoginResult } from './account-types';
import { FileAccounts, type FileAccountsOptions } from './file-accounts';
import { generationOf, type LoginOptions, Logins, type Member, passwordDigest } from './logins';

export type { Account, AccountStore, LoginResult } from './account-types';
export type { FileAccountsOptions } from './file-accounts';
export type { LoginOptions } from './logins';

/** One account given in code, with its password in plain text. */
export interface InlineAccount {
  connectName: string;
  password: string;
  /** Left out: all networks are allowed. */
  networks?: readonly string[];
}

/**
 * Accounts that are given in code. Only digests of the passwords are kept; a check takes microseconds.
 *
 * @throws TypeError when an account is not valid or a connect name comes twice; the text names the account,
 *   never its password.
 */
export function inlineAccounts(accounts: readonly InlineAccount[], options: LoginOptions = {}): AccountStore {
  const key = randomBytes(32);
  const nobody = randomBytes(32);
  const members = new Map<string, Member<Uint8Array>>();
  accounts.forEach((given, index) => {
    checkInlineAccount(given, index, members.has(given.connectName));
    const { connectName, networks } = given;
    const generation = generationOf(options.resumeKey ?? key, connectName, given.password);
    const account = { id: index + 1, connectName, networks: networks && new Set(networks), generation };
    members.set(connectName, { account, secret: passwordDigest(key, given.password) });
  });
  const source = {
    find: (connectName: string) => members.get(connectName),
    check: (member: Member<Uint8Array> | undefined, password: { digest: Uint8Array }) => {
      const isSame = timingSafeEqual(password.digest, member?.secret ?? nobody);
      return Promise.resolve(isSame && member !== undefined);
    },
  };
  const logins = new Logins(source, key, options);
  return closable(
    (connectName, password, remoteAddress) => logins.login(connectName, password, remoteAddress),
    (connectName, generation) => logins.resume(connectName, generation),
  );
}

function checkInlineAccount(given: InlineAccount, index: number, isTaken: boolean): void {
  const problem =
    connectNameProblem(given.connectName) ??
    (isTaken ? 'another account has this connect name; give each one its own' : undefined) ??
    passwordProblem(given.password) ??
    (given.networks === undefined ? undefined : networksProblem(given.networks));
  if (problem === undefined) return;
  const name = typeof given.connectName === 'string' ? ` (${JSON.stringify(given.connectName)})` : '';
  throw new TypeError(`Account ${index + 1}${name}: ${problem}.`);
}

/**
 * The accounts of a file, kept up to date with it.
 *
 * @param path - A file of the form that `webifi account` writes.
 * @remarks
 * A change of the file counts from the next login on. An account that stays in the file stays the same object, with
 * its networks and password renewed; a removed one may use no network any more, and is a new account when it comes
 * back.
 * @throws AccountFileError when the file is missing or not valid now. Faults that come later are logged, and
 *   the accounts stay as they were.
 */
export function fileAccounts(path: string, options: FileAccountsOptions = {}): Promise<AccountStore> {
  return FileAccounts.open(path, options);
}

export interface OpenAccountsOptions {
  /**
   * Pairs of name and password that can be told apart; a new one beyond gets code 20. @defaultValue 10,000
   */
  maxAccounts?: number;
  /** As for accounts that are given in code. @defaultValue random */
  resumeKey?: Uint8Array | undefined;
}

/**
 * Lets everybody in: whoever uses the same connect name **and** the same password meets in one account
 * (SEC-29). For a relay that only this machine can reach.
 */
export function openAccounts({ maxAccounts = 10_000, resumeKey }: OpenAccountsOptions = {}): AccountStore {
  const key = resumeKey ?? randomBytes(32);
  const accounts = new Map<string, Account>();
  const enter = (connectName: string, generation: string): LoginResult => {
    const pair = `${generation}${connectName}`;
    let account = accounts.get(pair);
    if (account === undefined) {
      if (accounts.size >= maxAccounts) return { ok: false, code: 20 };
      account = { id: accounts.size + 1, connectName, networks: undefined, generation };
      accounts.set(pair, account);
    }
    return { ok: true, account };
  };
  // The generation stands for the password; the relay has sealed it into the token.
  return closable(
    (connectName, password) => Promise.resolve(enter(connectName, generationOf(key, connectName, password))),
    enter,
  );
}

const CLOSED: LoginResult = { ok: false, code: 20 };

function closable(
  login: AccountStore['login'],
  resume: (connectName: string, generation: string) => LoginResult,
): AccountStore {
  let isClosed = false;
  return {
    login: (...given) => (isClosed ? Promise.resolve(CLOSED) : login(...given)),
    resume: (...given) => Promise.resolve(isClosed ? CLOSED : resume(...given)),
    close: () => {
      isClosed = true;
    },
  };
}
