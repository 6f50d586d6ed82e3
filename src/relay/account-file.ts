import { open, readFile, realpath, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { connectNameProblem, networksProblem } from './account-rules';
import { syncFolder, systemCode } from './files';
import { parseStoredPassword } from './passwords';

/** One account as the file keeps it. */
export interface AccountRecord {
  readonly connectName: string;
  /** The form that `hashPassword` gives. */
  readonly password: string;
  /** Left out: all networks are allowed. */
  readonly networks?: readonly string[];
}

/**
 * A fault of an account file: the text names the file, the entry and what to do. Never a password or a hash.
 *
 * @public
 */
export class AccountFileError extends Error {
  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`Account file ${path}: ${problem}.`, options);
    this.name = 'AccountFileError';
  }
}

const MAX_FILE_BYTES = 16 * 1024 * 1024;
const FILE_MEMBERS: ReadonlySet<string> = new Set(['version', 'accounts']);
const RECORD_MEMBERS: ReadonlySet<string> = new Set(['connectName', 'password', 'networks']);
const LOCK_WAIT_MS = 50;
const LOCK_TRIES = 100;

/** A file as it was read, and what tells one state of it from another. */
export interface AccountFileState {
  readonly records: readonly AccountRecord[];
  readonly status: AccountFileStatus;
}

export interface AccountFileStatus {
  /** Differs whenever the file does, also after a replacement by rename. */
  readonly signature: string;
  /** False when other users of the machine may read the hashes. */
  readonly isPrivate: boolean;
}

/**
 * Reads and checks an account file.
 *
 * @throws {@link AccountFileError} when it is missing, not readable or not valid.
 */
export async function readAccountFile(path: string): Promise<AccountFileState> {
  // The status first: if the file changes in between, the next comparison of signatures notices it.
  const status = await accountFileStatus(path);
  if (status === undefined) {
    throw new AccountFileError(
      path,
      'there is no such file; make it with "webifi account add NAME --accounts FILE"',
    );
  }
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AccountFileError(path, `it cannot be read (${systemCode(cause) ?? 'unknown reason'}); check its permissions`, {
      cause,
    });
  });
  return { records: parseAccountFile(text, path), status };
}

/** State of an account file without reading it; undefined when there is none. */
export async function accountFileStatus(path: string): Promise<AccountFileStatus | undefined> {
  try {
    const { dev, ino, size, mode, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    if (size > MAX_FILE_BYTES)
      throw new AccountFileError(path, `it is larger than ${MAX_FILE_BYTES} bytes; make it smaller`);
    const isPrivate = process.platform === 'win32' || (mode & 0o077n) === 0n;
    return { signature: [dev, ino, size, mtimeNs, ctimeNs].join(' '), isPrivate };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    if (error instanceof AccountFileError) throw error;
    throw new AccountFileError(path, `it cannot be reached (${systemCode(error) ?? 'unknown reason'}); check the path`, {
      cause: error,
    });
  }
}

/**
 * Checks the text of an account file strictly: an unknown member is a fault, not a hint to be ignored.
 *
 * @throws {@link AccountFileError}
 */
export function parseAccountFile(text: string, path: string): AccountRecord[] {
  const file = parseJson(text, path);
  if (!isObject(file))
    throw new AccountFileError(path, 'it must hold one JSON object with "version" and "accounts"');
  const unknown = Object.keys(file).find((member) => !FILE_MEMBERS.has(member));
  if (unknown !== undefined)
    throw new AccountFileError(path, `unknown member ${JSON.stringify(unknown)}; remove it`);
  if (file['version'] !== 1)
    throw new AccountFileError(path, '"version" must be 1; a newer webifi may have written it');
  if (!Array.isArray(file['accounts'])) throw new AccountFileError(path, '"accounts" must be a list');
  const names = new Set<string>();
  return file['accounts'].map((entry: unknown, index) => {
    const where = `entry ${index + 1}`;
    const record = parseRecord(entry, (problem) => new AccountFileError(path, `${where}: ${problem}`));
    if (names.has(record.connectName)) {
      throw new AccountFileError(
        path,
        `${where}: the connect name ${quote(record.connectName)} stands there twice; keep one`,
      );
    }
    names.add(record.connectName);
    return record;
  });
}

function parseRecord(entry: unknown, fault: (problem: string) => AccountFileError): AccountRecord {
  if (!isObject(entry)) throw fault('it must be an object with "connectName" and "password"');
  const unknown = Object.keys(entry).find((member) => !RECORD_MEMBERS.has(member));
  if (unknown !== undefined) throw fault(`unknown member ${JSON.stringify(unknown)}; remove it`);
  const { connectName, password, networks } = entry;
  const problem =
    connectNameProblem(connectName) ?? (networks === undefined ? undefined : networksProblem(networks));
  if (problem !== undefined) throw fault(problem);
  const named = (text: string) =>
    fault(`(${quote(String(connectName))}) ${text}; set it with "webifi account passwd"`);
  if (typeof password !== 'string') throw named('the password is missing');
  try {
    parseStoredPassword(password);
  } catch (error) {
    throw named(error instanceof Error ? error.message : 'the password is not valid');
  }
  const record = { connectName: connectName as string, password };
  return networks === undefined ? record : { ...record, networks: networks as string[] };
}

/** The engine's own message is not passed on: it quotes the text, which may be a hash. */
function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const position = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    const line =
      position === undefined ? '' : ` (line ${text.slice(0, Number(position)).split('\n').length})`;
    throw new AccountFileError(path, `it is not valid JSON${line}; mend it or restore a copy`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads the accounts, lets `change` make new ones of them and puts the file in place in one step: a reader
 * sees the old file or the new one, never half of one, also when the machine stops in between. A missing file
 * counts as empty.
 *
 * @remarks
 * The new file is written under the name `FILE.lock`, which only one process can create: two changes at the
 * same time cannot overwrite each other.
 *
 * @throws {@link AccountFileError}; also whatever `change` throws, with the file untouched.
 */
export async function changeAccountFile(
  path: string,
  change: (records: readonly AccountRecord[]) => readonly AccountRecord[],
): Promise<void> {
  const target = await realpath(path).catch(() => resolve(path));
  const temporary = `${target}.lock`;
  const handle = await takeLock(target, temporary);
  try {
    const exists = (await accountFileStatus(target)) !== undefined;
    const records = change(exists ? (await readAccountFile(target)).records : []);
    const text = `${JSON.stringify({ version: 1, accounts: records }, undefined, 2)}\n`;
    parseAccountFile(text, path);
    await writeThrough(handle, text);
    await rename(temporary, target);
  } catch (error) {
    await handle.close();
    await unlink(temporary);
    throw error;
  }
  await syncFolder(dirname(target));
}

async function takeLock(target: string, temporary: string): Promise<FileHandle> {
  for (let tries = 1; ; tries++) {
    try {
      return await open(temporary, 'wx', 0o600);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') {
        throw new AccountFileError(target, `it cannot be written (${systemCode(error) ?? 'unknown reason'}); check its folder`, {
          cause: error,
        });
      }
      if (tries === LOCK_TRIES) {
        throw new AccountFileError(
          target,
          `another change is under way, or one was cut off; if none runs, delete ${temporary}`,
        );
      }
      await new Promise((done) => setTimeout(done, LOCK_WAIT_MS));
    }
  }
}

async function writeThrough(handle: FileHandle, text: string): Promise<void> {
  await handle.writeFile(text, 'utf8');
  await handle.sync();
  await handle.close();
}

function quote(name: string): string {
  return JSON.stringify(name);
}
