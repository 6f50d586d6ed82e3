import { closingRows } from '../frames/closing.rows';
import { binary, frame, pattern } from '../frames/frame-bytes';
import { limitRows } from '../frames/limit.rows';
import { readingRows } from '../frames/reading.rows';
import { connectionLost, type Row } from '../frames/rows';
import { line } from '../frames/trace';
import { utf8Rows } from '../frames/utf8.rows';

/** What the codec's tables cannot hold, since the defaults of a socket are others. */
const limits: Row[] = [
  {
    rule: 'F-42',
    title: '1 TiB declared',
    input: [frame({ opcode: 2, declares: 1n << 40n })],
    expect: [line.sendsClose(1009), line.fail(1009), line.lost],
  },
  {
    rule: 'F-42',
    title: 'one byte above the default maxFrameSize, declared only',
    input: [binary(pattern(1_000)), frame({ opcode: 2, declares: 16_777_217n })],
    expect: [line.binary(pattern(1_000)), line.sendsClose(1009), line.fail(1009), line.lost],
  },
];

/** Whether only bytes of the peer and their end make the row, with options that a socket has, too. */
function isForSockets({ options = {}, first, last }: Row): boolean {
  const { limits: own = {}, autoClose = true } = options;
  const hasOwnLimits = own.maxMessageSize !== undefined || own.maxFragments !== undefined;
  const ends = last === undefined || last === connectionLost;
  return first === undefined && ends && autoClose && !hasOwnLimits;
}

/** The cases of the codec in which a socket gives the same. */
export const FRAME_ROWS: readonly Row[] = [
  ...limits,
  ...[...readingRows, ...utf8Rows, ...closingRows].filter(isForSockets),
  ...limitRows.filter((row) => row.options?.limits?.maxFrameSize !== undefined && isForSockets(row)),
];
