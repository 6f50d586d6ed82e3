import { afterEach, describe, expect, it, vi } from 'vitest';
import { PayloadBuffer, viewOf } from '../../../src/frames/payload-buffer';

afterEach(() => vi.unstubAllGlobals());

/** Lengths of all byte arrays made from now on. */
function watchAllocations(): number[] {
  const lengths: number[] = [];
  const Original = Uint8Array;
  vi.stubGlobal(
    'Uint8Array',
    new Proxy(Original, {
      construct(target, args: [number]) {
        if (typeof args[0] === 'number') lengths.push(args[0]);
        return new target(...args);
      },
    }),
  );
  return lengths;
}

describe('payload buffer', () => {
  it('joins pieces of every length in order', () => {
    const buffer = new PayloadBuffer();
    const bytes = Uint8Array.from({ length: 5_000 }, (_, i) => i * 31);
    let at = 0;
    for (let length = 0; at < 5_000; length++, at += length) {
      buffer.append(bytes, at, Math.min(5_000, at + length + 1), Infinity);
      if (at + length + 1 >= 5_000) break;
    }
    expect(buffer.length).toBe(5_000);
    expect(buffer.take()).toEqual(bytes);
    expect(buffer.length).toBe(0);
  });

  it('F-42: memory follows what has come, not what is announced', () => {
    const allocated = watchAllocations();
    const buffer = new PayloadBuffer();
    buffer.append(new Uint8Array(0), 0, 0, 2 ** 40);
    buffer.append(Uint8Array.of(1), 0, 1, 2 ** 40);
    buffer.append(Uint8Array.from({ length: 1_000 }), 0, 1_000, 2 ** 40);
    expect(Math.max(...allocated)).toBeLessThanOrEqual(4 * 1_001);
  });

  it('F-52: byte by byte, 1 MiB is moved a bounded number of times', () => {
    const buffer = new PayloadBuffer();
    const allocated = watchAllocations();
    const one = Uint8Array.of(5);
    for (let i = 1; i <= 1_048_576; i++) buffer.append(one, 0, 1, 1_048_576 - i);
    expect(allocated.length).toBeLessThan(15);
    expect(allocated.reduce((sum, length) => sum + length, 0)).toBeLessThan(2 * 1_048_576);
    expect(buffer.take()).toHaveLength(1_048_576);
  });

  it('never makes more room than the whole payload needs', () => {
    const allocated = watchAllocations();
    const buffer = new PayloadBuffer();
    buffer.append(new Uint8Array(600), 0, 600, 400);
    buffer.append(new Uint8Array(400), 0, 400, 0);
    expect(Math.max(...allocated.filter((length) => length !== 600 && length !== 400))).toBe(1_000);
  });

  it('hands over nothing of what the memory held before, behind the payload neither', () => {
    const buffer = new PayloadBuffer((length) => new Uint8Array(length).fill(0xee));
    for (const [length, missing] of [[3, 0], [3, 200], [100, 5_000], [5_000, 0]] as const) {
      buffer.append(new Uint8Array(length), 0, length, missing);
      const payload = buffer.take();
      expect([payload.buffer.byteLength, payload.includes(0xee)]).toEqual([length, false]);
    }
  });

  it('keeps a copy: pieces may change afterwards', () => {
    const buffer = new PayloadBuffer();
    const piece = Uint8Array.of(1, 2, 3);
    buffer.append(piece, 0, 3, 0);
    piece.fill(9);
    expect(Array.from(buffer.take())).toEqual([1, 2, 3]);
  });

  it('a view is a plain Uint8Array, also of a Buffer', () => {
    const view = viewOf(Buffer.from('abcdef').subarray(1), 1, 3);
    expect([view.constructor, Array.from(view)]).toEqual([Uint8Array, [0x63, 0x64]]);
  });
});
