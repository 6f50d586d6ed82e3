import { describe, expect, it } from 'vitest';
import { encodeFrame } from '../../../src/frames/encoder';
import { FrameSender } from '../../../src/frames/sender';
import { MAX_SLAB_PART, SlabSource } from '../../../src/frames/slab';
import { concat, seededRandom } from '../../helpers/bytes';

const KEY = 0xfeedf00d;
const payload = (length: number, seed = 1) => Uint8Array.from({ length }, (_, i) => i * 3 + seed);

describe('sender', () => {
  it('small frames sent before one take are one chunk, the bytes those of single frames', () => {
    for (const maskKey of [undefined, KEY]) {
      const sender = new FrameSender(maskKey === undefined ? undefined : () => KEY);
      const lengths = [0, 1, 24, 25, 63, 64, 125, 126, 1_000, maskKey === undefined ? 1_023 : 4_095];
      for (const length of lengths) sender.data(2, payload(length), true);
      const chunks = sender.take();
      const expected = lengths.map((length) =>
        encodeFrame(2, payload(length), maskKey === undefined ? {} : { maskKey }),
      );
      expect(concat(chunks ?? [])).toEqual(concat(expected));
      expect(chunks).toHaveLength(1);
      expect(sender.take()).toBeUndefined();
    }
  });

  it('connections that send in turn do not write into each other’s frames', () => {
    const random = seededRandom(5);
    const senders = Array.from(
      { length: 4 },
      (_, i) => new FrameSender(i % 2 === 0 ? undefined : () => KEY + i),
    );
    const wanted = senders.map((): Uint8Array[] => []);
    const found = senders.map((): Uint8Array[] => []);
    for (let round = 0; round < 3_000; round++) {
      const who = Math.floor(random() * 4);
      const length = Math.floor(random() ** 6 * 6_000);
      senders[who]!.data(2, payload(length, round), true);
      wanted[who]!.push(encodeFrame(2, payload(length, round), who % 2 === 0 ? {} : { maskKey: KEY + who }));
      if (random() < 0.2) found[who]!.push(...(senders[who]!.take() ?? []));
    }
    senders.forEach((sender, who) => {
      found[who]!.push(...(sender.take() ?? []));
      expect(Buffer.compare(concat(found[who]!), concat(wanted[who]!)), `connection ${who}`).toBe(0);
    });
  });

  it('long payloads keep their place between short frames', () => {
    const sender = new FrameSender(() => KEY);
    for (const length of [10, 4_096, 20, 100_000, 0]) sender.data(2, payload(length), true);
    const chunks = sender.take() ?? [];
    const expected = [10, 4_096, 20, 100_000, 0].map((length) =>
      encodeFrame(2, payload(length), { maskKey: KEY }),
    );
    expect(Buffer.compare(concat(chunks), concat(expected))).toBe(0);
    expect(chunks.map((chunk) => chunk.length)).toEqual([16 + 8, 4_096, 26 + 14, 100_000, 6]);
  });

  it('F-24: a source of keys that gives none makes no frame, masked or not, and leaves nothing behind', () => {
    let key: number | undefined = undefined;
    const sender = new FrameSender(() => key as unknown as number);
    for (key of [undefined, NaN, 0.5, Infinity]) {
      expect(() => sender.data(1, payload(3), false)).toThrow(RangeError);
      expect([sender.isEmpty, sender.take()]).toEqual([true, undefined]);
    }
    key = KEY;
    sender.data(2, payload(3), true);
    expect(concat(sender.take() ?? [])).toEqual(encodeFrame(2, payload(3), { maskKey: KEY }));
  });
});

describe('slab', () => {
  it('is shared while it has room, and never handed out twice', () => {
    const slabs = new SlabSource();
    const first = slabs.with(MAX_SLAB_PART);
    first.used += 100;
    expect(slabs.with(MAX_SLAB_PART - first.used)).toBe(first);
    const second = slabs.with(MAX_SLAB_PART - first.used + 1);
    expect(second).not.toBe(first);
    expect([second.used, second.bytes.length]).toEqual([0, MAX_SLAB_PART]);
  });
});
