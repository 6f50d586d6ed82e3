import { wordsUnder } from './mask';

/** Large enough for some hundreds of small frames, small enough to be held by one slow reader. */
const SLAB_SIZE = 16_384;

/**
 * A block of memory that is handed out from its front on, never twice: an allocation for each small frame would cost
 * more than all else that is done to it.
 *
 * @internal
 */
export interface Slab {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** Everything in front of it is handed out. */
  used: number;
}

/** The most that {@link slabWith} can be asked for. @internal */
export const MAX_SLAB_PART = SLAB_SIZE;

let current = createSlab();

function createSlab(): Slab {
  const bytes = new Uint8Array(SLAB_SIZE);
  return { bytes, words: wordsUnder(bytes), used: 0 };
}

/** The slab of all connections, or a new one when it has less room than `length`. @internal */
export function slabWith(length: number): Slab {
  if (current.used + length > SLAB_SIZE) current = createSlab();
  return current;
}
