import { crc32 } from 'node:zlib';

/** Begins every segment; another layout of records gets another number. */
const MAGIC = Buffer.from('webifi journal 1\n');
/** Length and CRC-32 of what follows, both little-endian. */
const HEAD_SIZE = 8;
/** Stands in the length of a record that was written together with the one before. */
const CONTINUES = 0x80000000;
/** No record is longer: a length above it is damage, not a reason to allocate. */
export const MAX_RECORD_SIZE = 128 * 1024 * 1024;

/** What a segment of a journal holds. */
export interface SegmentContents {
  readonly records: readonly Uint8Array[];
  /** Where the last whole record ends. What follows is the torn end of a write that was never confirmed, or damage. */
  readonly validSize: number;
  /** Whether a later write follows behind a broken record: that is damage, not a torn end. */
  readonly isDamaged: boolean;
}

/** The first bytes of a new segment. */
export function segmentStart(): Buffer {
  return Buffer.from(MAGIC);
}

/**
 * Records as they stand in a segment, each with its length and checksum.
 *
 * @param isOneWrite - They are confirmed together: any part of them may be missing after a crash.
 */
export function frameRecords(records: readonly Uint8Array[], isOneWrite = false): Buffer {
  let size = 0;
  for (const record of records) size += HEAD_SIZE + record.length;
  const framed = Buffer.allocUnsafe(size);
  let at = 0;
  for (const record of records) {
    if (record.length > MAX_RECORD_SIZE) {
      throw new RangeError(`A journal record of ${record.length} bytes is above ${MAX_RECORD_SIZE}.`);
    }
    framed.writeUInt32LE(record.length + (isOneWrite && at > 0 ? CONTINUES : 0), at);
    framed.writeUInt32LE(crc32(record), at + 4);
    framed.set(record, at + HEAD_SIZE);
    at += HEAD_SIZE + record.length;
  }
  return framed;
}

/** Reads a segment up to its first broken record. The records point into `bytes`. */
export function readSegment(bytes: Buffer): SegmentContents {
  if (bytes.length < MAGIC.length || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    const isTorn = bytes.length < MAGIC.length && MAGIC.subarray(0, bytes.length).equals(bytes);
    return { records: [], validSize: 0, isDamaged: !isTorn };
  }
  const records: Uint8Array[] = [];
  let at = MAGIC.length;
  for (let end = recordEnd(bytes, at); end > 0; end = recordEnd(bytes, at)) {
    records.push(bytes.subarray(at + HEAD_SIZE, end));
    at = end;
  }
  return { records, validSize: at, isDamaged: hasWriteBehind(bytes, at) };
}

/** Where the whole record that begins at `at` ends; 0 when none does. */
function recordEnd(bytes: Buffer, at: number): number {
  const end = statedEnd(bytes, at);
  if (end === 0 || end > bytes.length) return 0;
  return crc32(bytes.subarray(at + HEAD_SIZE, end)) === bytes.readUInt32LE(at + 4) ? end : 0;
}

/** Where a record would end by its length; 0 when that cannot be one. */
function statedEnd(bytes: Buffer, at: number): number {
  if (at + HEAD_SIZE > bytes.length) return 0;
  const length = bytes.readUInt32LE(at) % CONTINUES;
  return length === 0 || length > MAX_RECORD_SIZE ? 0 : at + HEAD_SIZE + length;
}

/** Passes over a record whose length is whole but whose bytes are not, and those that were written with it. */
function hasWriteBehind(bytes: Buffer, broken: number): boolean {
  for (let at = statedEnd(bytes, broken); at > 0; at = statedEnd(bytes, at)) {
    if (recordEnd(bytes, at) > 0 && bytes.readUInt32LE(at) < CONTINUES) return true;
  }
  return false;
}
