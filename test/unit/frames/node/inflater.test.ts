import { constants } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FrameError } from '../../../../src/frames/errors';
import { PakoInflater } from '../../../../src/frames/node/inflater';
import { hex, pattern, utf8 } from '../../../conformance/frames/frame-bytes';
import { concat } from '../../../helpers/bytes';
import { deflated, isSame, payloads, prose as text } from '../../../helpers/compressible';

/** An inflater that gives back what it restores. */
class Stream {
  readonly #inflater: PakoInflater;

  constructor(noContextTakeover = false) {
    this.#inflater = new PakoInflater(noContextTakeover);
  }

  decompress(bytes: Uint8Array, fin: boolean, limit: number): Uint8Array {
    const parts: Uint8Array[] = [];
    this.#inflater.decompress(bytes, fin, limit, (restored) => parts.push(restored.slice()));
    return concat(parts);
  }
}

const prose = utf8(text.slice(0, 60_000));
const stream = (noContextTakeover = false) => new Stream(noContextTakeover);

const sizeOf = (parts: readonly Uint8Array[]) => parts.reduce((sum, { length }) => sum + length, 0);

function codeOf(run: () => unknown): number {
  try {
    run();
  } catch (error) {
    if (error instanceof FrameError) return error.closeCode;
    throw error;
  }
  throw new Error('It did not fail.');
}

const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;

describe.each(payloads)('inflating %s', (_, payload) => {
  it.each([
    { level: 0 },
    { level: 1 },
    { level: 6, windowBits: 9 },
    ...[Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE].map((strategy) => ({
      level: 9,
      strategy,
    })),
  ])('made by zlib with %j, in pieces of any size', (options) => {
    const bytes = deflated(payload, options);
    expect(isSame(stream().decompress(bytes, true, payload.length), payload)).toBe(true);
    for (const size of [1, 7, 1_000]) {
      const inflater = stream();
      const parts: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        parts.push(inflater.decompress(bytes.subarray(at, at + size), false, payload.length));
      }
      parts.push(inflater.decompress(new Uint8Array(0), true, payload.length));
      expect(isSame(concat(parts), payload)).toBe(true);
    }
  });
});

describe('inflating', () => {
  it('F-69: the examples of RFC 7692, section 7.2.3', () => {
    const inflate = (text: string) => stream().decompress(hex(text), true, 100);
    expect(inflate('f248cdc9c90700')).toEqual(utf8('Hello'));
    expect(inflate('000500faff48656c6c6f00')).toEqual(utf8('Hello'));
    expect(inflate('f348cdc9c9070000')).toEqual(utf8('Hello'));
    expect(inflate('f2480500 0000ffffcac9c90700')).toEqual(utf8('Hello'));
    expect(inflate('00')).toEqual(new Uint8Array(0));
    const inflater = stream();
    expect(inflater.decompress(hex('f248cdc9c90700'), true, 5)).toEqual(utf8('Hello'));
    expect(inflater.decompress(hex('f200110000'), true, 5)).toEqual(utf8('Hello'));
  });

  it.each([
    ['that ends with it', 'f348cdc9c90700'],
    ['that goes on after it', 'f348cdc9c90700f348cdc9c9070000'],
    ['that goes on after it with what came before', 'f348cdc9c90700f200110000'],
  ])('F-69: a block marked as the last of its stream, in a message %s', (_, bytes) => {
    const whole = stream();
    const bitByBit = stream();
    const expected = utf8(bytes.length > 20 ? 'HelloHello' : 'Hello');
    for (let round = 0; round < 2; round++) {
      expect(whole.decompress(hex(bytes), true, 100)).toEqual(expected);
      const parts = [...hex(bytes)].map((byte) => bitByBit.decompress(Uint8Array.of(byte), false, 100));
      expect(concat([...parts, bitByBit.decompress(new Uint8Array(0), true, 100)])).toEqual(expected);
    }
  });

  it('F-71: without takeover a message that leans on the one before is a fault', () => {
    const inflater = stream(true);
    expect(inflater.decompress(hex('f248cdc9c90700'), true, 5)).toEqual(utf8('Hello'));
    expect(codeOf(() => inflater.decompress(hex('f200110000'), true, 5))).toBe(1007);
  });

  it('F-70: not one byte more than the limit comes out', () => {
    const bytes = deflated(prose);
    expect(codeOf(() => stream().decompress(bytes, true, prose.length - 1))).toBe(1009);
    expect(codeOf(() => stream().decompress(deflated(pattern(10), { level: 0 }), true, 9))).toBe(1009);
    expect(codeOf(() => stream().decompress(deflated(utf8('x')), true, 0))).toBe(1009);
  });

  it.each([
    ['a block of the kind that is reserved', '06'],
    ['a stored length that does not match', '000500faf148656c6c6f00'],
    ['a distance before the beginning', '4a04'],
    ['too many length codes', 'fcff00000000'],
    ['a stored block cut off', '000500faff4865'],
    ['a message that ends inside a code', 'f248cd'],
    ['no bytes at all', ''],
  ])('%s: 1007', (_, text) => {
    expect(codeOf(() => stream().decompress(hex(text), true, 1_000))).toBe(1007);
  });

  it('F-70: what is certain before a fault comes out first, however the bytes are cut', () => {
    const bytes = deflated(prose);
    const outcome = (cut: number, limit: number) => {
      const parts: Uint8Array[] = [];
      const inflater = new PakoInflater(false);
      const code = codeOf(() => {
        for (let at = 0; at < bytes.length; at += cut) {
          inflater.decompress(bytes.subarray(at, at + cut), false, limit - sizeOf(parts), (restored) =>
            parts.push(restored.slice()),
          );
        }
      });
      return [code, sizeOf(parts)];
    };
    for (const cut of [1, 13, 997, bytes.length]) expect(outcome(cut, 5_000)).toEqual([1009, 5_000]);
  });

  it('damaged data ends in a FrameError or within the limit, whatever is damaged', () => {
    const bytes = deflated(prose.subarray(0, 3_000));
    for (let round = 0; round < 2_000; round++) {
      const damaged = bytes.slice();
      damaged[round % damaged.length] = (damaged[round % damaged.length]! + 1 + (round >>> 3)) & 0xff;
      try {
        expect(stream().decompress(damaged, true, 6_000).length).toBeLessThanOrEqual(6_000);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
      }
    }
  });
});
