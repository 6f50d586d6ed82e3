import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AccountRecord, changeAccountFile } from '../../src/relay/account-file';
import {
  type AccountStore,
  fileAccounts,
  type FileAccountsOptions,
  type LoginResult,
} from '../../src/relay/accounts';
import { type DeriveHash, hashPassword } from '../../src/relay/passwords';

/** A quick stand-in for scrypt that counts. It still depends on password and salt. */
export class QuickHash {
  calls: { password: string; cost: number }[] = [];
  /** When set, hashes wait until it resolves. */
  gate: Promise<void> | undefined;

  readonly derive: DeriveHash = async (password, salt, cost, length) => {
    this.calls.push({ password, cost: cost.cost });
    await this.gate;
    const bytes = Buffer.alloc(length);
    Buffer.from(password).copy(bytes, 1);
    bytes[0] = salt[0] ?? 0;
    return bytes;
  };
}

/** An account file in a folder of its own, and stores that read it with quick hashes. */
export class AccountFixture {
  readonly hash = new QuickHash();
  readonly file: string;
  readonly #stores: AccountStore[] = [];

  private constructor(readonly folder: string) {
    this.file = join(folder, 'accounts.json');
  }

  static async create(): Promise<AccountFixture> {
    return new AccountFixture(await mkdtemp(join(tmpdir(), 'webifi-accounts-')));
  }

  async record(connectName: string, password: string, networks?: string[]): Promise<AccountRecord> {
    const stored = await hashPassword(password, this.hash.derive);
    return { connectName, password: stored, ...(networks && { networks }) };
  }

  /** Replaces the accounts of the file and forgets the hashes counted so far. */
  async write(...records: AccountRecord[]): Promise<void> {
    await changeAccountFile(this.file, () => records);
    this.hash.calls = [];
  }

  async open(options: FileAccountsOptions = {}): Promise<AccountStore> {
    const store = await fileAccounts(this.file, { passwords: { derive: this.hash.derive }, ...options });
    this.#stores.push(store);
    return store;
  }

  async dispose(): Promise<void> {
    for (const store of this.#stores) store.close();
    await rm(this.folder, { recursive: true });
  }
}

/** The account of a login that must have worked. */
export function accountOf(result: LoginResult) {
  if (!result.ok) throw new Error(`login refused with code ${result.code}`);
  return result.account;
}
