import { viewOf } from '../frames/payload-buffer';

/** A stretch of memory: `bytes` from `start` to `end`. */
export interface Span {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Up to this length a plain loop beats the view that the engine's own copy needs. */
const NEAR = 48;

/** @returns Where the copy of `bytes[from..to]` ends. */
export function copyBytes(bytes: Uint8Array, from: number, to: number, target: Uint8Array, at: number): number {
  const shift = at - from;
  if (to - from > NEAR) target.set(to - from === bytes.length ? bytes : viewOf(bytes, from, to), at);
  else for (let i = from; i < to; i++) target[i + shift] = bytes[i]!;
  return to + shift;
}

const ZERO = 0x30;

/** How many decimal digits a whole number has. */
export function countDigits(value: number): number {
  let count = 1;
  for (let limit = 10; value >= limit; limit *= 10) count += 1;
  return count;
}

/** Writes a whole number as decimal digits. @returns Where they end. */
export function writeDigits(value: number, target: Uint8Array, at: number): number {
  const end = at + countDigits(value);
  for (let i = end - 1, rest = value; i >= at; i--) {
    const higher = Math.floor(rest / 10);
    target[i] = ZERO + rest - 10 * higher;
    rest = higher;
  }
  return end;
}

/** A number between two texts, as `encodeText` would give it. */
export function joinNumber(before: Uint8Array, value: number, after: Uint8Array): Uint8Array {
  const joined = new Uint8Array(before.length + countDigits(value) + after.length);
  const start = copyBytes(before, 0, before.length, joined, 0);
  copyBytes(after, 0, after.length, joined, writeDigits(value, joined, start));
  return joined;
}
