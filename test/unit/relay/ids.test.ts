import { describe, expect, it } from 'vitest';
import { createSecret, createSessionId, deviceIdOf, RecentIds } from '../../../src/relay/ids';
import { readSessionId } from '../../../src/relay/router';
import { isSameSecret } from '../../../src/relay/sessions';
import { bytesOf, platformBytes, seededBytes } from '../../helpers/relay-core-lab';

describe('ids', () => {
  it('SEC-8 P-101 secrets are 22 letters and digits, each equally likely', () => {
    const counts = new Map<string, number>();
    const rounds = 20_000;
    for (let i = 0; i < rounds; i++) {
      const secret = createSecret(platformBytes);
      expect(secret.length).toBe(22);
      for (const letter of secret) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    expect([...counts.keys()].every((letter) => /^[0-9A-Za-z]$/.test(letter))).toBe(true);
    expect(counts.size).toBe(62);
    const expected = (rounds * 22) / 62;
    const chiSquare = [...counts.values()].reduce(
      (sum, count) => sum + (count - expected) ** 2 / expected,
      0,
    );
    // 61 degrees of freedom; ten standard deviations above the mean is no accident.
    expect(chiSquare).toBeLessThan(61 + 10 * Math.sqrt(2 * 61));
  });

  it('SEC-8 bytes that would favour some letters are passed over', () => {
    const given = [255, 248, 247, 61, 0, ...Array<number>(40).fill(1)];
    let at = 0;
    const secret = createSecret((length) => Uint8Array.from({ length }, () => given[at++] ?? 1));
    expect(secret.slice(0, 4)).toBe('zz01');
  });

  it('SEC-8 P-102 session ids have 48 random bits and are never 0', () => {
    const bytes = [
      [0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 1, 0],
      [255, 255, 255, 255, 255, 255],
    ];
    const next = (): Uint8Array => Uint8Array.from(bytes.shift()!);
    expect(createSessionId(next)).toBe(256);
    expect(createSessionId(next)).toBe(2 ** 48 - 1);
  });

  it('SEC-8 no two of 200,000 are equal, and their bytes are evenly spread', () => {
    const random = seededBytes(5);
    const ids = new Set<number>();
    const counts = new Array<number>(256).fill(0);
    for (let i = 0; i < 200_000; i++) {
      const id = createSessionId(random);
      ids.add(id);
      counts[id % 256]! += 1;
      counts[Math.floor(id / 2 ** 40)]! += 1;
    }
    expect(ids.size).toBe(200_000);
    const expected = 400_000 / 256;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(255 + 10 * Math.sqrt(2 * 255));
  });

  it('P-100 P-5 a device id is the session id, s and the secret; its number reads back', () => {
    const id = deviceIdOf(281474976710655, 'Ab3');
    expect(id).toBe('281474976710655sAb3');
    expect(readSessionId(bytesOf(id), 0, 15)).toBe(281474976710655);
  });

  it.each(['', '0', '01', '-1', '1e3', ' 1', '1 ', '9999999999999999', 'x', '1.5'])(
    '%j is no session id',
    (text) => {
      expect(readSessionId(bytesOf(text), 0, text.length)).toBe(-1);
    },
  );

  it('SEC-7 secrets are the same only byte for byte and in length', () => {
    const secret = '12sAbc';
    expect(isSameSecret(secret, bytesOf('12sAbc'))).toBe(true);
    for (const other of ['', '12sAb', '12sAbcd', '12sabc', '02sAbc']) {
      expect(isSameSecret(secret, bytesOf(other))).toBe(false);
    }
  });

  it('SEC-8 an id is remembered for at least a day, and not for ever', () => {
    const recent = new RecentIds();
    const day = 86_400_000;
    recent.add(1, 0);
    recent.add(2, day - 1);
    expect([recent.has(1), recent.has(2)]).toEqual([true, true]);
    recent.add(3, day);
    expect([recent.has(1), recent.has(2), recent.has(3)]).toEqual([true, true, true]);
    recent.add(4, 2 * day);
    expect([recent.has(1), recent.has(2), recent.has(3)]).toEqual([false, false, true]);
  });
});
