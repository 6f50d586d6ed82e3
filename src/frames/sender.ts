import { checkFields, firstByte, frameHeaderLength, putHeader, requireBytes } from './encoder';
import { Opcode } from './header';
import type { MessageOpcode } from './header';
import { applyMask } from './mask';
import { viewOf } from './payload-buffer';
import { slabWith } from './slab';
import type { Slab } from './slab';

/** From this length on a payload has a chunk of its own, which without a mask is the payload itself. */
const OWN_CHUNK_LENGTH = 4096;

/**
 * Turns what is sent into chunks for the wire, in order, and knows which data frame may come next. Small frames sent
 * before one `take` come out as one chunk.
 *
 * @see RFC 6455, section 5.4.
 * @internal
 */
export class FrameSender {
  readonly #maskKey: (() => number) | undefined;
  #chunks: Uint8Array[] = [];
  /** The last chunk, still growing: from `#start` to `#end` of the slab. */
  #slab: Slab | undefined = undefined;
  #start = 0;
  #end = 0;
  /** Opcode of the message that is open; `CONTINUATION` when none is. */
  #opcode: Opcode = Opcode.CONTINUATION;

  /** @param maskKey - Source of keys for a client; a server has none. */
  constructor(maskKey: (() => number) | undefined) {
    this.#maskKey = maskKey;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0 && this.#end === this.#start;
  }

  /** Adds one data frame, as a Continuation when a message is open. */
  data(opcode: MessageOpcode, payload: Uint8Array, fin: boolean): void {
    const isOpen = this.#opcode !== Opcode.CONTINUATION;
    if (isOpen && opcode !== this.#opcode) {
      throw new TypeError(
        `A message with opcode ${this.#opcode} is open; end it before one with opcode ${opcode}.`,
      );
    }
    this.#add(firstByte(isOpen ? Opcode.CONTINUATION : opcode, fin), payload);
    this.#opcode = fin ? Opcode.CONTINUATION : opcode;
  }

  /** Adds one control frame. */
  control(opcode: Opcode, payload: Uint8Array): void {
    this.#add(firstByte(opcode), payload);
  }

  /** All chunks since the last call, if any. */
  take(): Uint8Array[] | undefined {
    if (this.isEmpty) return undefined;
    this.#endChunk();
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  #add(first: number, payload: Uint8Array): void {
    requireBytes(payload);
    const maskKey = this.#maskKey === undefined ? undefined : Number(this.#maskKey());
    checkFields(first, payload.length, maskKey);
    const headerLength = frameHeaderLength(payload.length, maskKey !== undefined);
    const isLong = payload.length >= OWN_CHUNK_LENGTH;
    const { bytes, words } = this.#reserve(isLong ? headerLength : headerLength + payload.length);
    const end = this.#end;
    if (isLong) {
      putHeader(bytes, end - headerLength, first, payload.length, maskKey);
      this.#addLong(payload, maskKey);
    } else {
      const start = end - payload.length;
      putHeader(bytes, start - headerLength, first, payload.length, maskKey);
      bytes.set(payload, start);
      if (maskKey !== undefined) applyMask(bytes, start, end, maskKey, 0, words);
    }
  }

  #addLong(payload: Uint8Array, maskKey: number | undefined): void {
    this.#endChunk();
    if (maskKey === undefined) {
      this.#chunks.push(payload);
    } else {
      const masked = new Uint8Array(payload);
      applyMask(masked, 0, masked.length, maskKey);
      this.#chunks.push(masked);
    }
  }

  /** Lengthens the growing chunk, or begins one where another connection has used the slab since. */
  #reserve(length: number): Slab {
    const slab = slabWith(length);
    if (slab !== this.#slab || slab.used !== this.#end) {
      this.#endChunk();
      this.#slab = slab;
      this.#start = slab.used;
    }
    this.#end = slab.used += length;
    return slab;
  }

  #endChunk(): void {
    if (this.#slab !== undefined && this.#end > this.#start) {
      this.#chunks.push(viewOf(this.#slab.bytes, this.#start, this.#end));
    }
    this.#slab = undefined;
    this.#start = this.#end = 0;
  }
}
