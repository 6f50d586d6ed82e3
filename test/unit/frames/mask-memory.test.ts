import { expect, it } from 'vitest';
import { encodeFrame } from '../../../src/frames/encoder';
import { giveMemoryBack, takeMemory } from '../../../src/frames/mask-memory';
import { FrameSender } from '../../../src/frames/sender';
import { concat } from '../../helpers/bytes';

const KEY = 0x01020304;
const payload = (length: number) => Uint8Array.from({ length }, (_, i) => i * 5);

it('memory comes again only after it was given back, once, and only where most of it is used', () => {
  const first = takeMemory(10_000);
  expect(takeMemory(10_000).buffer).not.toBe(first.buffer);
  giveMemoryBack(first);
  giveMemoryBack(first);
  expect(takeMemory(4_000).buffer).not.toBe(first.buffer);
  const again = takeMemory(9_000);
  expect([again.buffer, again.length]).toEqual([first.buffer, 9_000]);
  expect(takeMemory(9_000).buffer).not.toBe(first.buffer);
});

it('chunks that were not taken there are not kept: payloads, slabs', () => {
  const foreign = new Uint8Array(20_000);
  giveMemoryBack(foreign);
  expect(takeMemory(20_000).buffer).not.toBe(foreign.buffer);
});

it('no more than 2 MiB are kept', () => {
  const taken = Array.from({ length: 4 }, () => takeMemory(1_048_576));
  taken.forEach(giveMemoryBack);
  const buffers = new Set(taken.map(({ buffer }) => buffer));
  const again = Array.from({ length: 4 }, () => takeMemory(1_048_576));
  expect(again.filter(({ buffer }) => buffers.has(buffer)).length).toBeLessThanOrEqual(2);
  expect(again.filter(({ buffer }) => buffers.has(buffer)).length).toBeGreaterThan(0);
});

it('F-24: a long payload is masked right in memory that held another, and stays as it was itself', () => {
  const sender = new FrameSender(() => KEY);
  for (const length of [70_000, 69_999, 40_001]) {
    const data = payload(length);
    sender.data(2, data, true);
    const chunks = sender.take() ?? [];
    const isRight = Buffer.compare(concat(chunks), encodeFrame(2, payload(length), { maskKey: KEY })) === 0;
    expect([isRight, Buffer.compare(data, payload(length))]).toEqual([true, 0]);
    chunks.forEach(giveMemoryBack);
  }
});
