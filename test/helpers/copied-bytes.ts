import { vi } from 'vitest';

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;

/** Bytes that `action` copies from one typed array to another. */
export function copiedBytes(action: () => void): number {
  const set = vi.spyOn(typedArray, 'set');
  const slice = vi.spyOn(typedArray, 'slice');
  try {
    action();
    const parts = set.mock.calls.map(([part]) => part);
    const slices = slice.mock.results.map(({ value }) => value as Uint8Array);
    return parts.concat(slices).reduce((sum, { length }) => sum + length, 0);
  } finally {
    set.mockRestore();
    slice.mockRestore();
  }
}
