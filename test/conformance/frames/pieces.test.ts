import { describe, expect, it } from 'vitest';
import type { ConnectionEvent, Delivery } from '../../../src/frames/connection';
import { closingRows } from './closing.rows';
import type { Role } from './frame-bytes';
import { limitRows } from './limit.rows';
import { readingRows } from './reading.rows';
import { splitsOf, type Row } from './rows';
import { TracedConnection } from './trace';
import { utf8Rows } from './utf8.rows';

const ROWS = [...readingRows, ...limitRows, ...utf8Rows, ...closingRows].filter(({ echo }) => echo !== true);
const ROLES: Role[] = ['client', 'server'];

interface Outline {
  /** All that happened beside data. */
  lines: string[];
  /** Data in front of each of these lines, and behind the last, in hex. */
  data: string[];
}

function dataOf(event: ConnectionEvent): Uint8Array {
  if (event.type === 'frame') return event.payload;
  return event.type === 'piece' ? event.bytes.subarray(event.start, event.end) : new Uint8Array(0);
}

function outline(row: Row, role: Role, deliver: Delivery, chunks: readonly Uint8Array[]): Outline {
  const traced = new TracedConnection(role, { ...row.options, deliver });
  const lines = (): string[] => traced.trace.filter((line) => !/^(frame|piece) /.test(line));
  const data: string[] = [];
  let place = 0;
  traced.onEvent = (event) => {
    const hex = Buffer.from(dataOf(event)).toString('hex');
    if (hex === '') place = lines().length;
    else data[place] = (data[place] ?? '') + hex;
  };
  row.first?.(traced.connection);
  traced.drain();
  traced.feed(chunks);
  row.last?.(traced.connection);
  traced.drain();
  return { lines: lines(), data: Array.from(data, (hex = '') => hex) };
}

describe('pieces of data frames are, one behind the other, what the frames hold; all else is the same', () => {
  for (const row of ROWS) {
    it.each(ROLES)(`${row.rule}: ${row.title} (%s)`, (role) => {
      for (const [name, chunks] of splitsOf(row, role)) {
        const frames = outline(row, role, 'frames', chunks);
        const pieces = outline(row, role, 'pieces', chunks);
        expect(pieces.lines, name).toEqual(frames.lines);
        // The beginning of a frame that never became whole comes too; nothing but the end can follow it.
        const last = pieces.data.at(-1) ?? '';
        if (pieces.data.length > frames.data.length) frames.data.push('');
        expect(last.startsWith(frames.data.at(-1) ?? ''), name).toBe(true);
        expect(pieces.data.slice(0, -1), name).toEqual(frames.data.slice(0, -1));
      }
    });
  }
});
