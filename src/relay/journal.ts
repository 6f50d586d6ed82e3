import { constants } from 'node:fs';
import { copyFile, type FileHandle, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, systemCode } from './files';
import { lockFolder } from './folder-lock';
import { frameRecords, readSegment, segmentStart } from './journal-segment';
import { RelayError } from './relay-error';

const SEGMENT = /^(\d{10})\.journal$/;
const TEMPORARY = 'next.tmp';

/** What was found when a journal was opened. */
export interface JournalContents {
  readonly journal: Journal;
  /** All records, in the order in which they were appended. */
  readonly records: readonly Uint8Array[];
  /** Whether records that had been confirmed are gone: somebody has to be told. The file is kept beside the new one. */
  readonly isDamaged: boolean;
}

interface Job {
  readonly records: readonly Uint8Array[];
  /** Whether they stand in for all that came before. */
  readonly replaces: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * An append-only journal in a folder of its own: records go to the end of its segment, and count as kept when the disk has
 * confirmed them. What is appended while one write is under way goes out together with the next one. A compacted journal is
 * a new segment; only the newest counts.
 */
export class Journal {
  #jobs: Job[] = [];
  #working: Promise<void> | undefined;
  #isBroken = false;

  private constructor(
    private readonly folder: string,
    private readonly unlock: () => Promise<void>,
    private handle: FileHandle,
    private number: number,
    private end: number,
  ) {}

  /**
   * Opens the journal of a folder, which is made when it is not there, and reads it. A torn end is cut off.
   *
   * @throws RelayError with code `JOURNAL` when the folder cannot be used.
   */
  static async open(folder: string): Promise<JournalContents> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const unlock = await lockFolder(folder);
      return await Journal.#read(folder, unlock).catch(async (error: unknown) => {
        await unlock();
        throw error;
      });
    } catch (error) {
      throw journalError(folder, error);
    }
  }

  static async #read(folder: string, unlock: () => Promise<void>): Promise<JournalContents> {
    const number = await newestNumber(folder);
    const path = segmentPath(folder, number);
    const { records, validSize, isDamaged } = readSegment(await readFile(path).catch(nothingIfMissing));
    if (isDamaged) await copyFile(path, `${path}.damaged`);
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    await startAt(handle, validSize);
    await syncFolder(folder);
    const end = Math.max(validSize, segmentStart().length);
    return { journal: new Journal(folder, unlock, handle, number, end), records, isDamaged };
  }

  /** Bytes that a start would have to read. */
  get size(): number {
    return this.end;
  }

  /**
   * Resolves when all of these records, and those appended before them, are on disk.
   *
   * @throws RelayError with code `JOURNAL` when the disk is full or has failed: none of these records is kept then. After
   *   a failed flush nothing is taken any more, since nobody can say what the disk holds.
   */
  append(records: readonly Uint8Array[]): Promise<void> {
    return this.#add(records, false);
  }

  /**
   * Replaces everything that was appended so far by `records`, which say the same in fewer words. Made beside the old
   * segment and put in place in one step.
   */
  compact(records: readonly Uint8Array[]): Promise<void> {
    return this.#add(records, true);
  }

  /** Waits for what is under way, then lets go of the file. */
  async close(): Promise<void> {
    await this.#working;
    this.#isBroken = true;
    await this.handle.close();
    await this.unlock();
  }

  #add(records: readonly Uint8Array[], replaces: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ records, replaces, resolve, reject });
      this.#working ??= this.#work();
    });
  }

  async #work(): Promise<void> {
    for (let first = this.#jobs.shift(); first !== undefined; first = this.#jobs.shift()) {
      const group = first.replaces ? [first] : [first, ...this.#takeAppends()];
      const records = group.flatMap((job) => job.records);
      try {
        await (first.replaces ? this.#replace(records) : this.#write(frameRecords(records, true)));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(journalError(this.folder, error));
      }
    }
    this.#working = undefined;
  }

  /** All up to the next replacement. */
  #takeAppends(): Job[] {
    const next = this.#jobs.findIndex(({ replaces }) => replaces);
    return this.#jobs.splice(0, next < 0 ? this.#jobs.length : next);
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#isBroken) throw new Error('it is closed, or has failed before');
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.handle.write(bytes, done, bytes.length - done, this.end + done);
        done += bytesWritten;
      }
    } catch (error) {
      // Half a record must not stand in front of the next one.
      await this.handle.truncate(this.end).catch(() => (this.#isBroken = true));
      throw error;
    }
    await this.#sync();
    this.end += bytes.length;
  }

  async #sync(): Promise<void> {
    try {
      await this.handle.datasync();
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  async #replace(records: readonly Uint8Array[]): Promise<void> {
    const temporary = join(this.folder, TEMPORARY);
    const next = await open(temporary, 'w', 0o600);
    const bytes = Buffer.concat([segmentStart(), frameRecords(records)]);
    try {
      await next.writeFile(bytes);
      await next.sync();
      await rename(temporary, segmentPath(this.folder, this.number + 1));
    } catch (error) {
      await next.close();
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
    await syncFolder(this.folder);
    const [old, oldNumber] = [this.handle, this.number];
    [this.handle, this.number, this.end] = [next, oldNumber + 1, bytes.length];
    await old.close();
    await unlink(segmentPath(this.folder, oldNumber));
  }
}

/** Removes what a stop in the middle of a compaction has left behind. */
async function newestNumber(folder: string): Promise<number> {
  const names = await readdir(folder);
  const numbers = names.flatMap((name) => SEGMENT.exec(name)?.[1] ?? []).map(Number);
  const newest = Math.max(1, ...numbers);
  const old = numbers.filter((number) => number !== newest).map((number) => segmentPath(folder, number));
  if (names.includes(TEMPORARY)) old.push(join(folder, TEMPORARY));
  for (const path of old) await unlink(path);
  return newest;
}

/** Cuts off what is not valid; an empty segment gets its beginning. */
async function startAt(handle: FileHandle, validSize: number): Promise<void> {
  await handle.truncate(validSize);
  if (validSize === 0) await handle.write(segmentStart(), 0, segmentStart().length, 0);
  await handle.sync();
}

function segmentPath(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(10, '0')}.journal`);
}

function nothingIfMissing(error: unknown): Buffer {
  if (systemCode(error) === 'ENOENT') return Buffer.alloc(0);
  throw error;
}

function journalError(folder: string, error: unknown): RelayError {
  if (error instanceof RelayError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new RelayError('JOURNAL', `The journal in ${folder} cannot be used: ${reason}.`, { cause: error });
}
