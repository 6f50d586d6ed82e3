import { binary, close, frame, hex, more, pattern, ping, raw, text } from './frame-bytes';
import { connectionLost, type Row } from './rows';
import { line } from './trace';

const failed = (code: number) => [line.sendsClose(code), line.fail(code), line.lost];
const INVALID_CODES = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 16_383, 65_535];
const VALID_CODES = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
];

const bodies: Row[] = [
  {
    rule: 'F-54',
    title: 'a Close without a body is answered without one',
    input: [close()],
    expect: [line.close(), line.sendsClose(), line.clean],
  },
  {
    rule: 'F-55',
    title: 'a Close with a body of one byte',
    input: [frame({ opcode: 8, payload: 'a' })],
    expect: failed(1002),
  },
  ...[0, 1, 122, 123].map((length) => ({
    rule: 'F-57',
    title: `a Close with a reason of ${length} bytes is answered with its code alone`,
    input: [close(1000, 'r'.repeat(length))],
    expect: [line.close(1000, 'r'.repeat(length)), line.sendsClose(1000), line.clean],
  })),
  {
    rule: 'F-38',
    title: 'a Close with a reason of 124 bytes',
    input: [close(1000, 'r'.repeat(124))],
    expect: failed(1002),
  },
];

const codes: Row[] = [
  ...INVALID_CODES.map((code) => ({
    rule: 'F-56',
    title: `code ${code} is not echoed: 1002`,
    input: [close(code, 'why')],
    expect: failed(1002),
  })),
  ...VALID_CODES.map((code) => ({
    rule: 'F-57',
    title: `code ${code} is accepted and answered with itself`,
    input: [close(code, 'why')],
    expect: [line.close(code, 'why'), line.sendsClose(code), line.clean],
  })),
];

const reasons: Row[] = [
  'ff',
  'c0af',
  'eda080',
  'f4908080',
  '61c3',
  'cebae1bdb9cf83cebcceb5eda080656469746564',
].flatMap((bytes) =>
  [true, false].map((validateUtf8) => ({
    rule: 'F-59',
    title: `the reason ${bytes} is no UTF-8: 1007, with validateUtf8 ${validateUtf8}`,
    options: { validateUtf8 },
    input: [close(1000, hex(bytes))],
    expect: failed(1007),
  })),
);

const afterwards: Row[] = [
  {
    rule: 'F-60',
    title: 'frames after the peer’s Close are ignored: data, a Ping, another Close',
    input: [text('before'), close(1000), text('after'), ping('after'), close(3000)],
    expect: [line.text('before'), line.close(1000), line.sendsClose(1000), line.clean],
  },
  {
    rule: 'F-60',
    title: 'garbage after the peer’s Close is ignored',
    input: [close(), raw(hex('ffffffffffffffffffff'))],
    expect: [line.close(), line.sendsClose(), line.clean],
  },
  {
    rule: 'F-60',
    title: 'with autoClose off nothing is read after the peer’s Close either, and nothing goes out',
    options: { autoClose: false },
    input: [close(4000, 'late'), text('after'), ping()],
    expect: [line.close(4000, 'late')],
  },
  {
    rule: 'F-64',
    title: 'a Close inside a fragmented message is legal, the message is dropped',
    input: [text('first', false), close(1001, 'leaving'), more('second', true)],
    expect: [line.close(1001, 'leaving'), line.sendsClose(1001), line.clean],
    expectFrames: [
      line.frame(1, 1, false, 'first'),
      line.close(1001, 'leaving'),
      line.sendsClose(1001),
      line.clean,
    ],
  },
];

const ownClose: Row[] = [
  {
    rule: 'F-61',
    title: 'both sides close at the same time: each Close goes once, the end is clean',
    first: (connection) => connection.sendClose(1000, 'done'),
    input: [close(1001)],
    expect: [line.sendsClose(1000, 'done'), line.close(1001), line.clean],
  },
  {
    rule: 'F-29',
    title:
      'data, Pings and fragments that come before the peer’s answer are still delivered; only Pongs go out',
    first: (connection) => connection.sendClose(1000),
    echo: true,
    input: [text('late'), ping('still there?'), close(1000)],
    expect: [
      ...[
        line.sendsClose(1000),
        line.text('late'),
        line.ping('still there?'),
        line.sends(10, 'still there?'),
      ],
      ...[line.close(1000), line.clean],
    ],
  },
  {
    rule: 'F-29',
    title: 'a fault after our Close sends no second one',
    first: (connection) => connection.sendClose(1000),
    input: [frame({ opcode: 3 })],
    expect: [line.sendsClose(1000), line.fail(1002), line.lost],
  },
  {
    rule: 'F-29',
    title: 'a wrong Close after our Close sends no second one',
    first: (connection) => connection.sendClose(1000),
    input: [close(1006)],
    expect: [line.sendsClose(1000), line.fail(1002), line.lost],
  },
  {
    rule: 'F-62',
    title: 'the peer never answers our Close: the owner’s time runs out, the end is not clean',
    first: (connection) => connection.sendClose(1000),
    input: [text('chatter')],
    last: (connection) => connection.closeTimedOut(),
    expect: [line.sendsClose(1000), line.text('chatter'), line.lost],
  },
  {
    rule: 'F-62',
    title: 'a time-out that comes too late changes nothing',
    first: (connection) => connection.sendClose(1000),
    input: [close(1000)],
    last: (connection) => connection.closeTimedOut(),
    expect: [line.sendsClose(1000), line.close(1000), line.clean],
  },
  {
    rule: 'F-53',
    title: 'the bytes end after our Close, without an answer: not clean',
    first: (connection) => connection.sendClose(1000),
    input: [],
    last: connectionLost,
    expect: [line.sendsClose(1000), line.lost],
  },
  {
    rule: 'F-53',
    title: 'the bytes end right behind the peer’s Close: answered, clean',
    input: [close(1000)],
    last: connectionLost,
    expect: [line.close(1000), line.sendsClose(1000), line.clean],
  },
  {
    rule: 'F-53',
    title: 'the bytes end behind the peer’s Close that nobody answers: not clean',
    options: { autoClose: false },
    input: [close(1000)],
    last: connectionLost,
    expect: [line.close(1000), line.lost],
  },
];

const order: Row[] = [
  {
    rule: 'F-36',
    title: 'an echo and a Pong that are due go out before the connection is failed; what follows is not read',
    echo: true,
    input: [
      text('a'),
      binary(pattern(200)),
      ping('p'),
      frame({ opcode: 1, rsv: 2, payload: 'bad' }),
      ping('unread'),
    ],
    expect: [
      ...[line.text('a'), line.sends(1, 'a'), line.binary(pattern(200)), line.sends(2, pattern(200))],
      ...[line.ping('p'), line.sends(10, 'p'), ...failed(1002)],
    ],
  },
  {
    rule: 'F-60',
    title: 'an echo that is due goes out before the answer to the peer’s Close',
    echo: true,
    input: [text('a'), close(1000)],
    expect: [line.text('a'), line.sends(1, 'a'), line.close(1000), line.sendsClose(1000), line.clean],
  },
];

export const closingRows: Row[] = [...bodies, ...codes, ...reasons, ...afterwards, ...ownClose, ...order];
