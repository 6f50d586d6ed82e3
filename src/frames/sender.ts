import type { Compression } from './compression';
import { checkControlLength, frameHeaderLength, putHeader, requireBytes, requireKey } from './encoder';
import { Opcode, RSV1 } from './header';
import type { MessageOpcode } from './header';
import { applyMask, copyMasked, wantsWords } from './mask';
import { takeMemory } from './mask-memory';
import { encodeShort, encodeText, SHORT_TEXT } from './outgoing-text';
import { viewOf } from './payload-buffer';
import { SlabSource } from './slab';
import type { Slab } from './slab';

/** From this length on a payload goes out behind its header as it is. */
const NO_COPY_LENGTH = 1024;
/** From this length on a masked payload has memory of its own. */
const OWN_MEMORY_LENGTH = 4096;

/** Of all connections. */
const slabs = new SlabSource();

/**
 * Turns what is sent into chunks for the wire, in order, and knows which data frame may come next. Small frames sent
 * before one `take` come out as one chunk.
 *
 * @see RFC 6455, section 5.4.
 * @internal
 */
export class FrameSender {
  readonly #maskKey: (() => number) | undefined;
  readonly #compression: Compression | undefined;
  readonly #encodeText: (text: string) => Uint8Array;
  #chunks: Uint8Array[] = [];
  /** The last chunk, still growing: from `#start` to `#end` of the slab. */
  #slab: Slab | undefined = undefined;
  #start = 0;
  #end = 0;
  /** Opcode of the message that is open; `CONTINUATION` when none is. */
  #opcode: Opcode = Opcode.CONTINUATION;
  /** Whether the message that is open goes out compressed. */
  #isCompressed = false;

  /**
   * @param maskKey - Source of keys for a client; a server has none.
   * @param compression - When it was agreed.
   * @param encode - A quicker way from a long string to UTF-8.
   */
  constructor(maskKey: (() => number) | undefined, compression?: Compression, encode = encodeText) {
    this.#maskKey = maskKey;
    this.#encodeText = encode;
    this.#compression = compression;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0 && this.#slab === undefined;
  }

  /** Adds one data frame, as a Continuation when a message is open. A text may come as a string. */
  data(opcode: MessageOpcode, payload: Uint8Array | string, fin: boolean): void {
    const isOpen = this.#opcode !== Opcode.CONTINUATION;
    if (isOpen && opcode !== this.#opcode) {
      throw new TypeError(
        `A message with opcode ${this.#opcode} is open; end it before one with opcode ${opcode}.`,
      );
    }
    const first = (fin ? 0x80 : 0) | (isOpen ? Opcode.CONTINUATION : opcode);
    if (typeof payload === 'string' && opcode === Opcode.TEXT) this.#addText(first, payload);
    else this.#addData(first, payload as Uint8Array);
    this.#opcode = fin ? Opcode.CONTINUATION : opcode;
  }

  /** Adds one control frame. */
  control(opcode: Opcode, payload: Uint8Array): void {
    requireBytes(payload);
    checkControlLength(payload.length);
    this.#add(0x80 | opcode, payload, false);
  }

  /** All chunks since the last call, if any. */
  take(): Uint8Array[] | undefined {
    if (this.#chunks.length === 0) {
      const only = this.#takeGrowing();
      return only && [only];
    }
    this.#endChunk();
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  /** Encodes the text where it goes out, or on the way there. */
  #addText(first: number, text: string): void {
    if (text.length > SHORT_TEXT) return this.#addData(first, this.#encodeText(text), true);
    if (this.#compression !== undefined) return this.#addData(first, encodeText(text));
    const { bytes, length } = encodeShort(text);
    this.#addShort(first, bytes, length, this.#nextKey());
  }

  /** @param isOurs - Whether the payload may be masked where it is. */
  #addData(first: number, payload: Uint8Array, isOurs = false): void {
    requireBytes(payload);
    if (this.#compression === undefined) this.#add(first, payload, isOurs);
    else this.#addCompressed(first, payload, this.#compression);
  }

  /** Compresses a frame, unless its message goes out as it is. */
  #addCompressed(first: number, payload: Uint8Array, { deflater, threshold }: Compression): void {
    const fin = first >= 0x80;
    const isFirst = (first & 0x0f) !== Opcode.CONTINUATION;
    if (isFirst) this.#isCompressed = !fin || payload.length >= threshold;
    if (!this.#isCompressed) return this.#add(first, payload, false);
    this.#add(isFirst ? first | RSV1 : first, deflater.compress(payload, fin), false);
  }

  #add(first: number, payload: Uint8Array, isOurs: boolean): void {
    const maskKey = this.#nextKey();
    const { length } = payload;
    if (length < (maskKey === undefined ? NO_COPY_LENGTH : OWN_MEMORY_LENGTH)) {
      return this.#addShort(first, payload, length, maskKey);
    }
    const headerLength = frameHeaderLength(length, maskKey !== undefined);
    putHeader(this.#reserve(headerLength).bytes, this.#end - headerLength, first, length, maskKey);
    if (maskKey === undefined) return this.#pushLong(payload);
    const masked = isOurs ? payload : takeMemory(length);
    if (!isOurs) masked.set(payload);
    applyMask(masked, 0, length, maskKey);
    this.#pushLong(masked);
  }

  /** Copies a payload, which is `bytes` up to `length`, behind its header. */
  #addShort(first: number, bytes: Uint8Array, length: number, maskKey: number | undefined): void {
    const headerLength = frameHeaderLength(length, maskKey !== undefined);
    const slab = this.#reserve(headerLength + length);
    const start = this.#end - length;
    putHeader(slab.bytes, start - headerLength, first, length, maskKey);
    if (!wantsWords(length)) return copyMasked(bytes, length, slab.bytes, start, maskKey ?? 0);
    slab.bytes.set(bytes.length === length ? bytes : viewOf(bytes, 0, length), start);
    if (maskKey !== undefined) applyMask(slab.bytes, start, this.#end, maskKey, 0, slab.words);
  }

  #nextKey(): number | undefined {
    return this.#maskKey && requireKey(this.#maskKey());
  }

  /** Lengthens the growing chunk, or begins one where another connection has used the slab since. */
  #reserve(length: number): Slab {
    const slab = slabs.with(length);
    if (slab !== this.#slab || slab.used !== this.#end) {
      this.#endChunk();
      this.#slab = slab;
      this.#start = slab.used;
    }
    this.#end = slab.used += length;
    return slab;
  }

  /** Adds a chunk of its own behind the one that grows, which ends with its header. */
  #pushLong(payload: Uint8Array): void {
    const header = this.#takeGrowing();
    if (header === undefined) this.#chunks.push(payload);
    // An array that is made whole is a third of one that grows.
    else if (this.#chunks.length === 0) this.#chunks = [header, payload];
    else this.#chunks.push(header, payload);
  }

  #endChunk(): void {
    const chunk = this.#takeGrowing();
    if (chunk !== undefined) this.#chunks.push(chunk);
  }

  #takeGrowing(): Uint8Array | undefined {
    if (this.#slab === undefined) return undefined;
    const chunk = new Uint8Array(this.#slab.buffer, this.#start, this.#end - this.#start);
    this.#slab = undefined;
    this.#start = this.#end = 0;
    return chunk;
  }
}
