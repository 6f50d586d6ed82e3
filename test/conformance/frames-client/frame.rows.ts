import type { ConnectOptions } from '../../../src/frames';
import {
  begin,
  binary,
  close,
  cut,
  frame,
  hex,
  more,
  pattern,
  ping,
  pong,
  raw,
  text,
  utf8,
  type PeerBytes,
} from '../frames/frame-bytes';

/** What one server sends after the handshake, and what must come of it. */
export interface FrameRow {
  rule: string;
  title: string;
  options?: ConnectOptions;
  input: readonly PeerBytes[];
  /** How the server goes on when everything is sent; it waits when absent. */
  then?: 'fin' | 'reset';
  /** What the reads give: `Text fin hello`; long payloads as their length. */
  reads: readonly string[];
  /** What the read after them fails with; absent when it would wait. */
  ends?: 'INVALID_FRAME' | 'CONNECTION_LOST' | 'CLOSED';
  /** What the client sends: `Close 1002`, `Pong hex`. */
  sends?: readonly string[];
  closeCode?: number;
}

const fault = (code: number) => ({ ends: 'INVALID_FRAME' as const, sends: [`Close ${code}`] });
const closed = (code: number) => ({
  reads: ['Close'],
  ends: 'CLOSED' as const,
  sends: [`Close ${code}`],
  closeCode: code,
});

const shape: FrameRow[] = [
  {
    rule: 'F-35',
    title: 'a masked frame',
    input: [frame({ opcode: 1, payload: 'a', masked: true })],
    reads: [],
    ...fault(1002),
  },
  ...[4, 2, 1].map((rsv) => ({
    rule: 'F-36',
    title: `reserved bit ${rsv.toString(2).padStart(3, '0')} on a text`,
    input: [text('due'), frame({ opcode: 1, payload: 'a', rsv })],
    reads: ['Text fin due'],
    ...fault(1002),
  })),
  {
    rule: 'F-36',
    title: 'a reserved bit on a Ping',
    input: [frame({ opcode: 9, rsv: 4 })],
    reads: [],
    ...fault(1002),
  },
  ...[3, 7, 11, 15].map((opcode) => ({
    rule: 'F-37',
    title: `opcode ${opcode}`,
    input: [text('due'), frame({ opcode, payload: 'a' })],
    reads: ['Text fin due'],
    ...fault(1002),
  })),
  {
    rule: 'F-38',
    title: 'a Ping without FIN',
    input: [frame({ opcode: 9, fin: false })],
    reads: [],
    ...fault(1002),
  },
  { rule: 'F-38', title: 'a Ping of 126 bytes', input: [ping(pattern(126))], reads: [], ...fault(1002) },
  {
    rule: 'F-38',
    title: 'a Close of 126 bytes',
    input: [close(1000, 'x'.repeat(124))],
    reads: [],
    ...fault(1002),
  },
  { rule: 'F-39', title: 'a Continuation of nothing', input: [more('a', true)], reads: [], ...fault(1002) },
  {
    rule: 'F-39',
    title: 'a Continuation after a whole message',
    input: [text('a'), more('b', true)],
    reads: ['Text fin a'],
    ...fault(1002),
  },
  ...[text('b'), binary(pattern(1))].map((second, i) => ({
    rule: 'F-39',
    title: `a ${i === 0 ? 'text' : 'binary'} frame inside a message`,
    input: [text('a', false), second],
    reads: ['Text more a'],
    ...fault(1002),
  })),
  {
    rule: 'F-40',
    title: 'a length with its top bit set',
    input: [frame({ opcode: 2, declares: 1n << 63n })],
    reads: [],
    ...fault(1002),
  },
  ...[2, 8].map((lengthBytes) => ({
    rule: 'F-41',
    title: `a length of 5 in ${lengthBytes} bytes`,
    input: [frame({ opcode: 1, payload: 'hello', lengthBytes: lengthBytes as 2 | 8 })],
    reads: [],
    ...fault(1002),
  })),
  {
    rule: 'F-41',
    title: 'the same with strictLength off',
    options: { strictLength: false },
    input: [frame({ opcode: 1, payload: 'hello', lengthBytes: 8 })],
    reads: ['Text fin hello'],
  },
  {
    rule: 'F-42',
    title: '1 TiB declared',
    input: [frame({ opcode: 2, declares: 1n << 40n })],
    reads: [],
    ...fault(1009),
  },
  {
    rule: 'F-42',
    title: 'one byte above maxFrameSize, before any of the payload',
    options: { maxFrameSize: 1_000 },
    input: [binary(pattern(1_000)), frame({ opcode: 2, declares: 1_001n })],
    reads: ['Binary fin 1000'],
    ...fault(1009),
  },
];

const utf8Rows: FrameRow[] = [
  {
    rule: 'F-45',
    title: 'bad UTF-8 in the first fragment of a message that is not finished',
    input: [text(hex('61ff'), false)],
    reads: [],
    ...fault(1007),
  },
  {
    rule: 'F-45',
    title: 'bad UTF-8 at the beginning of a frame whose rest never comes',
    input: [begin(text(hex(`c0${'61'.repeat(50)}`)), 6)],
    reads: [],
    ...fault(1007),
  },
  ...[
    ['a surrogate', 'eda080'],
    ['an overlong form', 'c0af'],
    ['above U+10FFFF', 'f4908080'],
    ['an incomplete character at the end', '61e282'],
  ].map(([name = '', bytes = '']) => ({
    rule: 'F-46',
    title: name,
    input: [text(hex(bytes))],
    reads: [],
    ...fault(1007),
  })),
  {
    rule: 'F-44',
    title: 'a character that is split between fragments',
    input: [text(utf8('€').slice(0, 2), false), more(utf8('€').slice(2), true)],
    reads: ['Text more \ufffd', 'Continuation fin \ufffd'],
  },
  {
    rule: 'F-46',
    title: 'bad UTF-8 with validateUtf8 off',
    options: { validateUtf8: false },
    input: [text(hex('ff'))],
    reads: ['Text fin \ufffd'],
  },
  {
    rule: 'F-47',
    title: 'a text that begins with U+FEFF',
    input: [text('\ufeffbom')],
    reads: ['Text fin \ufeffbom'],
  },
];

const flow: FrameRow[] = [
  { rule: 'F-31', title: 'an empty text', input: [text('')], reads: ['Text fin '] },
  { rule: 'F-31', title: 'an empty binary message', input: [binary(pattern(0))], reads: ['Binary fin '] },
  {
    rule: 'F-31',
    title: 'empty fragments',
    input: [text('', false), more('', false), more('', true)],
    reads: ['Text more ', 'Continuation more ', 'Continuation fin '],
  },
  {
    rule: 'F-31',
    title: 'an empty frame at the very end of the received bytes',
    input: [text('a'), text('')],
    reads: ['Text fin a', 'Text fin '],
  },
  {
    rule: 'F-48',
    title: 'a Ping between fragments',
    input: [text('a', false), ping('p'), more('b', true)],
    reads: ['Text more a', 'Continuation fin b'],
    sends: ['Pong 70'],
  },
  {
    rule: 'F-49',
    title: 'two Pings at once',
    input: [ping('1'), ping('2')],
    reads: [],
    sends: ['Pong 31', 'Pong 32'],
  },
  { rule: 'F-32', title: 'an empty Ping', input: [ping()], reads: [], sends: ['Pong '] },
  {
    rule: 'F-32',
    title: 'a Ping of 125 bytes that are no UTF-8',
    input: [ping(pattern(125).fill(0xff))],
    reads: [],
    sends: [`Pong ${'ff'.repeat(125)}`],
  },
  {
    rule: 'F-50',
    title: 'a Pong that nobody asked for',
    input: [pong('x'), text('a')],
    reads: ['Text fin a'],
  },
  {
    rule: 'F-51',
    title: 'frames glued together',
    input: [text('a'), text('b'), ping(), text('c')],
    reads: ['Text fin a', 'Text fin b', 'Text fin c'],
    sends: ['Pong '],
  },
  ...[125, 126, 65_535, 65_536, 70_000].map((length) => ({
    rule: length === 70_000 ? 'F-52' : 'F-25',
    title: `${length} bytes in one frame`,
    input: [binary(pattern(length))],
    reads: [`Binary fin ${length}`],
  })),
];

const lost: FrameRow[] = [
  {
    rule: 'F-53',
    title: 'FIN without a Close',
    input: [text('a')],
    then: 'fin',
    reads: ['Text fin a'],
    ends: 'CONNECTION_LOST',
  },
  { rule: 'F-53', title: 'a reset', input: [], then: 'reset', reads: [], ends: 'CONNECTION_LOST' },
  {
    rule: 'F-53',
    title: 'FIN inside a frame',
    input: [cut(text('abc'), 1)],
    then: 'fin',
    reads: [],
    ends: 'CONNECTION_LOST',
  },
  {
    rule: 'F-53',
    title: 'FIN inside a header',
    input: [raw(hex('82'))],
    then: 'fin',
    reads: [],
    ends: 'CONNECTION_LOST',
  },
  {
    rule: 'F-53',
    title: 'FIN inside a message',
    input: [text('a', false)],
    then: 'fin',
    reads: ['Text more a'],
    ends: 'CONNECTION_LOST',
  },
];

const closing: FrameRow[] = [
  {
    rule: 'F-54',
    title: 'a Close without a body',
    input: [close()],
    reads: ['Close'],
    ends: 'CLOSED',
    sends: ['Close '],
  },
  {
    rule: 'F-55',
    title: 'a Close of one byte',
    input: [frame({ opcode: 8, payload: 'x' })],
    reads: [],
    ...fault(1002),
  },
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) => ({
    rule: 'F-56',
    title: `Close ${code}`,
    input: [close(code)],
    reads: [],
    ...fault(1002),
  })),
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map(
    (code) => ({ rule: 'F-57', title: `Close ${code}`, input: [close(code, 'why')], ...closed(code) }),
  ),
  {
    rule: 'F-57',
    title: 'a Close with a reason of 123 bytes',
    input: [close(1000, 'x'.repeat(123))],
    ...closed(1000),
  },
  {
    rule: 'F-59',
    title: 'a reason that is no UTF-8',
    input: [close(1000, hex('61ff'))],
    reads: [],
    ...fault(1007),
  },
  {
    rule: 'F-60',
    title: 'data after the Close',
    input: [close(1000), text('late'), ping()],
    ...closed(1000),
  },
  {
    rule: 'F-64',
    title: 'a Close inside a message',
    input: [text('a', false), close(1000)],
    ...closed(1000),
    reads: ['Text more a', 'Close'],
  },
  {
    rule: 'F-60',
    title: 'a Close and FIN together',
    input: [text('a'), close(1001)],
    then: 'fin',
    ...closed(1001),
    reads: ['Text fin a', 'Close'],
  },
];

export const FRAME_ROWS: readonly FrameRow[] = [...shape, ...utf8Rows, ...flow, ...lost, ...closing];
