import { describe, expect, it } from 'vitest';
import { FrameDecoder } from '../../../src/frames/decoder';
import { encodeFrame } from '../../../src/frames/encoder';
import { concat } from '../../helpers/bytes';

const RULES = { masked: true, strictLength: true, maxFrameSize: 1e6 };
const KEY = 0x89abcdef;

function payload(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i & 0xff);
}

function steps(decoder: FrameDecoder): [first: boolean, piece: number[], missing: number][] {
  const pieces: [boolean, number[], number][] = [];
  while (decoder.next()) {
    pieces.push([
      decoder.isFirst,
      Array.from(decoder.bytes.subarray(decoder.start, decoder.end)),
      decoder.missing,
    ]);
  }
  return pieces;
}

describe('decoder', () => {
  it('gives a frame that lies whole in a chunk as offsets into that chunk, unmasked there', () => {
    const decoder = new FrameDecoder(RULES, 10);
    const chunk = concat([
      encodeFrame(1, payload(3), { maskKey: KEY }),
      encodeFrame(2, payload(70), { maskKey: KEY }),
    ]);
    decoder.push(chunk);
    expect(decoder.next()).toBe(true);
    expect([decoder.bytes === chunk, decoder.start, decoder.end, decoder.missing]).toEqual([true, 6, 9, 0]);
    expect(decoder.next()).toBe(true);
    expect(chunk.subarray(decoder.start, decoder.end)).toEqual(payload(70));
    expect(decoder.header).toEqual({ fin: true, rsv1: false, opcode: 2, maskKey: KEY, payloadLength: 70 });
    expect(decoder.next()).toBe(false);
  });

  it('F-31: an empty payload at the exact end of the chunk is a frame', () => {
    const decoder = new FrameDecoder(RULES, 10);
    decoder.push(encodeFrame(2, payload(0), { maskKey: KEY }));
    expect(steps(decoder)).toEqual([[true, [], 0]]);
  });

  it('F-42: a header alone gives an empty first piece, so that it can be judged before the payload', () => {
    const decoder = new FrameDecoder(RULES, 10);
    const frame = encodeFrame(2, payload(5), { maskKey: KEY });
    decoder.push(frame.slice(0, 6));
    expect(steps(decoder)).toEqual([[true, [], 5]]);
    decoder.push(frame.slice(6, 8));
    expect(steps(decoder)).toEqual([[false, [0, 1], 3]]);
    decoder.push(frame.slice(8));
    expect(steps(decoder)).toEqual([[false, [2, 3, 4], 0]]);
  });

  it('F-51: chunks that wait are read in order, empty ones too; a header may span many', () => {
    const decoder = new FrameDecoder(RULES, 100);
    const frame = encodeFrame(2, payload(2), { maskKey: KEY });
    for (const byte of frame) {
      decoder.push(new Uint8Array(0));
      decoder.push(Uint8Array.of(byte));
    }
    expect(steps(decoder)).toEqual([
      [true, [], 2],
      [false, [0], 1],
      [false, [1], 0],
    ]);
  });

  it('SEC-13: takes no more chunks than may wait, and takes more once they are read', () => {
    const decoder = new FrameDecoder(RULES, 2);
    const frame = encodeFrame(2, payload(1), { maskKey: KEY });
    expect([1, 2, 3, 4].map(() => decoder.push(frame.slice()))).toEqual([true, true, true, false]);
    expect(steps(decoder)).toHaveLength(3);
    expect(decoder.push(frame.slice())).toBe(true);
  });

  it('holds no chunk once it is read, so that an idle connection costs no read buffer', () => {
    const decoder = new FrameDecoder(RULES, 2);
    decoder.push(encodeFrame(2, payload(100), { maskKey: KEY }).slice(0, 50));
    steps(decoder);
    expect(decoder.bytes).toHaveLength(0);
    decoder.push(new Uint8Array(1_000));
    decoder.clear();
    expect([decoder.bytes.length, decoder.next()]).toEqual([0, false]);
  });

  it('a chunk that is a part of larger memory is read alone, at every alignment', () => {
    for (let offset = 0; offset < 8; offset++) {
      const frame = encodeFrame(2, payload(200), { maskKey: KEY });
      const memory = new Uint8Array(frame.length + 20).fill(0xee);
      memory.set(frame, offset);
      const decoder = new FrameDecoder(RULES, 1);
      decoder.push(memory.subarray(offset, offset + frame.length));
      expect(steps(decoder)).toEqual([[true, Array.from(payload(200)), 0]]);
      expect(
        memory.filter((byte, i) => (i < offset || i >= offset + frame.length) && byte !== 0xee),
      ).toHaveLength(0);
    }
  });
});
