import { isUtf8 } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { checkUtf8, checkUtf8With, UTF8_COMPLETE, UTF8_INVALID } from '../../../src/frames/utf8';
import { randomSplit, seededRandom } from '../../helpers/bytes';

function check(bytes: Uint8Array): number {
  return checkUtf8(UTF8_COMPLETE, bytes, 0, bytes.length);
}

/** What the platform's own decoder says: whole, broken, or broken off inside a character. */
function judge(bytes: Uint8Array): 'complete' | 'invalid' | 'open' {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    decoder.decode(bytes, { stream: true });
  } catch {
    return 'invalid';
  }
  try {
    decoder.decode();
    return 'complete';
  } catch {
    return 'open';
  }
}

function verdict(bytes: Uint8Array): 'complete' | 'invalid' | 'open' {
  const state = check(bytes);
  return state === UTF8_COMPLETE ? 'complete' : state === UTF8_INVALID ? 'invalid' : 'open';
}

describe('UTF-8 check', () => {
  it('F-46: every single byte and every pair of bytes is judged as the platform does', () => {
    for (let first = 0; first < 256; first++) {
      expect(verdict(Uint8Array.of(first))).toBe(judge(Uint8Array.of(first)));
      for (let second = 0; second < 256; second++) {
        const bytes = Uint8Array.of(first, second);
        if (verdict(bytes) !== judge(bytes)) expect.fail(`${first} ${second} is ${judge(bytes)}`);
      }
    }
  });

  it('F-46: every pair of bytes, continued by the bytes at the edges of the ranges', () => {
    const edges = [0x7f, 0x80, 0xbf, 0xc0];
    for (let first = 0xc0; first < 256; first++) {
      for (let second = 0x70; second < 0xd0; second++) {
        for (const third of edges) {
          for (const fourth of edges) {
            const bytes = Uint8Array.of(first, second, third, fourth);
            if (verdict(bytes) !== judge(bytes)) expect.fail(`${bytes.join(' ')} is ${judge(bytes)}`);
          }
        }
      }
    }
  });

  it('F-46: every code point is valid, every surrogate is not', () => {
    const bytes = new Uint8Array(4);
    const encoder = new TextEncoder();
    for (let point = 0; point <= 0x10ffff; point++) {
      if (point >= 0xd800 && point <= 0xdfff) {
        const surrogate = Uint8Array.of(
          0xe0 | (point >> 12),
          0x80 | ((point >> 6) & 0x3f),
          0x80 | (point & 0x3f),
        );
        if (check(surrogate) !== UTF8_INVALID) expect.fail(`surrogate ${point.toString(16)} passed`);
      } else {
        const { written } = encoder.encodeInto(String.fromCodePoint(point), bytes);
        if (checkUtf8(UTF8_COMPLETE, bytes, 0, written) !== UTF8_COMPLETE) {
          expect.fail(`U+${point.toString(16)} failed`);
        }
      }
    }
  });

  it('F-45: a fault is certain with the same byte as for the platform, at any place behind ASCII', () => {
    const random = seededRandom(11);
    for (let round = 0; round < 20_000; round++) {
      const lead = Math.floor(random() * 20);
      const tail = Array.from({ length: 1 + Math.floor(random() * 5) }, () => 0x70 + random() * 0x90);
      const bytes = Uint8Array.from([...Array.from({ length: lead }, () => 0x41), ...tail]);
      for (let end = lead; end <= bytes.length; end++) {
        const prefix = bytes.subarray(0, end);
        if (verdict(prefix) !== judge(prefix)) expect.fail(`seed 11, round ${round}: ${prefix.join(' ')}`);
      }
    }
  });

  it('F-44: in pieces it is the same as at once', () => {
    const words = ['plain text of some length', 'é', '€', '𝄞', '\u0000', '漢字かな', '\ufeff'];
    for (let seed = 1; seed <= 300; seed++) {
      const random = seededRandom(seed);
      const text = Array.from({ length: 12 }, () => words[Math.floor(random() * words.length)]).join('');
      const bytes = new TextEncoder().encode(text);
      if (seed % 2 === 0) bytes[Math.floor(random() * bytes.length)]! ^= 0x80;
      let state = UTF8_COMPLETE;
      for (const piece of randomSplit(bytes, random)) state = checkUtf8(state, piece, 0, piece.length);
      expect(state, `seed ${seed}`).toBe(check(bytes));
    }
  });

  it('F-44: the check of the host gives the same state after every piece, long or short', () => {
    const words = ['plain text of some length', 'é', '€', '𝄞', '漢字かな', '\ufeff'];
    let asked = 0;
    const host = (bytes: Uint8Array): boolean => ((asked += 1), isUtf8(bytes));
    for (let seed = 1; seed <= 2_000; seed++) {
      const random = seededRandom(seed);
      const text = Array.from({ length: 150 }, () => words[Math.floor(random() * words.length)]).join('');
      const bytes = new TextEncoder().encode(text);
      if (seed % 2 === 0) bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
      let [state, same] = [UTF8_COMPLETE, UTF8_COMPLETE];
      for (const piece of randomSplit(bytes, random)) {
        state = checkUtf8(state, piece, 0, piece.length);
        same = checkUtf8With(host, same, piece, 0, piece.length);
        expect(same, `seed ${seed}`).toBe(state);
      }
    }
    expect(asked).toBeGreaterThan(2_000);
  });

  it('F-45: pieces that begin or end inside a character are judged alike, whatever follows', () => {
    const long = 'a'.repeat(300);
    for (const character of ['é', '€', '𝄞']) {
      const sequence = new TextEncoder().encode(character);
      for (let cut = 0; cut <= sequence.length; cut++) {
        for (const next of ['', '\x80', '\x80\x80\x80\x80', 'b']) {
          const open = checkUtf8(UTF8_COMPLETE, sequence, 0, cut);
          const rest = Buffer.concat([sequence.subarray(cut), Buffer.from(next + long, 'latin1'), sequence]);
          for (let end = rest.length - sequence.length; end <= rest.length; end++) {
            expect(checkUtf8With(isUtf8, open, rest, 0, end)).toBe(checkUtf8(open, rest, 0, end));
          }
        }
      }
    }
  });

  it('stays invalid, and looks at nothing outside its range', () => {
    const bytes = new TextEncoder().encode('abc');
    expect(checkUtf8(UTF8_INVALID, bytes, 0, 3)).toBe(UTF8_INVALID);
    expect(checkUtf8(UTF8_INVALID, bytes, 0, 0)).toBe(UTF8_INVALID);
    for (let length = 0; length < 40; length++) {
      const framed = Uint8Array.of(
        0xff,
        ...new Uint8Array(length).fill(0x41),
        length % 2 === 0 ? 0xff : 0x41,
        0xff,
      );
      expect(checkUtf8(UTF8_COMPLETE, framed, 1, 1 + length), `${length} letters`).toBe(UTF8_COMPLETE);
    }
  });
});
