import { describe, expect, it } from 'vitest';
import { FrameError } from '../../../src/frames/errors';
import { isOpcode, readFrameHeader, type FrameHeader, type HeaderRules } from '../../../src/frames/header';

const FROM_SERVER: HeaderRules = { masked: false, strictLength: true, maxFrameSize: Number.MAX_SAFE_INTEGER };
const FROM_CLIENT: HeaderRules = { ...FROM_SERVER, masked: true };

function read(bytes: number[], rules = FROM_SERVER, start = 0, end = bytes.length) {
  const header: FrameHeader = { fin: false, rsv1: false, opcode: 0, maskKey: 0, payloadLength: -1 };
  return { length: readFrameHeader(Uint8Array.from(bytes), start, end, rules, header), header };
}

function closeCodeOf(action: () => unknown): number | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof FrameError) return error.closeCode;
    throw error;
  }
  return undefined;
}

describe('frame header', () => {
  it.each([
    [[0x81, 0], { fin: true, opcode: 1, maskKey: 0, payloadLength: 0 }],
    [[0x02, 125], { fin: false, opcode: 2, maskKey: 0, payloadLength: 125 }],
    [[0x82, 126, 0, 126], { fin: true, opcode: 2, maskKey: 0, payloadLength: 126 }],
    [[0x82, 126, 255, 255], { fin: true, opcode: 2, maskKey: 0, payloadLength: 65_535 }],
    [[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0], { fin: true, opcode: 2, maskKey: 0, payloadLength: 65_536 }],
    [[0x82, 127, 0, 0, 0, 1, 2, 3, 4, 5], { fin: true, opcode: 2, maskKey: 0, payloadLength: 0x1_0203_0405 }],
    [
      [0x82, 127, 0, 0x1f, 255, 255, 255, 255, 255, 255],
      { fin: true, opcode: 2, maskKey: 0, payloadLength: 2 ** 53 - 1 },
    ],
  ])('F-25: %j', (bytes, header) => {
    expect(read(bytes)).toEqual({ length: bytes.length, header: { ...header, rsv1: false } });
  });

  it('F-24: the mask key is read with its first byte on top', () => {
    const { length, header } = read([0x89, 0x80, 0xff, 0x01, 0x02, 0x03], FROM_CLIENT);
    expect([length, header.maskKey]).toEqual([6, 0xff010203]);
  });

  it('F-51: reads at any place and takes no byte from behind the end', () => {
    const bytes = [9, 9, 0x82, 126, 1, 0, 0x82];
    expect(read(bytes, FROM_SERVER, 2, 6)).toMatchObject({ length: 4, header: { payloadLength: 256 } });
    for (let end = 2; end < 6; end++) expect(read(bytes, FROM_SERVER, 2, end).length).toBe(0);
  });

  it.each([
    { bytes: [0x82, 0xfe, 1, 0, 1, 2, 3, 4], whole: 8 },
    { bytes: [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4], whole: 14 },
  ])('F-51: 0 until the last of $whole bytes is there', ({ bytes, whole }) => {
    const lengths = bytes.map((_, i) => read(bytes.slice(0, i + 1), FROM_CLIENT).length);
    expect(lengths).toEqual([...Array.from({ length: whole - 1 }, () => 0), whole]);
  });

  it('F-36 to F-38: every first byte, with and without a mask and an extended length, is judged as the rules say', () => {
    for (let first = 0; first < 256; first++) {
      for (const second of [0, 1, 125, 126, 127, 128, 129, 253, 254, 255]) {
        const opcode = first & 15;
        const isControl = opcode >= 8;
        const isWrong =
          (first & 0x70) !== 0 || !isOpcode(opcode) || (isControl && (first < 0x80 || (second & 0x7f) > 125));
        for (const rules of [FROM_SERVER, FROM_CLIENT]) {
          const expected = isWrong || second >= 0x80 !== rules.masked ? 1002 : undefined;
          const found = closeCodeOf(() => read([first, second], rules));
          if (found !== expected) expect.fail(`${first} ${second} gives ${found} instead of ${expected}`);
        }
      }
    }
  });

  it('F-37: the opcodes with a meaning are 0, 1, 2, 8, 9 and 10', () => {
    expect(Array.from({ length: 20 }, (_, i) => i - 2).filter(isOpcode)).toEqual([0, 1, 2, 8, 9, 10]);
  });

  it.each([
    [[0x82, 126, 0, 125], 1002, undefined],
    [[0x82, 126, 0, 0], 1002, undefined],
    [[0x82, 127, 0, 0, 0, 0, 0, 0, 255, 255], 1002, undefined],
    [[0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0], 1002, undefined],
    [[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], 1002, 1002],
    [[0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255], 1002, 1002],
    [[0x82, 127, 0, 0x20, 0, 0, 0, 0, 0, 0], 1009, 1009],
    [[0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255], 1009, 1009],
  ])('F-40 to F-42: %j is %i, with strictLength off %s', (bytes, strict, lenient) => {
    expect(closeCodeOf(() => read(bytes))).toBe(strict);
    expect(closeCodeOf(() => read(bytes, { ...FROM_SERVER, strictLength: false }))).toBe(lenient);
  });

  it('F-42: the limit is judged before the mask key has come', () => {
    const rules = { ...FROM_CLIENT, maxFrameSize: 1_000 };
    expect(closeCodeOf(() => read([0x82, 0xfe, 3, 232], rules))).toBeUndefined();
    expect(closeCodeOf(() => read([0x82, 0xfe, 3, 233], rules))).toBe(1009);
  });
});
