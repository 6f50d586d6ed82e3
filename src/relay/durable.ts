import { randomBytes } from 'node:crypto';
import { Journal } from './journal';
import { RelayError } from './relay-error';

const KEY_SIZE = 32;
const EPOCH_SIZE = 8;
/** A disk that has not confirmed in this time counts as failed. */
const STORE_DEADLINE_MS = 10_000;
/** A journal is compacted when it has grown to twice of what it was, but not below this. */
const MIN_COMPACT_SIZE = 16_777_216;

/**
 * A folder in which a relay keeps its sessions, so that they outlive its process: give it to {@link createRelay} as `durable`.
 *
 * @public
 */
export interface DurableStore {
  readonly folder: string;
  /** Secret of the folder: the relay's `resumeKey`, unless another one is given. */
  readonly resumeKey: Uint8Array;
  /** Resolves when the disk has failed. The relay ends then, and says nothing more: another start goes on with what is kept. */
  readonly failed: Promise<RelayError>;
}

/** The first record of every journal. */
interface Head {
  readonly epoch: string;
  readonly key: string;
}

/**
 * Opens the folder of a durable relay, or makes it. It belongs to one relay at a time, which closes it.
 *
 * @throws RelayError with code `JOURNAL` when the folder cannot be used, or another relay uses it.
 *
 * @example
 * ```ts
 * const durable = await openDurable('./relay-data');
 * const relay = createRelay({ accounts, durable });
 * ```
 *
 * @public
 */
export function openDurable(folder: string): Promise<DurableStore> {
  return DurableFolder.open(folder);
}

/** A journal of sessions with the epoch and the key that go with it. */
export class DurableFolder implements DurableStore {
  readonly resumeKey: Uint8Array;
  readonly failed: Promise<RelayError>;
  #fail!: (error: RelayError) => void;
  #records: readonly Uint8Array[];
  #sizeBefore = 0;

  private constructor(
    readonly folder: string,
    private readonly journal: Journal,
    private readonly head: Head,
    records: readonly Uint8Array[],
  ) {
    this.#records = records;
    this.resumeKey = Buffer.from(head.key, 'base64url');
    this.failed = new Promise((resolve) => (this.#fail = resolve));
  }

  static async open(folder: string): Promise<DurableFolder> {
    const { journal, records, isDamaged } = await Journal.open(folder);
    const known = records[0] && readHead(records[0]);
    if (known !== undefined && !isDamaged) return new DurableFolder(folder, journal, known, records.slice(1));
    const epoch = randomBytes(EPOCH_SIZE).toString('hex');
    const head = { epoch, key: known?.key ?? randomBytes(KEY_SIZE).toString('base64url') };
    await journal.compact([writeHead(head)]);
    return new DurableFolder(folder, journal, head, []);
  }

  /** Changes when sessions are gone that had been stored. */
  get epoch(): string {
    return this.head.epoch;
  }

  /** The records of the sessions, once; none when some that had been confirmed are gone: the epoch is another one then. */
  takeRecords(): readonly Uint8Array[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  /** Whether the journal is so long that it should be written anew. */
  get isLong(): boolean {
    return this.journal.size > Math.max(MIN_COMPACT_SIZE, 2 * this.#sizeBefore);
  }

  /** Resolves when the records are on disk. @throws RelayError when the disk fails, as {@link DurableStore.failed} tells too. */
  async store(records: readonly Uint8Array[], isWhole: boolean): Promise<void> {
    const deadline = setTimeout(() => this.#fail(tooSlow(this.folder)), STORE_DEADLINE_MS);
    try {
      if (isWhole) await this.journal.compact([writeHead(this.head), ...records]);
      else await this.journal.append(records);
      if (isWhole) this.#sizeBefore = this.journal.size;
    } catch (error) {
      this.#fail(error as RelayError);
      throw error;
    } finally {
      clearTimeout(deadline);
    }
  }

  close(): Promise<void> {
    return this.journal.close();
  }
}

function readHead(record: Uint8Array): Head | undefined {
  try {
    return JSON.parse(Buffer.from(record).toString()) as Head;
  } catch {
    return undefined;
  }
}

function writeHead(head: Head): Uint8Array {
  return Buffer.from(JSON.stringify(head));
}

function tooSlow(folder: string): RelayError {
  return new RelayError('JOURNAL', `The disk of ${folder} has not confirmed a write within ${STORE_DEADLINE_MS} ms.`);
}
