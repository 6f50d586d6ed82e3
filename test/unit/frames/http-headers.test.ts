import { describe, expect, it } from 'vitest';
import {
  hasMember,
  headerMembers,
  headerValues,
  isFieldValue,
  isToken,
} from '../../../src/frames/http-headers';

describe('header lists', () => {
  it('values come in order, names in any case, blanks around taken off, others kept', () => {
    const headers = [
      ['A', ' 1 '],
      ['b', 'x'],
      ['a', '\t2\t 3\t'],
      ['AA', '4'],
      ['a', ''],
    ] as const;
    expect(headerValues(headers, 'a')).toEqual(['1', '2\t 3', '']);
    expect(headerValues([['a', '\u00a0\v1\u2003']], 'a')).toEqual(['\u00a0\v1\u2003']);
  });

  it('members of lists over several headers, empty ones left out', () => {
    const headers = [
      ['A', 'x, Y ,,'],
      ['a', ''],
      ['A', ' , z'],
    ] as const;
    expect(headerMembers(headers, 'a')).toEqual(['x', 'Y', 'z']);
    expect(hasMember(headers, 'a', 'y')).toBe(true);
    expect(hasMember(headers, 'a', 'x, y')).toBe(false);
  });

  it.each(['__proto__', 'constructor', 'hasownproperty', 'tostring'])(
    'SEC-12: %s is a name like any other',
    (name) => {
      expect(headerValues([], name)).toEqual([]);
      expect(headerValues([[name, 'v']], name)).toEqual(['v']);
    },
  );

  it('SEC-11: of all single characters only those of a token, and only those of a value, pass', () => {
    const characters = Array.from({ length: 0x300 }, (_, code) => String.fromCharCode(code));
    expect(characters.filter(isToken).join('')).toBe(
      "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~",
    );
    const refused = characters.filter((one) => !isFieldValue(one)).map((one) => one.charCodeAt(0));
    const controls = Array.from({ length: 32 }, (_, code) => code).filter((code) => code !== 9);
    expect(refused.filter((code) => code < 0x100)).toEqual([...controls, 0x7f]);
    expect(refused.filter((code) => code >= 0x100)).toHaveLength(0x200);
    expect([isToken(''), isFieldValue('')]).toEqual([false, true]);
  });

  it('SEC section 7: a long run of blanks takes a number of steps in proportion to its length', () => {
    let steps = 0;
    const counted = (length: number): number => {
      steps = 0;
      const blanks = `a${' '.repeat(length)}b`;
      const value = new Proxy(Object(blanks) as object, {
        get(target, key) {
          if (key === 'charCodeAt') return (index: number) => (steps++, blanks.charCodeAt(index));
          const member: unknown = Reflect.get(target, key);
          return typeof member === 'function'
            ? (member as (...args: unknown[]) => unknown).bind(blanks)
            : member;
        },
      }) as unknown as string;
      headerValues([['a', value]], 'a');
      return steps;
    };
    expect(counted(16_000)).toBe(counted(8_000));
  });
});
