import { describe, expect, it } from 'vitest';
import { applyMask, wantsWords, wordsUnder } from '../../../src/frames/mask';
import { seededRandom } from '../../helpers/bytes';

const KEYS = [0, 1, 0x01020304, 0x7fffffff, 0x80000000, 0xfffefdfc, 0xffffffff];

/** The rule of RFC 6455, section 5.3, byte by byte. */
function masked(bytes: Uint8Array, start: number, end: number, key: number, position: number): Uint8Array {
  const keyBytes = [key >>> 24, (key >>> 16) & 255, (key >>> 8) & 255, key & 255];
  return bytes.map((byte, i) =>
    i >= start && i < end ? byte ^ keyBytes[(i - start + position) % 4]! : byte,
  );
}

function filled(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => random() * 256);
}

describe('mask', () => {
  it('F-24: every alignment of memory, start, end and payload position, below and above the use of words', () => {
    const memory = filled(400, 1).buffer;
    for (let offset = 0; offset < 4; offset++) {
      for (let start = 0; start < 5; start++) {
        for (const length of [
          0, 1, 2, 3, 4, 5, 7, 8, 31, 63, 64, 65, 66, 67, 68, 95, 96, 97, 127, 200, 255,
        ]) {
          for (let position = 0; position < 4; position++) {
            const bytes = new Uint8Array(memory.slice(0), offset, 300);
            const expected = masked(bytes, start, start + length, 0xa1b2c3d4, position);
            applyMask(bytes, start, start + length, 0xa1b2c3d4, position);
            expect(Buffer.compare(bytes, expected), `${offset} ${start} ${length} ${position}`).toBe(0);
          }
        }
      }
    }
  });

  it.each(KEYS)('F-24: key %i, with words made before and as a signed number, too', (key) => {
    for (const length of [10, 100, 1_001]) {
      const bytes = filled(length + 7, key);
      const expected = masked(bytes, 3, 3 + length, key, 0);
      const other = bytes.slice();
      applyMask(bytes, 3, 3 + length, key, 0, wordsUnder(bytes));
      applyMask(other, 3, 3 + length, key | 0);
      expect(bytes).toEqual(expected);
      expect(other).toEqual(expected);
    }
  });

  it('F-51: in pieces it is the same as at once', () => {
    const random = seededRandom(7);
    for (let round = 0; round < 200; round++) {
      const bytes = filled(1 + Math.floor(random() * 500), round);
      const expected = masked(bytes, 0, bytes.length, 0xdeadbeef, 0);
      for (let at = 0; at < bytes.length;) {
        const end = Math.min(bytes.length, at + 1 + Math.floor(random() * 150));
        applyMask(bytes, at, end, 0xdeadbeef, at);
        at = end;
      }
      expect(bytes).toEqual(expected);
    }
  });

  it('F-52: a position beyond 32 bits keeps its place in the key', () => {
    const bytes = new Uint8Array(4);
    applyMask(bytes, 0, 4, 0x01020304, 2 ** 40 + 1);
    expect(Array.from(bytes)).toEqual([2, 3, 4, 1]);
  });

  it('twice is nothing, and memory whose size is no multiple of four is no hindrance', () => {
    const bytes = filled(131, 3);
    const before = bytes.slice();
    applyMask(bytes, 0, 131, 0x12345678);
    expect(bytes).not.toEqual(before);
    applyMask(bytes, 0, 131, 0x12345678);
    expect(bytes).toEqual(before);
    expect([wantsWords(0), wantsWords(1_000)]).toEqual([false, true]);
  });
});
