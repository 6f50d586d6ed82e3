import { describe, expect, it } from 'vitest';
import { escapeValue, MessageSplitter, parseBody, type Fields } from '../../../src/core/codec';
import { decodeText } from '../../../src/core/text';
import { FieldWriter } from '../../../src/core/field-writer';
import { concat, randomSplit, seededRandom, show, vector } from '../../helpers/bytes';

type Pair = [string, string];
interface Read {
  fields: Pair[];
  fault?: string;
}

function read(fields: Fields): Read {
  const pairs = fields.keys.map((key, i): Pair => [key, show(fields.value(i))]);
  return fields.fault ? { fields: pairs, fault: fields.fault } : { fields: pairs };
}

function split(chunks: readonly Uint8Array[], maxSize = 1000, maxFields?: number): Read[] {
  const splitter = new MessageSplitter(maxFields === undefined ? { maxSize } : { maxSize, maxFields });
  const messages: Read[] = [];
  for (const chunk of chunks) {
    const lent = chunk.slice();
    splitter.push(lent);
    for (let next = splitter.next(); next; next = splitter.next()) messages.push(read(next));
    lent.fill(0x21); // what the splitter keeps must be its own copy
  }
  return messages;
}

/** As one chunk, byte by byte and at random splits; all must agree. */
function everySplit(bytes: Uint8Array, maxSize?: number, maxFields?: number): Read[] {
  const whole = split([bytes], maxSize, maxFields);
  expect(split(Array.from(bytes, (byte) => Uint8Array.of(byte)), maxSize, maxFields)).toEqual(whole);
  const random = seededRandom(bytes.length);
  for (let i = 0; i < 20; i++) expect(split(randomSplit(bytes, random), maxSize, maxFields)).toEqual(whole);
  return whole;
}

const STREAM: [name: string, bytes: string, messages: Read[]][] = [
  ['V-1 escapes', '~d=tilde~~ nul~- eq= end~~~t=1', [{ fields: [['d', 'tilde~ nul\\x00 eq= end~']] }]],
  ['V-2 escaped data type', '~dt=d~~t~t=1', [{ fields: [['dt', 'd~t']] }]],
  ['V-3 keep-alive', '~t=1', [{ fields: [] }]],
  ['V-4 terminator text inside data', '~d=x~~t=1y~t=1', [{ fields: [['d', 'x~t=1y']] }]],
  ['V-5 terminator text inside data', '~d=a~~t=1bc~t=1', [{ fields: [['d', 'a~t=1bc']] }]],
  ['V-9 bytes that are no UTF-8', '~d=\\xff\\xfe\\x80~t=1', [{ fields: [['d', '\\xff\\xfe\\x80']] }]],
  ['V-10 empty data', '~d=~t=1', [{ fields: [['d', '']] }]],
  ['V-12 data ends in a tilde', '~d=a~~~t=1', [{ fields: [['d', 'a~']] }]],
  ['V-13 data is a tilde', '~d=~~~t=1', [{ fields: [['d', '~']] }]],
  ['V-14 data ends in byte 0', '~d=a~-~t=1', [{ fields: [['d', 'a\\x00']] }]],
  ['V-15 data is tilde and hyphen', '~d=~~-~t=1', [{ fields: [['d', '~-']] }]],
  ['V-16 no terminator', '~d=~~t=1', []],
  [
    'V-17 two messages in one frame',
    '~rt=k~t=1~rt=r~f=7~d=x~t=1',
    [
      { fields: [['rt', 'k']] },
      {
        fields: [
          ['rt', 'r'],
          ['f', '7'],
          ['d', 'x'],
        ],
      },
    ],
  ],
  [
    'V-19 several messages in one receive',
    '~rt=r~f=7~dt=a~d=1~f=8~d=2~t=1',
    [
      {
        fields: [
          ['rt', 'r'],
          ['f', '7'],
          ['dt', 'a'],
          ['d', '1'],
          ['f', '8'],
          ['d', '2'],
        ],
      },
    ],
  ],
  [
    'V-21 P-27 no leading tilde, then a good one',
    'rt=a~e=0~t=1~rt=k~t=1',
    [{ fields: [], fault: 'no-leading-tilde' }, { fields: [['rt', 'k']] }],
  ],
  [
    'V-22 P-28 tilde inside a key',
    '~a=1~rt~e=0~t=1~rt=k~t=1',
    [{ fields: [['a', '1']], fault: 'cut' }, { fields: [['rt', 'k']] }],
  ],
  ['V-24 P-16 equals signs in a value', '~d=a=b==~t=1', [{ fields: [['d', 'a=b==']] }]],
  ['P-17 repeated keys keep their order', '~n=b~n=a~t=1', [{ fields: [['n', 'b'], ['n', 'a']] }]], // prettier-ignore
  ['P-21 the byte behind the terminator starts a message', '~a=1~t=1x~t=1', [{ fields: [['a', '1']] }, { fields: [], fault: 'no-leading-tilde' }]], // prettier-ignore
  ['P-21 a key that only begins with t', '~t2=1~tx=1~t=2~t=1', [{ fields: [['t2', '1'], ['tx', '1'], ['t', '2']] }]], // prettier-ignore
  ['SEC-11 key of nine bytes', '~abcdefghi=1~t=1', [{ fields: [], fault: 'bad-key' }]],
  ['SEC-11 key of eight bytes', '~abcdefgh=1~t=1', [{ fields: [['abcdefgh', '1']] }]],
  ['SEC-11 empty key', '~=1~t=1', [{ fields: [], fault: 'bad-key' }]],
  ['SEC-11 key with other bytes', '~a=1~b-c=1~t=1', [{ fields: [['a', '1']], fault: 'bad-key' }]],
  ['SEC-12 key of an object member', '~valueOf=1~t=1', [{ fields: [['valueOf', '1']] }]],
  ['P-28 skipping honours escapes', 'x~~t=1~t=1', [{ fields: [], fault: 'no-leading-tilde' }]],
];

describe('MessageSplitter, however the bytes are chopped', () => {
  it.each(STREAM)('%s', (_, bytes, messages) => {
    expect(everySplit(vector(bytes))).toEqual(messages);
  });

  it('P-22 V-18 a message over three frames', () => {
    expect(split([vector('~rt=s~'), vector('e=0~t'), vector('=1')])).toEqual([{ fields: [['rt', 's'], ['e', '0']] }]); // prettier-ignore
  });

  it('SEC-13 P-22 a message above the limit is the last, with or without its end', () => {
    const fits = vector(`~d=${'x'.repeat(53)}~t=1`);
    expect(everySplit(fits, 60)).toHaveLength(1);
    expect(everySplit(fits, 60)[0]?.fault).toBeUndefined();
    expect(everySplit(concat([fits, vector('~rt=k~t=1')]), 59)).toEqual([{ fields: [], fault: 'too-large' }]);
    expect(everySplit(vector('x'.repeat(61)), 60)).toEqual([{ fields: [], fault: 'too-large' }]);
  });

  it('SEC-11 fields are counted per group', () => {
    const group = '~n=1~n=2~d=x';
    expect(everySplit(vector(`${group}${group}${group}~t=1`), 1000, 3)[0]?.fault).toBeUndefined();
    expect(everySplit(vector('~n=1~n=2~n=3~d=x~t=1'), 1000, 3)[0]?.fault).toBe('too-many-fields');
  });

  it('looks at each byte once: a megabyte in small chunks stays linear', () => {
    const chunk = new Uint8Array(1024).fill(0x78);
    const splitter = new MessageSplitter({ maxSize: 2 ** 21 });
    splitter.push(vector('~d='));
    for (let i = 0; i < 1024; i++) {
      expect(splitter.next()).toBeUndefined();
      splitter.push(chunk);
    }
    splitter.push(vector('~t=1'));
    const fields = splitter.next();
    expect(fields?.value(0).length).toBe(2 ** 20);
    expect(splitter.next()).toBeUndefined();
    expect(splitter.pendingBytes).toBe(0);
  });
});

describe('parseBody (HTTP)', () => {
  const body = (text: string, maxSize = 1000): Read => read(parseBody(vector(text), { maxSize }));

  it.each<[string, string, Read]>([
    ['P-21 t is an ordinary field', '~id=1sA~t=60~z=2', { fields: [['id', '1sA'], ['t', '60'], ['z', '2']] }], // prettier-ignore
    ['V-16 escaped tilde at the end', '~d=~~t=1', { fields: [['d', '~t=1']] }],
    ['V-11 empty data in the middle', '~d=~z=0', { fields: [['d', ''], ['z', '0']] }], // prettier-ignore
    ['P-29 empty value at the end is kept', '~e=0~d=', { fields: [['e', '0'], ['d', '']] }], // prettier-ignore
    ['V-20 P-30 lone tilde at the end', '~d=abc~', { fields: [['d', 'abc']], fault: 'lone-tilde' }],
    ['P-30 a tilde only', '~', { fields: [], fault: 'lone-tilde' }],
    ['P-27 no leading tilde', 'hello', { fields: [], fault: 'no-leading-tilde' }],
    ['P-27 empty', '', { fields: [], fault: 'no-leading-tilde' }],
    ['P-28 a key without value', '~a=1~b', { fields: [['a', '1']], fault: 'cut' }],
  ])('%s', (_, text, expected) => {
    expect(body(text)).toEqual(expected);
  });

  it('SEC-13 a body above the limit', () => {
    expect(body('~d=0123456789', 12).fault).toBe('too-large');
  });
});

describe('text', () => {
  it.each([
    ['V-6 UTF-8', '\\xc3\\xa9', 'é'],
    ['V-7 Latin-1 when it is no UTF-8', '\\xe9', 'é'],
    ['V-8 three and four bytes', '\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80', '€\u{1f600}'],
    ['a byte order mark stays', '\\xef\\xbb\\xbfa', '\ufeffa'],
  ])('%s', (_, bytes, text) => {
    expect(decodeText(vector(bytes))).toBe(text);
  });

  it('P-25 long Latin-1 text is decoded whole', () => {
    expect(decodeText(new Uint8Array(100_000).fill(0xe9))).toBe('é'.repeat(100_000));
  });
});

describe('FieldWriter', () => {
  it('V-1 V-2 escapes values, P-19 leaves ids alone', () => {
    const bytes = new FieldWriter()
      .rawField('id', vector('7sA~b'))
      .field('dt', 'd~t')
      .field('d', 'tilde~ nul\0 eq= end~')
      .finish();
    expect(show(bytes)).toBe('~id=7sA~b~dt=d~~t~d=tilde~~ nul~- eq= end~~');
  });

  it('P-15 what is written reads back, whatever the bytes', () => {
    const random = seededRandom(7);
    for (let i = 0; i < 500; i++) {
      const value = Uint8Array.from({ length: Math.floor(random() * 80) }, () => {
        const kind = random();
        return kind < 0.3 ? 0x7e : kind < 0.4 ? 0 : kind < 0.6 ? 0x2d : Math.floor(random() * 256);
      });
      const bytes = new FieldWriter().field('d', value).field('q', 'end').finish();
      expect(show(parseBody(bytes, { maxSize: 1000 }).value(0))).toBe(show(value));
      expect(everySplit(concat([bytes, vector('~t=1')]))[0]?.fields[0]).toEqual(['d', show(value)]);
    }
  });

  it('does not copy a value without escapes', () => {
    const value = vector('plain');
    expect(escapeValue(value)).toBe(value);
  });
});
