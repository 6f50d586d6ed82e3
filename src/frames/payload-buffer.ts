const NO_BYTES: Uint8Array = new Uint8Array(0);
const FIRST_CAPACITY = 64;
/** Room made at once, as a multiple of what has come: few copies on the way, and no more memory than the peer paid for. */
const GROWTH = 4;
/** Up to this length a plain loop beats the view that `set` needs. */
const SHORT_PIECE = 24;

/**
 * Joins the pieces of a payload. Memory grows with what has come, never with what was announced, and in leaps, so
 * that each byte is copied a bounded number of times however small the pieces are. No piece is held after its copy.
 *
 * @internal
 */
export class PayloadBuffer {
  readonly #allocate: (length: number) => Uint8Array;
  #bytes = NO_BYTES;
  #length = 0;

  /** @param allocate - Memory, whatever it holds: nothing is handed over of it but what was copied in. */
  constructor(allocate = zeros) {
    this.#allocate = allocate;
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Copies `bytes` from `start` to `end` behind what is there.
   *
   * @param missing - How many more bytes can come at most: keeps the last leap small.
   */
  append(bytes: Uint8Array, start: number, end: number, missing: number): void {
    const length = this.#length + end - start;
    if (length > this.#bytes.length) {
      this.#grow(Math.min(length + missing, Math.max(GROWTH * length, FIRST_CAPACITY)));
    }
    if (end - start > SHORT_PIECE) this.#bytes.set(bytes.subarray(start, end), this.#length);
    else for (let i = start, to = this.#length; i < end; i++, to++) this.#bytes[to] = bytes[i]!;
    this.#length = length;
  }

  /** Hands the whole payload over, in memory of exactly its length, and starts anew. */
  take(): Uint8Array {
    const isExact = this.#length === this.#bytes.length;
    const payload = isExact ? this.#bytes : this.#bytes.slice(0, this.#length);
    this.clear();
    return payload;
  }

  clear(): void {
    this.#bytes = NO_BYTES;
    this.#length = 0;
  }

  #grow(capacity: number): void {
    const bytes = this.#allocate(capacity);
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}

function zeros(length: number): Uint8Array {
  return new Uint8Array(length);
}

/**
 * A view of `bytes` from `start` to `end`, always a plain `Uint8Array`: a subclass, such as Node's, would make it
 * half as fast.
 *
 * @internal
 */
export function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}
