import { randomBytes } from 'node:crypto';
import { constants, deflateRawSync, type ZlibOptions } from 'node:zlib';

/** Text with repetitions near and far. */
export const prose = Array.from(
  { length: 12_000 },
  (_, i) => `${(i * 7_919) % 997} words, ${(i * i) % 61} lines; `,
).join('');

/** Payloads that compress well, badly and not at all. */
export const payloads: readonly (readonly [string, Uint8Array])[] = [
  ['a byte', Uint8Array.of(0)],
  ['a word', Uint8Array.from(Buffer.from('Hello'))],
  ['prose', Uint8Array.from(Buffer.from(prose.slice(0, 60_000)))],
  ['a pattern', Uint8Array.from({ length: 100_000 }, (_, i) => i)],
  ['noise', new Uint8Array(randomBytes(40_000))],
  ['one byte over and over', new Uint8Array(100_000).fill(7)],
];

/** What a foreign compressor makes of a fragment: flushed, with its tail. */
export function flushed(payload: Uint8Array, options: ZlibOptions = {}): Uint8Array {
  return new Uint8Array(deflateRawSync(payload, { ...options, finishFlush: constants.Z_SYNC_FLUSH }));
}

/** What a foreign compressor makes of a message. */
export function deflated(payload: Uint8Array, options: ZlibOptions = {}): Uint8Array {
  return flushed(payload, options).slice(0, -4);
}

/** A comparison that shows no difference, but is quick with much data. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
