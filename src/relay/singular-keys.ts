import type { Fields } from '../core/codec';

/** Keys with one meaning for a whole message or body. `z` may repeat (P-70); so do `n`, `s`, `ns`, `dt` and `d`. */
const SINGULAR: ReadonlySet<string> = new Set([
  ...['id', 'c', 'nc', 'p', 'cn', 'cp', 'ec', 't', 'r', 'ts'],
  ...['x', 'xf', 'xi', 'xr', 'xq', 'xh'],
]);

/** Whether a key that must be alone comes twice, so that two readers could understand two things (SEC-11). */
export function hasRepeatedKey({ keys }: Fields): boolean {
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (key !== 'd' && SINGULAR.has(key) && keys.includes(key, i + 1)) return true;
  }
  return false;
}
