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
} from './frame-bytes';
import { connectionLost, type Row } from './rows';
import { line } from './trace';

const failed = (code: number) => [line.sendsClose(code), line.fail(code), line.lost];
const KINDS = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const maskDirection: Row[] = Object.entries(KINDS).map(([kind, opcode]) => ({
  rule: 'F-35',
  title: `a ${kind} frame masked the wrong way round: masked by a server, not masked by a client`,
  input: [(role) => frame({ opcode, payload: 'ab', masked: role === 'client' })(role)],
  expect: failed(1002),
}));

const reservedBits: Row[] = Object.entries(KINDS).flatMap(([kind, opcode]) =>
  [1, 2, 3, 4, 5, 6, 7].map((rsv) => ({
    rule: 'F-36',
    title: `reserved bits ${rsv.toString(2).padStart(3, '0')} on a ${kind} frame`,
    input: [...(opcode === 0 ? [text('a', false)] : []), frame({ opcode, rsv, payload: 'b' })],
    expect: failed(1002),
    expectFrames: [...(opcode === 0 ? [line.frame(1, 1, false, 'a')] : []), ...failed(1002)],
  })),
);

const reservedOpcodes: Row[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
  {
    rule: 'F-37',
    title: `opcode ${opcode}, empty; an echo that is due goes out before the connection is failed`,
    echo: true,
    input: [text('due'), frame({ opcode }), ping()],
    expect: [line.text('due'), line.sends(1, 'due'), ...failed(1002)],
  },
  {
    rule: 'F-37',
    title: `opcode ${opcode} with a payload inside a message`,
    input: [text('a', false), frame({ opcode, payload: 'reserved' })],
    expect: failed(1002),
    expectFrames: [line.frame(1, 1, false, 'a'), ...failed(1002)],
  },
]);

const controlFrames: Row[] = [8, 9, 10].flatMap((opcode) => [
  {
    rule: 'F-38',
    title: `control opcode ${opcode} without FIN`,
    input: [frame({ opcode, fin: false })],
    expect: failed(1002),
  },
  {
    rule: 'F-38',
    title: `control opcode ${opcode} with 126 bytes`,
    input: [frame({ opcode, payload: pattern(126) })],
    expect: failed(1002),
  },
  {
    rule: 'F-38',
    title: `control opcode ${opcode} that declares 2^40 bytes: failed before any of them`,
    input: [frame({ opcode, declares: 1n << 40n })],
    expect: failed(1002),
  },
]);

const sequence: Row[] = [
  ...[true, false].map((fin) => ({
    rule: 'F-39',
    title: `a Continuation with nothing to continue, FIN ${fin}`,
    echo: true,
    input: [more('orphan', fin), text('unseen')],
    expect: failed(1002),
  })),
  {
    rule: 'F-39',
    title: 'a Continuation after a message that ended',
    input: [text('whole'), more('orphan', true)],
    expect: [line.text('whole'), ...failed(1002)],
  },
  {
    rule: 'F-39',
    title: 'a Continuation after a fragmented message that ended; its echo goes out first',
    echo: true,
    input: [text('a', false), more('b', true), more('orphan', false)],
    expect: [line.text('ab'), line.sends(1, 'ab'), ...failed(1002)],
    expectFrames: [
      ...[line.frame(1, 1, false, 'a'), line.sends(1, 'a', false)],
      ...[line.frame(0, 1, true, 'b'), line.sends(0, 'b', true), ...failed(1002)],
    ],
  },
  ...[1, 2].flatMap((opcode) =>
    [1, 2].map((open) => ({
      rule: 'F-39',
      title: `opcode ${opcode} inside a message of opcode ${open}`,
      input: [frame({ opcode: open, payload: 'a', fin: false }), frame({ opcode, payload: 'b' })],
      expect: failed(1002),
      expectFrames: [line.frame(open, open, false, 'a'), ...failed(1002)],
    })),
  ),
  {
    rule: 'F-39',
    title: 'a message of five fragments, empty ones at the ends and in the middle',
    input: [text('', false), more('ab', false), more('', false), more('cd', false), more('', true)],
    expect: [line.text('abcd')],
    expectFrames: [
      line.frame(1, 1, false, ''),
      ...['ab', '', 'cd'].map((part) => line.frame(0, 1, false, part)),
      line.frame(0, 1, true, ''),
    ],
  },
];

const lengthForms: Row[] = [
  ...[1n << 63n, (1n << 64n) - 1n].map((declares) => ({
    rule: 'F-40',
    title: `64-bit length ${declares.toString(16)} with the top bit set`,
    input: [frame({ opcode: 2, declares, lengthBytes: 8 as const })],
    expect: failed(1002),
  })),
  ...([0, 1, 125] as const).flatMap((length) => nonMinimal(length, 2)),
  ...([0, 125, 126, 65_535] as const).flatMap((length) => nonMinimal(length, 8)),
  ...[0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 65_537].map((length) => ({
    rule: 'F-25',
    title: `a message of ${length} bytes is read, and sent back in the shortest form`,
    echo: true,
    input: [binary(pattern(length)), ping()],
    expect: [line.binary(pattern(length)), line.sends(2, pattern(length)), line.ping(), line.sends(10)],
  })),
];

function nonMinimal(length: number, lengthBytes: 2 | 8): Row[] {
  const input = [frame({ opcode: 2, payload: pattern(length), lengthBytes })];
  return [
    { rule: 'F-41', title: `length ${length} in ${lengthBytes} bytes`, input, expect: failed(1002) },
    {
      rule: 'F-41',
      title: `length ${length} in ${lengthBytes} bytes, with strictLength off`,
      options: { strictLength: false },
      input,
      expect: [line.binary(pattern(length))],
    },
  ];
}

const controlBetween: Row[] = [
  {
    rule: 'F-48',
    title: 'a Ping between fragments is answered at once, the message stays whole',
    input: [text('a', false), ping('1'), more('b', false), ping(hex('00ff80')), pong('x'), more('c', true)],
    expect: [
      ...[line.ping('1'), line.sends(10, '1'), line.ping(hex('00ff80')), line.sends(10, hex('00ff80'))],
      ...[line.pong('x'), line.text('abc')],
    ],
    expectFrames: [
      ...[line.frame(1, 1, false, 'a'), line.ping('1'), line.sends(10, '1'), line.frame(0, 1, false, 'b')],
      ...[
        line.ping(hex('00ff80')),
        line.sends(10, hex('00ff80')),
        line.pong('x'),
        line.frame(0, 1, true, 'c'),
      ],
    ],
  },
  {
    rule: 'F-49',
    title: 'ten Pings in one segment are answered, each with its own payload',
    input: Array.from({ length: 10 }, (_, i) => ping(`payload ${i}`)),
    expect: Array.from({ length: 10 }, (_, i) => [
      line.ping(`payload ${i}`),
      line.sends(10, `payload ${i}`),
    ]).flat(),
  },
  ...[0, 1, 124, 125].map((length) => ({
    rule: 'F-32',
    title: `the Pong carries the ${length} bytes of the Ping`,
    input: [ping(pattern(length))],
    expect: [line.ping(pattern(length)), line.sends(10, pattern(length))],
  })),
  {
    rule: 'F-32',
    title: 'the Pong carries a payload that is no UTF-8',
    input: [ping(hex('fffec080eda080'))],
    expect: [line.ping(hex('fffec080eda080')), line.sends(10, hex('fffec080eda080'))],
  },
  {
    rule: 'F-32',
    title: 'with autoPong off no Pong goes out by itself',
    options: { autoPong: false },
    input: [ping('a'), ping('b')],
    expect: [line.ping('a'), line.ping('b')],
  },
  {
    rule: 'F-50',
    title: 'a Pong that nobody asked for is no error, also with a payload and before a Ping',
    input: [pong(), pong('unasked'), ping('p'), pong(pattern(125))],
    expect: [line.pong(), line.pong('unasked'), line.ping('p'), line.sends(10, 'p'), line.pong(pattern(125))],
  },
];

const wholeness: Row[] = [
  {
    rule: 'F-31',
    title: 'an empty message at the exact end of the received bytes',
    input: [text('')],
    expect: [line.text('')],
  },
  {
    rule: 'F-31',
    title: 'empty messages of both kinds are echoed, also behind full ones',
    echo: true,
    input: [text('x'), text(''), binary(new Uint8Array(0))],
    expect: [
      line.text('x'),
      line.sends(1, 'x'),
      line.text(''),
      line.sends(1),
      line.binary(''),
      line.sends(2),
    ],
  },
  {
    rule: 'F-51',
    title: 'a stream of all kinds of frames',
    input: [
      text('eins'),
      ping('?'),
      binary(pattern(300)),
      text('z', false),
      pong(),
      more('wei', true),
      close(1000),
    ],
    expect: [
      ...[line.text('eins'), line.ping('?'), line.sends(10, '?'), line.binary(pattern(300)), line.pong()],
      ...[line.text('zwei'), line.close(1000), line.sendsClose(1000), line.clean],
    ],
    expectFrames: [
      ...[line.frame(1, 1, true, 'eins'), line.ping('?'), line.sends(10, '?')],
      ...[line.frame(2, 2, true, pattern(300)), line.frame(1, 1, false, 'z'), line.pong()],
      ...[line.frame(0, 1, true, 'wei'), line.close(1000), line.sendsClose(1000), line.clean],
    ],
  },
  ...[70_000, 1_048_576].map((length) => ({
    rule: 'F-52',
    title: `a frame of ${length} bytes, content compared`,
    echo: true,
    input: [binary(pattern(length)), text('after')],
    expect: [
      line.binary(pattern(length)),
      line.sends(2, pattern(length)),
      line.text('after'),
      line.sends(1, 'after'),
    ],
  })),
  {
    rule: 'F-52',
    title: 'a message of 60 fragments of 1,300 bytes',
    input: Array.from({ length: 60 }, (_, i) =>
      frame({
        opcode: i === 0 ? 2 : 0,
        fin: i === 59,
        payload: pattern(78_000).slice(i * 1_300, (i + 1) * 1_300),
      }),
    ),
    expect: [line.binary(pattern(78_000))],
    expectFrames: Array.from({ length: 60 }, (_, i) =>
      line.frame(i === 0 ? 2 : 0, 2, i === 59, pattern(78_000).slice(i * 1_300, (i + 1) * 1_300)),
    ),
  },
];

const lostConnection: Row[] = [
  { title: 'before any byte', input: [] },
  { title: 'inside a header', input: [raw(hex('81'))] },
  { title: 'inside a long length', input: [begin(binary(pattern(126)), 3)] },
  { title: 'behind a long length', input: [begin(binary(pattern(126)), 4)] },
  { title: 'inside a payload', input: [cut(text('half'), 1)] },
  { title: 'inside the body of a Close', input: [cut(close(1000, 'bye'), 1)] },
].map(({ title, input }) => ({
  rule: 'F-53',
  title: `the bytes end ${title}: lost, nothing is delivered`,
  input,
  last: connectionLost,
  expect: [line.lost],
}));

const lostInMessage: Row[] = [
  {
    rule: 'F-53',
    title: 'the bytes end between two fragments: lost, the message is not delivered',
    input: [text('whole'), text('first half', false)],
    last: connectionLost,
    expect: [line.text('whole'), line.lost],
    expectFrames: [line.frame(1, 1, true, 'whole'), line.frame(1, 1, false, 'first half'), line.lost],
  },
  {
    rule: 'F-53',
    title: 'what came whole before the end is delivered and answered',
    echo: true,
    input: [text('last words'), ping('p')],
    last: connectionLost,
    expect: [
      line.text('last words'),
      line.sends(1, 'last words'),
      line.ping('p'),
      line.sends(10, 'p'),
      line.lost,
    ],
  },
];

const echoes: Row[] = [0, 125, 126, 127, 128, 65_535, 65_536].flatMap((length) => [
  {
    rule: 'F-31',
    title: `a text of ${length} bytes is echoed as text`,
    echo: true,
    input: [text('*'.repeat(length))],
    expect: [line.text('*'.repeat(length)), line.sends(1, '*'.repeat(length))],
  },
  {
    rule: 'F-31',
    title: `${length} bytes are echoed as binary`,
    echo: true,
    input: [binary(utf8('þ'.repeat(length)).slice(0, length))],
    expect: [
      line.binary(utf8('þ'.repeat(length)).slice(0, length)),
      line.sends(2, utf8('þ'.repeat(length)).slice(0, length)),
    ],
  },
]);

export const readingRows: Row[] = [
  ...maskDirection,
  ...reservedBits,
  ...reservedOpcodes,
  ...controlFrames,
  ...sequence,
  ...lengthForms,
  ...controlBetween,
  ...wholeness,
  ...lostConnection,
  ...lostInMessage,
  ...echoes,
];
