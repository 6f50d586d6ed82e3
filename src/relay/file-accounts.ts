import { createHash, randomBytes } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import {
  type AccountRecord,
  accountFileStatus,
  type AccountFileState,
  readAccountFile,
} from './account-file';
import type { Account, AccountStore, LoginResult } from './account-types';
import { silentLogger, type Logger } from './logger';
import { type GivenPassword, type LoginOptions, Logins, type Member, type MemberSource } from './logins';
import {
  impossiblePassword,
  parseStoredPassword,
  PasswordChecker,
  type PasswordCheckerOptions,
  type StoredPassword,
} from './passwords';

export interface FileAccountsOptions extends LoginOptions {
  logger?: Logger;
  /** How many passwords are checked at once and how many wait (SEC-4). */
  passwords?: PasswordCheckerOptions;
}

/**
 * The same object for as long as the file names it, whatever else changes: sessions hold on to it. Once it is removed
 * no network is allowed any more.
 */
interface FileAccount extends Account {
  generation: string;
  networks: ReadonlySet<string> | undefined;
}

interface FileMember extends Member<StoredPassword> {
  readonly account: FileAccount;
  /** The secret as it stands in the file, to notice a new password. */
  readonly stored: string;
}

/**
 * The accounts of a file. Every login first looks whether the file has changed, which costs one `stat`: what the
 * file says when a login arrives is what counts, on any file system. A watch on the folder, where the system has
 * one, brings new networks to running sessions as well; an idle relay does nothing.
 */
export class FileAccounts implements AccountStore, MemberSource<StoredPassword> {
  readonly #path: string;
  readonly #logger: Logger;
  readonly #logins: Logins<StoredPassword>;
  readonly #checker: PasswordChecker;
  #members: ReadonlyMap<string, FileMember> = new Map();
  #nobody = impossiblePassword();
  #watcher: FSWatcher | undefined;
  #signature = '';
  #lastId = 0;
  #lastFault = '';
  #refreshing: Promise<void> | undefined;
  #nextRefresh: Promise<void> | undefined;
  #isClosed = false;

  private constructor(path: string, options: FileAccountsOptions) {
    this.#path = path;
    this.#logger = options.logger ?? silentLogger;
    this.#checker = new PasswordChecker(options.passwords);
    this.#logins = new Logins(this, randomBytes(32), options);
  }

  /** Reads the file for the first time; here, unlike later, a fault of the file is thrown. */
  static async open(path: string, options: FileAccountsOptions = {}): Promise<FileAccounts> {
    const store = new FileAccounts(path, options);
    store.#apply(await readAccountFile(path));
    store.#watch();
    return store;
  }

  async login(connectName: string, password: string, remoteAddress: string): Promise<LoginResult> {
    await this.#refresh();
    if (this.#isClosed) return { ok: false, code: 20 };
    return this.#logins.login(connectName, password, remoteAddress);
  }

  async resume(connectName: string, generation: string): Promise<LoginResult> {
    await this.#refresh();
    return this.#isClosed ? { ok: false, code: 20 } : this.#logins.resume(connectName, generation);
  }

  close(): void {
    this.#isClosed = true;
    this.#watcher?.close();
    this.#members = new Map();
  }

  /** @internal */
  find(connectName: string): FileMember | undefined {
    return this.#members.get(connectName);
  }

  /** @internal */
  async check(
    member: Member<StoredPassword> | undefined,
    password: GivenPassword,
  ): Promise<boolean | undefined> {
    const isRight = await this.#checker.check(password.text, member?.secret ?? this.#nobody);
    return isRight === undefined ? undefined : isRight && member !== undefined;
  }

  /** Watches the folder, since a replaced file is another file. Does not keep the process alive. */
  #watch(): void {
    const name = basename(this.#path);
    const onChange = (_event: string, changed: string | null) => {
      if (changed === null || changed === name) void this.#refresh();
    };
    const giveUp = (error: unknown) => {
      this.#watcher?.close();
      this.#logger.warn('account file not watched, changes are seen at the next login', { error });
    };
    try {
      this.#watcher = watch(dirname(this.#path), { persistent: false }, onChange).on('error', giveUp);
    } catch (error) {
      giveUp(error);
    }
  }

  /**
   * Brings the accounts up to date. One look at the file serves all who ask before it begins; who asks while
   * it runs waits for the next one, because the running one may have seen the file too early.
   */
  #refresh(): Promise<void> {
    if (this.#refreshing === undefined) {
      this.#refreshing = this.#reload().finally(() => (this.#refreshing = undefined));
      return this.#refreshing;
    }
    this.#nextRefresh ??= this.#refreshing.then(() => {
      this.#nextRefresh = undefined;
      return this.#refresh();
    });
    return this.#nextRefresh;
  }

  /**
   * A file that is missing or faulty for now keeps the accounts as they are: an editor may be half-way
   * through.
   */
  async #reload(): Promise<void> {
    try {
      const status = await accountFileStatus(this.#path);
      if (status?.signature === this.#signature || this.#isClosed) return;
      const state = await readAccountFile(this.#path);
      if (!this.#isClosed) this.#apply(state);
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      if (fault !== this.#lastFault)
        this.#logger.error('account file not read again, old accounts stay', { fault });
      this.#lastFault = fault;
    }
  }

  #apply({ records, status }: AccountFileState): void {
    const members = new Map<string, FileMember>();
    for (const record of records) members.set(record.connectName, this.#toMember(record));
    const isFirst = this.#signature === '';
    for (const [name, { account }] of this.#members) if (!members.has(name)) account.networks = new Set();
    this.#members = members;
    this.#nobody = impossiblePassword(records[0] && parseStoredPassword(records[0].password));
    this.#signature = status.signature;
    this.#lastFault = '';
    this.#logger.info(isFirst ? 'accounts read' : 'accounts read again', {
      file: this.#path,
      accounts: members.size,
    });
    if (!status.isPrivate)
      this.#logger.warn('account file is open to other users, set mode 600', { file: this.#path });
  }

  #toMember(record: AccountRecord): FileMember {
    const known = this.#members.get(record.connectName);
    const networks = record.networks === undefined ? undefined : new Set(record.networks);
    if (known !== undefined) known.account.networks = networks;
    if (known?.stored === record.password) return known;
    const { connectName, password } = record;
    const generation = generationOfStored(password);
    const account = known?.account ?? { id: ++this.#lastId, connectName, networks, generation };
    account.generation = generation;
    return { account, stored: password, secret: parseStoredPassword(password) };
  }
}

/** 16 hexadecimal digits for a stored password: new with each, since each has a salt of its own. */
function generationOfStored(stored: string): string {
  return createHash('sha256').update(`generation of ${stored}`).digest('hex').slice(0, 16);
}
