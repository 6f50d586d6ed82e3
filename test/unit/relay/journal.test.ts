import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal } from '../../../src/relay/journal';

const SEGMENT = '0000000001.journal';
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webifi-journal-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const record = (text: string): Uint8Array => Buffer.from(text);
const texts = (records: readonly Uint8Array[]): string[] => records.map((bytes) => Buffer.from(bytes).toString());

/** What a start would find. */
async function reopen(): Promise<{ found: string[]; isDamaged: boolean }> {
  const { journal, records, isDamaged } = await Journal.open(folder);
  await journal.close();
  return { found: texts(records), isDamaged };
}

async function write(...groups: string[][]): Promise<void> {
  const { journal } = await Journal.open(folder);
  await Promise.all(groups.map((group) => journal.append(group.map(record))));
  await journal.close();
}

describe('the journal of a durable relay (section 15.2)', () => {
  it('gives back all records in order, also those appended while a write was under way', async () => {
    await write(['one', 'two'], ['three'], ['four']);
    await write(['five']);
    expect(await reopen()).toEqual({ found: ['one', 'two', 'three', 'four', 'five'], isDamaged: false });
  });

  it('is empty in a new folder, which only its owner can read', async () => {
    const deeper = join(folder, 'not', 'there');
    const { journal, records } = await Journal.open(deeper);
    await journal.close();
    expect(records).toEqual([]);
  });

  it('keeps every whole record when the end is torn at any byte, and goes on behind it', async () => {
    await write(['first', 'second', 'third']);
    const whole = await readFile(join(folder, SEGMENT));
    const ends = { first: 17 + 13, second: 17 + 13 + 14, third: 17 + 13 + 14 + 13 };
    expect(whole.length).toBe(ends.third);
    for (let size = 0; size < whole.length; size++) {
      await writeFile(join(folder, SEGMENT), whole.subarray(0, size));
      await write([`after ${size}`]);
      const kept = Object.entries(ends).flatMap(([text, end]) => (end <= size ? [text] : []));
      const found = [...kept, `after ${size}`];
      expect(await reopen(), `torn at ${size}`).toEqual({ found, isDamaged: false });
    }
  });

  it('takes a hole in its last write for a torn end, whatever stands behind the hole', async () => {
    await write(['first']);
    await write(['second', 'third', 'fourth']);
    const path = join(folder, SEGMENT);
    const bytes = await readFile(path);
    bytes[bytes.indexOf('second')]! ^= 1;
    await writeFile(path, bytes);
    expect(await reopen()).toEqual({ found: ['first'], isDamaged: false });
  });

  it('takes nothing in a compacted journal for a torn end: all of it was confirmed', async () => {
    const { journal } = await Journal.open(folder);
    await journal.compact(['first', 'second', 'third'].map(record));
    await journal.close();
    const path = join(folder, '0000000002.journal');
    const bytes = await readFile(path);
    bytes[bytes.indexOf('second')]! ^= 1;
    await writeFile(path, bytes);
    expect(await reopen()).toEqual({ found: ['first'], isDamaged: true });
  });

  it('says so when a record in the middle is damaged, and keeps the damaged file', async () => {
    for (const text of ['first', 'second', 'third']) await write([text]);
    const path = join(folder, SEGMENT);
    const bytes = await readFile(path);
    bytes[bytes.indexOf('second')]! ^= 1;
    await writeFile(path, bytes);
    expect(await reopen()).toEqual({ found: ['first'], isDamaged: true });
    expect(await readFile(`${path}.damaged`)).toEqual(bytes);
    expect(await reopen()).toEqual({ found: ['first'], isDamaged: false });
  });

  it('is replaced as a whole by a compaction; appends meanwhile come behind it', async () => {
    const { journal } = await Journal.open(folder);
    await journal.append([record('old one'), record('old two')]);
    const compacted = journal.compact([record('state')]);
    await Promise.all([compacted, journal.append([record('new')])]);
    await journal.close();
    expect(await reopen()).toEqual({ found: ['state', 'new'], isDamaged: false });
    expect((await readdir(folder)).sort()).toEqual(['0000000002.journal']);
  });

  it('forgets a compaction that was cut off, before or behind the moment that counts', async () => {
    await write(['old']);
    await writeFile(join(folder, 'next.tmp'), 'half');
    expect((await reopen()).found).toEqual(['old']);
    const old = await readFile(join(folder, SEGMENT));
    const { journal } = await Journal.open(folder);
    await journal.compact([record('state')]);
    await journal.close();
    await writeFile(join(folder, SEGMENT), old);
    expect((await reopen()).found).toEqual(['state']);
    expect(await readdir(folder)).toEqual(['0000000002.journal']);
  });

  it('belongs to one process at a time; what a killed one left is no obstacle', async () => {
    await writeFile(join(folder, 'lock'), String(process.ppid));
    await expect(Journal.open(folder)).rejects.toMatchObject({ code: 'JOURNAL' });
    await expect(Journal.open(folder)).rejects.toThrow(/process \d+ uses it/);
    await writeFile(join(folder, 'lock'), '999999999');
    expect((await reopen()).found).toEqual([]);
  });

  it('refuses what comes after close, and says why', async () => {
    const { journal } = await Journal.open(folder);
    await journal.close();
    await expect(journal.append([record('late')])).rejects.toThrow(/closed/);
  });
});
