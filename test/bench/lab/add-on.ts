import { createRequire } from 'node:module';

/** `ws` takes `bufferutil` by itself; without its compiled part that would be JavaScript of another kind. */
export function requireAddOn(): void {
  const addOn = createRequire(import.meta.url)('bufferutil') as { mask: unknown };
  if (String(addOn.mask).includes('[native code]')) return;
  throw new Error('bufferutil has no compiled part for this machine.');
}
