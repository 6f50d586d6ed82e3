import { Entry } from './out-queue';
import { RecordReader, RecordWriter } from './record-bytes';
import type { ResumeState } from './resume-state';
import type { SavedEntry, SavedHead, SavedSession } from './saved-session';
import type { Session } from './sessions';

/** Another layout of records gets another number. */
const VERSION = 1;
const IS_ITEM = 1;
const IS_VOLATILE = 2;
const HAS_EMPTY_DATA = 4;
const HAS_RECEIPT = 8;
const HAS_HEAD = 1;
const IS_POLLING = 2;

/**
 * One record: what is new about some sessions since they were written last. All of it counts, or nothing.
 *
 * @param ended - Ids of sessions that are gone.
 */
export function writeSessions(sessions: Iterable<Session>, ended: readonly number[]): Uint8Array {
  const entries = new EntryTable();
  const writer = new RecordWriter();
  let count = 0;
  for (const session of sessions) {
    if (session.resume === undefined) continue;
    writeSession(writer, session, session.resume, entries);
    count += 1;
  }
  writer.number(ended.length);
  for (const sessionId of ended) writer.number(sessionId);
  const head = new RecordWriter().number(VERSION).number(entries.count);
  return writer.finish(head, entries.writer, new RecordWriter().number(count));
}

/** Each entry once, whoever has it. */
class EntryTable {
  readonly writer = new RecordWriter();
  readonly #indices = new Map<Entry, number>();

  get count(): number {
    return this.#indices.size;
  }

  indexOf(entry: Entry): number {
    let index = this.#indices.get(entry);
    if (index === undefined) {
      this.#indices.set(entry, (index = this.#indices.size));
      writeEntry(this.writer, entry);
    }
    return index;
  }
}

function writeEntry(writer: RecordWriter, entry: Entry): void {
  const { kind, isVolatile, hasEmptyData, receipt, start, stampStart, numbered } = entry;
  const isAsked = receipt?.isOpen === true;
  writer.number(
    (kind === 'item' ? IS_ITEM : 0) |
      (isVolatile ? IS_VOLATILE : 0) |
      (hasEmptyData ? HAS_EMPTY_DATA : 0) |
      (isAsked ? HAS_RECEIPT : 0),
  );
  writer.number(start - stampStart).bytes(numbered);
  if (isAsked) writer.number(receipt.senderId).number(receipt.number);
}

function writeSession(writer: RecordWriter, session: Session, resume: ResumeState, entries: EntryTable): void {
  const { up, ring, saved } = resume;
  writer.number(session.sessionId);
  writer.number((saved.hasHead ? 0 : HAS_HEAD) | (resume.isPolling ? IS_POLLING : 0));
  if (!saved.hasHead) writeHead(writer, session, resume);
  const refusals = [...up.refusals(saved.taken + 1)];
  writer.number(up.last).number(refusals.length);
  for (const [number, code] of refusals) writer.number(number).number(code);
  const from = Math.max(saved.last + 1, ring.first);
  const added = ring.entriesFrom(from);
  writer.number(ring.first).number(from).number(added.length);
  for (const entry of added) writer.number(entries.indexOf(entry));
  saved.hasHead = true;
  saved.taken = up.last;
  saved.last = ring.last;
}

function writeHead(writer: RecordWriter, { id, router, memberships }: Session, resume: ResumeState): void {
  const { instance, token, tokenBefore, counter } = resume;
  const { connectName, generation = '' } = router.account;
  writer.text(id).text(connectName).text(generation).text(instance.id).text(instance.features);
  writer.bytes(token).bytes(tokenBefore ?? new Uint8Array(0));
  writer.number(counter + 1).number(memberships.length);
  for (const { network } of memberships) writer.text(network.name);
}

/**
 * All sessions that the records of a journal leave.
 *
 * @throws RangeError for records of another version.
 */
export function readSessions(records: readonly Uint8Array[]): ReadonlyMap<number, SavedSession> {
  const sessions = new Map<number, SavedSession>();
  for (const record of records) {
    const reader = new RecordReader(record);
    if (reader.number() !== VERSION) throw new RangeError('The journal was written by another version.');
    const entries = reader.list(() => readEntry(reader));
    for (let count = reader.number(); count > 0; count--) readSession(reader, entries, sessions);
    for (const sessionId of reader.list(() => reader.number())) sessions.delete(sessionId);
  }
  return sessions;
}

function readEntry(reader: RecordReader): SavedEntry {
  const flags = reader.number();
  const stampLength = reader.number();
  const bytes = reader.bytes().slice();
  const kind = (flags & IS_ITEM) === 0 ? 'group' : 'item';
  const entry = new Entry(kind, bytes, stampLength, bytes.length, (flags & HAS_EMPTY_DATA) !== 0);
  entry.stampStart = 0;
  entry.isVolatile = (flags & IS_VOLATILE) !== 0;
  const hasReceipt = (flags & HAS_RECEIPT) !== 0;
  return { entry, receipt: hasReceipt ? { senderId: reader.number(), number: reader.number() } : undefined };
}

function readSession(
  reader: RecordReader,
  entries: readonly SavedEntry[],
  sessions: Map<number, SavedSession>,
): void {
  const sessionId = reader.number();
  const flags = reader.number();
  const head = (flags & HAS_HEAD) === 0 ? undefined : readHead(reader, (flags & IS_POLLING) !== 0);
  let session = sessions.get(sessionId);
  if (session === undefined) {
    if (head === undefined) throw new RangeError('The journal has a session without its beginning.');
    sessions.set(sessionId, (session = { sessionId, head, taken: 0, refusals: [], first: 1, entries: [] }));
  }
  if (head !== undefined) session.head = head;
  session.taken = reader.number();
  session.refusals.push(...reader.list((): [number, number] => [reader.number(), reader.number()]));
  const first = reader.number();
  session.entries.splice(0, first - session.first);
  const from = reader.number();
  session.entries.length = Math.min(session.entries.length, from - first);
  session.first = first;
  session.entries.push(...reader.list(() => entries[reader.number()]!));
}

function readHead(reader: RecordReader, isPolling: boolean): SavedHead {
  const id = reader.text();
  const connectName = reader.text();
  const generation = reader.text();
  const instance = reader.text();
  const features = reader.text();
  const token = reader.bytes().slice();
  const before = reader.bytes().slice();
  const counter = reader.number() - 1;
  const networks = reader.list(() => reader.text());
  const tokenBefore = before.length === 0 ? undefined : before;
  return { id, connectName, generation, instance, features, token, tokenBefore, counter, isPolling, networks };
}
