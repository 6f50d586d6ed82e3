import { constants, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ZlibDeflater, type DeflateRules } from '../../../../src/frames/node/deflate';
import { hex, utf8 } from '../../../conformance/frames/frame-bytes';
import { concat } from '../../../helpers/bytes';
import { isSame, payloads, prose } from '../../../helpers/compressible';

const TAIL = hex('0000ffff');
const NONE = new Uint8Array(0);
const SYNC = { finishFlush: constants.Z_SYNC_FLUSH };
const deflater = (rules: Partial<DeflateRules> = {}) =>
  new ZlibDeflater({ windowBits: 15, noContextTakeover: false, level: -1, memLevel: 8, ...rules });

describe('deflating', () => {
  it.each([8, 9, 12, 15])('F-71: with takeover, no copy reaches back farther than %i bits', (windowBits) => {
    const ours = deflater({ windowBits, level: 9 });
    const sent = payloads.flatMap(([, payload]) => [payload, payload]);
    const wire = sent.flatMap((payload, i) =>
      i % 2 === 0 ? [ours.compress(payload, false)] : [ours.compress(payload, true), TAIL],
    );
    // Small chunks make zlib look into its window, and no farther, for whatever is copied.
    const restored = inflateRawSync(concat(wire), { ...SYNC, windowBits, chunkSize: 64 });
    expect(isSame(restored, concat(sent))).toBe(true);
  });

  it.each([8, 9, 15])('F-71: without takeover, each message stands by itself, %i bits', (windowBits) => {
    const ours = deflater({ windowBits, noContextTakeover: true });
    for (const [, payload] of payloads) {
      const wire = [ours.compress(payload, false), ours.compress(payload, true), TAIL];
      const restored = inflateRawSync(concat(wire), { ...SYNC, windowBits, chunkSize: 64 });
      expect(isSame(restored, concat([payload, payload]))).toBe(true);
    }
  });

  it('F-71: the second message gains from the first only with takeover', () => {
    const sizes = (noContextTakeover: boolean) => {
      const ours = deflater({ noContextTakeover });
      return [1, 2].map(() => ours.compress(utf8(prose.slice(0, 4_000)), true).length);
    };
    const [first = 0, second = 0] = sizes(false);
    expect(second).toBeLessThan(first / 10);
    expect(sizes(true)).toEqual([first, first]);
  });

  it('F-69, F-72: an empty message is the byte 00, an empty fragment nothing; a fragment is flushed whole', () => {
    const ours = deflater();
    expect(ours.compress(NONE, false)).toEqual(NONE);
    expect(ours.compress(utf8('Hello'), true)).toEqual(hex('f248cdc9c90700'));
    expect(ours.compress(NONE, true)).toEqual(hex('00'));
    expect(inflateRawSync(deflater().compress(utf8('Hi'), false), SYNC).toString()).toBe('Hi');
  });

  it('level and memLevel reach zlib', () => {
    const text = utf8(prose.slice(0, 20_000));
    const sizeWith = (rules: Partial<DeflateRules>) => deflater(rules).compress(text, true).length;
    expect(sizeWith({ level: 0 })).toBeGreaterThan(text.length);
    expect(sizeWith({ level: 9 })).toBeLessThan(sizeWith({ level: 1 }));
    expect(sizeWith({ memLevel: 1 })).not.toBe(sizeWith({ memLevel: 9 }));
  });
});
