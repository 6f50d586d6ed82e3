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
  /** The memory under it: asking the bytes for it costs half as much as making a view. */
  readonly buffer: ArrayBuffer;
  readonly words: Int32Array;
  /** Everything in front of it is handed out. */
  used: number;
}

/** The most that {@link SlabSource.with} can be asked for. @internal */
export const MAX_SLAB_PART = SLAB_SIZE;

/** Slabs, one after the other. @internal */
export class SlabSource {
  #current: Slab | undefined = undefined;

  /** The slab in use, or a new one when it has less room than `length`. */
  with(length: number): Slab {
    let slab = this.#current;
    if (slab === undefined || slab.used + length > SLAB_SIZE) this.#current = slab = createSlab();
    return slab;
  }
}

function createSlab(): Slab {
  const bytes = new Uint8Array(SLAB_SIZE);
  return { bytes, buffer: bytes.buffer, words: wordsUnder(bytes), used: 0 };
}
