import { describe, expect, it } from 'vitest';
import {
  buildCloseBody,
  CloseCode,
  isCloseCode,
  MAX_REASON_LENGTH,
  parseCloseBody,
} from '../../../src/frames/close-codes';
import { FrameError } from '../../../src/frames/errors';

describe('close codes', () => {
  it('F-56, F-57: of all 65,536 codes exactly those of the checklist may travel', () => {
    const allowed = Array.from({ length: 65_536 }, (_, code) => code).filter(isCloseCode);
    const listed = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    expect(allowed).toEqual([...listed, ...Array.from({ length: 2_000 }, (_, i) => 3_000 + i)]);
  });

  it('F-58: the named codes may travel, but for the two that only say what happened here', () => {
    const local = Object.values(CloseCode).filter((code) => !isCloseCode(code));
    expect(local).toEqual([CloseCode.NO_CODE, CloseCode.LOST]);
  });

  it('every body that can be built is read back', () => {
    for (const reason of ['', 'x', 'ä€𝄞', 'r'.repeat(MAX_REASON_LENGTH)]) {
      expect(parseCloseBody(buildCloseBody(4_000, reason))).toEqual({ code: 4_000, reason });
    }
    expect(parseCloseBody(buildCloseBody(undefined))).toEqual({ code: undefined, reason: '' });
  });

  it('F-55: a body of one byte is a fault, whatever the byte', () => {
    for (let byte = 0; byte < 256; byte++)
      expect(() => parseCloseBody(Uint8Array.of(byte))).toThrow(FrameError);
  });

  it('a lone surrogate in a reason becomes U+FFFD', () => {
    expect(parseCloseBody(buildCloseBody(1000, 'a\ud800')).reason).toBe('a\ufffd');
  });

  it.each([
    ['F-55: one byte', [3], 1002],
    ['F-56: code 0', [0, 0], 1002],
    ['F-56: code 1006', [3, 0xee], 1002],
    ['F-59: bad UTF-8', [3, 0xe8, 0xff], 1007],
    ['F-59: a cut character', [3, 0xe8, 0xe2, 0x82], 1007],
    ['F-56 before F-59: a wrong code with bad UTF-8', [0, 0, 0xff], 1002],
  ])('%s', (_, body, closeCode) => {
    const parse = () => parseCloseBody(Uint8Array.from(body));
    expect(parse).toThrow(FrameError);
    expect(parse).toThrow(expect.objectContaining({ closeCode }) as Error);
  });
});
