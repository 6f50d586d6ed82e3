import { describe, expect, it } from 'vitest';
import { Connection, type ConnectionOptions } from '../../../src/frames/connection';
import { encodeCut, OutgoingText } from '../../../src/frames/outgoing-text';
import { concat } from '../../helpers/bytes';
import { close, hex, pattern, readFrames, utf8, type Role } from './frame-bytes';

const KEYS = [0x01020304, 0xa0b0c0d0, 0xffffffff, 0x00000000, 0x80000001];

function connect(role: Role, options: Partial<ConnectionOptions> = {}): Connection {
  const keys = [...KEYS];
  return new Connection({ role, maskKey: () => keys.shift() ?? 0x5eed5eed, ...options });
}

function sent(connection: Connection): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (let event = connection.poll(); event !== undefined; event = connection.poll()) {
    if (event.type === 'transmit') chunks.push(...event.chunks);
  }
  return concat(chunks);
}

/** One case: what is called, and the very bytes that have to come out. */
interface WritingRow {
  rule: string;
  title: string;
  role: Role;
  options?: Partial<ConnectionOptions>;
  act: (connection: Connection) => unknown;
  /** What the call returns; for several calls, a list. */
  returns: unknown;
  wire: string;
}

const masked: Role = 'client';
const plain: Role = 'server';
const data = hex('00ff7f80');

const ROWS: WritingRow[] = [
  {
    rule: 'F-24',
    title: 'a client masks every frame, each with the next key of its source',
    role: masked,
    act: (c) => [
      c.send(1, utf8('Hi')),
      c.send(2, utf8('Hi')),
      c.sendPing(),
      c.sendPong(utf8('p')),
      c.sendClose(),
    ],
    returns: [true, true, true, true, true],
    wire: '8182 01020304 496b  8282 a0b0c0d0 e8d9  8980 ffffffff  8a81 00000000 70  8880 80000001',
  },
  {
    rule: '1.9',
    title: 'a server masks nothing',
    role: plain,
    act: (c) => [
      c.send(1, utf8('Hi')),
      c.send(2, utf8('Hi')),
      c.sendPing(),
      c.sendPong(utf8('p')),
      c.sendClose(),
    ],
    returns: [true, true, true, true, true],
    wire: '8102 4869 8202 4869 8900 8a01 70 8800',
  },
  {
    rule: 'F-26',
    title: 'Text first, then Continuations, FIN on the last only; the next message starts anew',
    role: plain,
    act: (c) => ['a', 'b', 'c', 'd'].map((part, i) => c.send(1, utf8(part), i >= 2)),
    returns: [true, true, true, true],
    wire: '0101 61 0001 62 8001 63 8101 64',
  },
  {
    rule: 'F-26',
    title: 'the same for Binary',
    role: plain,
    act: (c) => [false, true, true].map((fin) => c.send(2, data, fin)),
    returns: [true, true, true],
    wire: '0204 00ff7f80 8004 00ff7f80 8204 00ff7f80',
  },
  {
    rule: 'F-27',
    title: 'control frames go out between fragments',
    role: plain,
    act: (c) => [c.send(1, utf8('a'), false), c.sendPing(utf8('p')), c.sendPong(), c.send(1, utf8('b'))],
    returns: [true, true, true, true],
    wire: '0101 61 8901 70 8a00 8001 62',
  },
  {
    rule: 'F-28',
    title: 'a Ping and a Pong take up to 125 bytes',
    role: plain,
    act: (c) => [c.sendPing(new Uint8Array(125)), c.sendPong(new Uint8Array(125))],
    returns: [true, true],
    wire: `897d ${'00'.repeat(125)} 8a7d ${'00'.repeat(125)}`,
  },
  {
    rule: 'F-29',
    title: 'after our Close no data frame and no second Close goes out; Pings and Pongs still may',
    role: plain,
    act: (c) => [
      c.sendClose(1000),
      c.send(1, utf8('late')),
      c.sendClose(1001),
      c.sendClose(),
      c.sendPing(),
      c.sendPong(),
    ],
    returns: [true, false, false, false, true, true],
    wire: '8802 03e8 8900 8a00',
  },
  {
    rule: 'F-29',
    title: 'our Close may cut a message short; nothing of it follows',
    role: plain,
    act: (c) => [c.send(1, utf8('a'), false), c.sendClose(1001, 'off'), c.send(1, utf8('b'), true)],
    returns: [true, true, false],
    wire: '0101 61 8805 03e9 6f6666',
  },
  {
    rule: 'F-29',
    title: 'after the end nothing goes out at all',
    role: plain,
    act: (c) => {
      c.receiveEnd();
      sent(c);
      return [c.send(2, data), c.sendPing(), c.sendPong(), c.sendClose(1000), c.state];
    },
    returns: [false, false, false, false, 'closed'],
    wire: '',
  },
  {
    rule: 'F-31',
    title: 'empty messages and fragments',
    role: plain,
    act: (c) => [
      c.send(1, utf8('')),
      c.send(2, utf8(''), false),
      c.send(2, utf8(''), false),
      c.send(2, utf8('')),
    ],
    returns: [true, true, true, true],
    wire: '8100 0200 0000 8000',
  },
  ...[
    [0, ''],
    [1000, ''],
    [1001, 'going'],
    [3000, ''],
    [4999, 'ü'],
  ].map(([code, reason]) => ({
    rule: 'F-58',
    title: `Close ${code} "${reason}"`,
    role: plain,
    act: (c: Connection) => (code === 0 ? c.sendClose() : c.sendClose(code as number, reason as string)),
    returns: true,
    wire: Buffer.from(close(code === 0 ? undefined : (code as number), reason as string)('client')).toString(
      'hex',
    ),
  })),
  ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 16_383].map((code) => ({
    rule: 'F-66',
    title: `with unsafeCloseCode, code ${code} goes out as asked`,
    role: plain,
    options: { unsafeCloseCode: true },
    act: (c: Connection) => c.sendClose(code),
    returns: true,
    wire: `8802 ${code.toString(16).padStart(4, '0')}`,
  })),
  {
    rule: 'F-60',
    title: 'after the peer’s Close, with autoClose off, a message may be ended before ours',
    role: plain,
    options: { autoClose: false },
    act: (c) => {
      c.send(1, utf8('a'), false);
      c.receive(close(1000)('server'));
      sent(c);
      return [c.state, c.send(1, utf8('b')), c.sendClose(1000), c.state, c.send(1, utf8('c'))];
    },
    returns: ['close-received', true, true, 'closed', false],
    wire: '8001 62 8802 03e8',
  },
];

describe('RFC 6455, writing: exact bytes', () => {
  for (const row of ROWS) {
    it(`${row.rule}: ${row.title}`, () => {
      const connection = connect(row.role, row.options);
      expect(row.act(connection)).toEqual(row.returns);
      expect(sent(connection)).toEqual(hex(row.wire));
    });
  }
});

/** One case of a call that must not put anything on the wire. */
interface RefusedRow {
  rule: string;
  title: string;
  options?: Partial<ConnectionOptions>;
  act: (connection: Connection) => unknown;
  error: typeof TypeError | typeof RangeError;
}

/** Values of every kind that are no bytes: SEC section 7, a number once sent uninitialised memory. */
const NO_BYTES = [
  undefined,
  null,
  true,
  0,
  1_000,
  NaN,
  10n,
  'text',
  [],
  [1, 2],
  {},
  { length: 9 },
  new ArrayBuffer(4),
]
  .map((value): unknown => value)
  .concat([new Uint16Array(2), new DataView(new ArrayBuffer(4)), () => 1, Symbol('bytes')]);

const REFUSED: RefusedRow[] = [
  {
    rule: 'F-28',
    title: 'a Ping of 126 bytes',
    act: (c) => c.sendPing(new Uint8Array(126)),
    error: RangeError,
  },
  {
    rule: 'F-28',
    title: 'a Pong of 126 bytes',
    act: (c) => c.sendPong(new Uint8Array(126)),
    error: RangeError,
  },
  {
    rule: 'F-28',
    title: 'a reason of 124 bytes',
    act: (c) => c.sendClose(1000, 'r'.repeat(124)),
    error: RangeError,
  },
  {
    rule: 'F-28',
    title: 'a reason of 62 × 2 bytes',
    act: (c) => c.sendClose(1000, 'ü'.repeat(62)),
    error: RangeError,
  },
  {
    rule: 'F-58',
    title: 'a reason without a code',
    act: (c) => c.sendClose(undefined, 'why'),
    error: TypeError,
  },
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 16_383, -1, 1000.5, NaN, Infinity].map((code) => ({
    rule: 'F-58',
    title: `close code ${code}`,
    act: (c: Connection) => c.sendClose(code),
    error: RangeError,
  })),
  ...[-1, 16_384, 65_535, 1.5].map((code) => ({
    rule: 'F-66',
    title: `close code ${code}, with unsafeCloseCode, too`,
    options: { unsafeCloseCode: true },
    act: (c: Connection) => c.sendClose(code),
    error: RangeError,
  })),
  ...[0, 3, 8, 9, 16, 1.5, NaN].map((opcode) => ({
    rule: 'F-26',
    title: `a message of opcode ${opcode}`,
    act: (c: Connection) => c.send(opcode as 1, data),
    error: RangeError,
  })),
  {
    rule: 'F-26',
    title: 'a binary fragment in a text message',
    act: (c) => {
      c.send(1, utf8(''), false);
      sent(c);
      c.send(2, data);
    },
    error: TypeError,
  },
  ...NO_BYTES.flatMap((value) => [
    {
      rule: 'SEC section 7',
      title: `data of the type ${Object.prototype.toString.call(value)} ${typeof value}`,
      act: (c: Connection) => c.send(2, value as Uint8Array),
      error: TypeError,
    },
    ...(value === undefined
      ? []
      : [
          {
            rule: 'SEC section 7',
            title: `a Ping of the type ${Object.prototype.toString.call(value)} ${typeof value}`,
            act: (c: Connection) => c.sendPing(value as Uint8Array),
            error: TypeError,
          },
          ...(typeof value === 'string'
            ? []
            : [
                {
                  rule: 'SEC section 7',
                  title: `a reason of the type ${Object.prototype.toString.call(value)} ${typeof value}`,
                  act: (c: Connection) => c.sendClose(1000, value as string),
                  error: TypeError,
                },
              ]),
        ]),
  ]),
];

describe('RFC 6455, writing: what is refused puts nothing on the wire and changes nothing', () => {
  for (const row of REFUSED) {
    for (const role of ['client', 'server'] as const) {
      it(`${row.rule}: ${row.title} (${role})`, () => {
        const connection = connect(role, row.options);
        expect(() => row.act(connection)).toThrow(row.error);
        expect(sent(connection)).toHaveLength(0);
        expect(connection.state).toBe('open');
      });
    }
  }
});

describe('RFC 6455, writing: the rest', () => {
  it('F-24: a thousand frames of a client use a thousand keys of its source, in order', () => {
    let calls = 0;
    const connection = new Connection({
      role: 'client',
      maskKey: () => Math.imul(++calls, 0x9e3779b1) >>> 0,
    });
    for (let i = 0; i < 1_000; i++) connection.send(2, data);
    const wire = sent(connection);
    const keys = Array.from({ length: 1_000 }, (_, i) => new DataView(wire.buffer, i * 10 + 2).getUint32(0));
    expect(keys).toEqual(Array.from({ length: 1_000 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 0));
    expect(readFrames(wire).every((one) => one.masked && Buffer.compare(one.payload, data) === 0)).toBe(true);
  });

  it('F-24: a client without a source of keys is refused', () => {
    expect(() => new Connection({ role: 'client' })).toThrow(TypeError);
  });

  it.each([0, 1, 24, 25, 63, 64, 1_023, 1_024, 4_095, 4_096, 70_000])(
    'F-30: %i bytes of the caller are not altered',
    (length) => {
      for (const role of ['client', 'server'] as const) {
        const payload = pattern(length);
        const connection = connect(role);
        connection.send(2, payload);
        expect(Buffer.compare(payload, pattern(length))).toBe(0);
        expect(Buffer.compare(readFrames(sent(connection))[0]!.payload, pattern(length))).toBe(0);
      }
    },
  );

  it('a server does not copy payloads of 1 KiB and up; the header is a chunk of its own', () => {
    for (const [length, chunks] of [
      [1_023, 1],
      [1_024, 2],
      [100_000, 2],
    ] as const) {
      const payload = pattern(length);
      const connection = connect('server');
      connection.send(2, payload);
      const event = connection.poll();
      expect(event?.type === 'transmit' && event.chunks.length).toBe(chunks);
      expect(event?.type === 'transmit' && event.chunks.includes(payload)).toBe(chunks === 2);
    }
  });

  it('frames sent before one poll come out as one transmission, in order', () => {
    const connection = connect('server');
    connection.send(1, utf8('a'));
    connection.sendPing(utf8('b'));
    connection.send(1, utf8('c'));
    const event = connection.poll();
    expect(event?.type === 'transmit' && concat(event.chunks)).toEqual(hex('8101 61 8901 62 8101 63'));
    expect(connection.poll()).toBeUndefined();
  });

  it('F-33: a surrogate pair split between two frames arrives whole', () => {
    const text = new OutgoingText();
    expect(text.encode('a\ud834', false)).toEqual(utf8('a'));
    expect(text.encode('', false)).toEqual(utf8(''));
    expect(text.encode('\udd1eb', true)).toEqual(utf8('\u{1d11e}b'));
  });

  it('F-33: halves that never meet become U+FFFD, and nothing is kept for the next message', () => {
    const text = new OutgoingText();
    expect(text.encode('\ud834', true)).toEqual(utf8('\ufffd'));
    expect(text.encode('\ud834', false)).toEqual(utf8(''));
    expect(text.encode('x', false)).toEqual(utf8('\ufffdx'));
    expect(text.encode('\udd1e', true)).toEqual(utf8('\ufffd'));
  });

  it('F-66: reason and Ping are cut to 123 and 125 bytes in front of a character', () => {
    expect(encodeCut('r'.repeat(200), 123)).toHaveLength(123);
    expect(encodeCut(`${'r'.repeat(122)}é`, 123)).toEqual(utf8('r'.repeat(122)));
    expect(encodeCut(`${'r'.repeat(122)}𝄞`, 125)).toEqual(utf8('r'.repeat(122)));
    expect(encodeCut(`${'r'.repeat(121)}𝄞`, 125)).toEqual(utf8(`${'r'.repeat(121)}𝄞`));
    expect(encodeCut('€', 2)).toHaveLength(0);
  });
});
