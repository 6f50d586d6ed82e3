import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeValue, MessageSplitter, parseBody, type Fields } from '../../src/core/codec';
import { FieldWriter } from '../../src/core/field-writer';
import { readLogin } from '../../src/core/login';
import { readMessages } from '../../src/core/messages';
import { concat, randomSplit, seededRandom, show, vector } from '../helpers/bytes';

/** Pieces that make hostile input interesting: random bytes alone hardly ever reach the odd corners. */
const PIECES = ['~', '~~', '~-', '~t=1', 't=1', '=', '~d=', '~rt=r', '~f=7', '~e=0', '~id=1sA', '~__proto__=1', '~0=x']
  .concat(['~abcdefghi=', '~=', '\\x00', '\\xff\\xfe', 'x', '~t=', '~t', '~dt=a', '~n=', '~ip=h', '~dn=h'])
  .map(vector);

const MAX_SIZE = 64;

function hostile(random: () => number): Uint8Array {
  const pieces: Uint8Array[] = [];
  const count = Math.floor(random() * 12);
  for (let i = 0; i < count; i++) {
    pieces.push(random() < 0.9 ? PIECES[Math.floor(random() * PIECES.length)]! : Uint8Array.of(random() * 256));
  }
  return concat(pieces);
}

function summary(fields: Fields): string {
  let text = fields.fault ?? '';
  for (let i = 0; i < fields.length; i++) text += `|${fields.keys[i]}=${show(fields.value(i))}`;
  return text;
}

function split(chunks: readonly Uint8Array[]): string[] {
  const splitter = new MessageSplitter({ maxSize: MAX_SIZE });
  const found: string[] = [];
  for (const chunk of chunks) {
    const lent = chunk.slice();
    splitter.push(lent);
    for (let next = splitter.next(); next; next = splitter.next()) found.push(summary(next));
    if (splitter.pendingBytes > MAX_SIZE) throw new Error(`The splitter holds ${splitter.pendingBytes} bytes.`);
    lent.fill(0x7e);
  }
  return found;
}

describe('SEC-11 the wire parser against hostile bytes', () => {
  it('1,000,000 inputs: never throws, stays bounded, and gives the same messages at every split', { timeout: 240_000 }, () => {
    const seed = Date.now() % 1_000_000;
    const random = seededRandom(seed);
    for (let i = 0; i < 1_000_000; i++) {
      const bytes = hostile(random);
      try {
        const whole = split([bytes]).join('\n');
        if (split(randomSplit(bytes, random)).join('\n') !== whole) throw new Error('Splits disagree.');
        const body = parseBody(bytes, { maxSize: MAX_SIZE });
        readMessages(body);
        readLogin(body, 'x');
      } catch (cause) {
        throw new Error(`Seed ${seed}, input ${i}: ${show(bytes)}`, { cause });
      }
    }
  });

  it('SEC-12 no key reaches an object', () => {
    const before = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));
    const fields = parseBody(vector('~e=0~valueOf=1~toString=2~constructor=1~5=five'), { maxSize: 1000 });
    expect(fields.keys).toEqual(['e', 'valueOf', 'toString']);
    expect(fields.fault).toBe('bad-key'); // `constructor` is longer than a key may be
    expect(fields.first('valueOf')).toBe('1');
    expect(fields.first('hasOwn')).toBeUndefined();
    const login = readLogin(
      parseBody(vector('~id=1sA~ip=h~ip=h~dn=h~dn=h~0=ok~valueOf=1~5=five'), { maxSize: 1000 }),
      'x',
    );
    expect([...(login?.texts ?? [])]).toEqual([
      [0, 'ok'],
      [5, 'five'],
    ]);
    expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype))).toBe(before);
  });
});

describe('the encoder', () => {
  it('decode(encode(x)) = x for any fields', () => {
    const key = fc.stringMatching(/^[a-zA-Z0-9]{1,8}$/).filter((text) => text !== 't');
    const fields = fc.array(fc.tuple(key, fc.uint8Array({ maxLength: 40 })), { maxLength: 8 });
    fc.assert(
      fc.property(fields, fc.nat(), (pairs, seed) => {
        const writer = new FieldWriter();
        for (const [name, value] of pairs) writer.field(name, value);
        const stream = concat([writer.finish(), vector('~t=1')]);
        const splitter = new MessageSplitter({ maxSize: 10_000 });
        let read: [string, number[]][] | undefined;
        for (const chunk of randomSplit(stream, seededRandom(seed))) {
          splitter.push(chunk);
          const message = splitter.next();
          if (message) read = message.keys.map((name, i) => [name, Array.from(message.value(i))]);
        }
        expect(read).toEqual(pairs.map(([name, value]) => [name, Array.from(value)]));
      }),
      { numRuns: 20_000 },
    );
  });

  it('an escaped value holds no field boundary and no zero byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (value) => {
        const raw = escapeValue(value);
        for (let i = 0; i < raw.length; i++) {
          expect(raw[i]).not.toBe(0);
          if (raw[i] !== 0x7e) continue;
          i++;
          expect([0x7e, 0x2d]).toContain(raw[i]);
        }
      }),
      { numRuns: 20_000 },
    );
  });
});
