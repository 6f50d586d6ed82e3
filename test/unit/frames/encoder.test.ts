import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, frameHeaderLength, writeFrameHeader } from '../../../src/frames/encoder';
import { readFrameHeader, type FrameHeader } from '../../../src/frames/header';
import { applyMask } from '../../../src/frames/mask';

const LENGTHS: [length: number, field: number[]][] = [
  [0, [0]],
  [1, [1]],
  [124, [124]],
  [125, [125]],
  [126, [126, 0, 126]],
  [127, [126, 0, 127]],
  [65_534, [126, 255, 254]],
  [65_535, [126, 255, 255]],
  [65_536, [127, 0, 0, 0, 0, 0, 1, 0, 0]],
  [65_537, [127, 0, 0, 0, 0, 0, 1, 0, 1]],
];

describe('encoder', () => {
  it.each(LENGTHS)('F-25: %i bytes, the length as %j', (length, field) => {
    const frame = encodeFrame(2, new Uint8Array(length));
    expect(Array.from(frame.subarray(0, 1 + field.length))).toEqual([0x82, ...field]);
    expect(frame).toHaveLength(1 + field.length + length);
    expect(frameHeaderLength(length, false)).toBe(1 + field.length);
    expect(frameHeaderLength(length, true)).toBe(5 + field.length);
  });

  it('F-25: lengths of more than 32 bits are written whole', () => {
    const target = new Uint8Array(10);
    expect(writeFrameHeader(target, 0, { opcode: 2, payloadLength: 0x1f_ffff_ffff_ffff })).toBe(10);
    expect(Array.from(target)).toEqual([0x82, 127, 0, 0x1f, 255, 255, 255, 255, 255, 255]);
    writeFrameHeader(target, 0, { opcode: 2, payloadLength: 0x1_8000_0001 });
    expect(Array.from(target)).toEqual([0x82, 127, 0, 0, 0, 1, 0x80, 0, 0, 1]);
  });

  it('writes a header into the middle of other bytes and touches nothing else', () => {
    const target = new Uint8Array(12).fill(7);
    expect(
      writeFrameHeader(target, 3, {
        opcode: 1,
        fin: false,
        rsv1: true,
        maskKey: 0x01020304,
        payloadLength: 5,
      }),
    ).toBe(6);
    expect(Array.from(target)).toEqual([7, 7, 7, 0x41, 0x85, 1, 2, 3, 4, 7, 7, 7]);
  });

  it('F-30: the payload is masked in the frame, not where it came from', () => {
    const payload = Uint8Array.of(1, 2, 3, 4, 5);
    expect(Array.from(encodeFrame(2, payload, { maskKey: 0x10203040 }))).toEqual([
      ...[0x82, 0x85, 0x10, 0x20, 0x30, 0x40],
      ...[0x11, 0x22, 0x33, 0x44, 0x15],
    ]);
    expect(Array.from(payload)).toEqual([1, 2, 3, 4, 5]);
  });

  it('decode(encode(x)) is x', () => {
    const frame = fc.record({
      opcode: fc.constantFrom(0, 1, 2, 8, 9, 10),
      payload: fc.oneof(
        fc.uint8Array({ maxLength: 140 }),
        fc.uint8Array({ minLength: 65_500, maxLength: 65_600, size: 'max' }),
      ),
      fin: fc.boolean(),
      maskKey: fc.option(fc.integer({ min: 0, max: 0xffffffff }), { nil: undefined }),
    });
    fc.assert(
      fc.property(frame, ({ opcode, payload, fin, maskKey }) => {
        const isControl = opcode >= 8;
        const body = isControl ? payload.subarray(0, 125) : payload;
        const options = { fin: fin || isControl, ...(maskKey === undefined ? {} : { maskKey }) };
        const bytes = encodeFrame(opcode, body, options);
        const rules = { masked: maskKey !== undefined, strictLength: true, maxFrameSize: 1e6 };
        const header: FrameHeader = { fin: false, rsv1: false, opcode: 0, maskKey: 0, payloadLength: 0 };
        const length = readFrameHeader(bytes, 0, bytes.length, rules, header);
        applyMask(bytes, length, bytes.length, header.maskKey);
        expect(header).toEqual({
          fin: options.fin,
          rsv1: false,
          opcode,
          maskKey: maskKey ?? 0,
          payloadLength: body.length,
        });
        expect(Buffer.compare(bytes.subarray(length), body)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['opcode 3', { opcode: 3, payloadLength: 0 }],
    ['opcode 11', { opcode: 11, payloadLength: 0 }],
    ['opcode -1', { opcode: -1, payloadLength: 0 }],
    ['opcode 1.5', { opcode: 1.5, payloadLength: 0 }],
    ['opcode NaN', { opcode: NaN, payloadLength: 0 }],
    ['a Ping without FIN', { opcode: 9, payloadLength: 0, fin: false }],
    ['a Ping of 126 bytes', { opcode: 9, payloadLength: 126 }],
    ['a negative length', { opcode: 2, payloadLength: -1 }],
    ['half a byte', { opcode: 2, payloadLength: 0.5 }],
    ['2^53 bytes', { opcode: 2, payloadLength: 2 ** 53 }],
    ['no length', { opcode: 2, payloadLength: NaN }],
    ['half a mask key', { opcode: 2, payloadLength: 1, maskKey: 0.5 }],
  ])('F-28, SEC section 7: refuses %s', (_, header) => {
    const target = new Uint8Array(20);
    expect(() => writeFrameHeader(target, 0, header)).toThrow(RangeError);
    expect(target.every((byte) => byte === 0)).toBe(true);
  });

  it.each([-1, 15, 100, NaN])('refuses to write a header that does not fit, at %d', (offset) => {
    expect(() => writeFrameHeader(new Uint8Array(16), offset, { opcode: 2, payloadLength: 0 })).toThrow(
      RangeError,
    );
  });

  it.each<unknown>(['a', 5, { length: 2 }, undefined, new Uint16Array(2)])(
    'refuses %j as a payload',
    (payload) => {
      expect(() => encodeFrame(2, payload as Uint8Array)).toThrow(TypeError);
    },
  );
});
