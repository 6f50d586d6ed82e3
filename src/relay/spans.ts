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
