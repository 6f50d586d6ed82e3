import { MAX_HEADER_LENGTH, Opcode, readFrameHeader } from './header';
import type { FrameHeader, HeaderRules } from './header';
import { applyMask, wantsWords, wordsUnder } from './mask';

const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * Cuts received chunks into frames. Each step gives one piece: what one chunk holds of one frame's payload, unmasked,
 * as offsets, so that nothing is copied or made for a frame that lies whole in its chunk. Nothing is kept of a payload
 * either: who needs it whole joins the pieces.
 *
 * @internal
 */
export class FrameDecoder {
  /** Header of the frame that the piece belongs to. */
  readonly header: FrameHeader = {
    fin: true,
    rsv1: false,
    opcode: Opcode.CONTINUATION,
    maskKey: 0,
    payloadLength: 0,
  };
  /** The piece is `bytes` from `start` to `end`, and may be empty. Until the next step it stays as it is. */
  bytes = NO_BYTES;
  start = 0;
  end = 0;
  /** Whether the piece is the first of its frame. */
  isFirst = false;
  /** Bytes of the frame that come after the piece. */
  missing = 0;

  readonly #rules: HeaderRules;
  readonly #maxChunks: number;
  #waiting: Uint8Array[] | undefined = undefined;
  #offset = 0;
  #words: Int32Array | undefined = undefined;
  /** The memory of the chunk, for views: asking the chunk for it costs half as much as making a view. */
  #memory: ArrayBufferLike | undefined = undefined;
  /** Beginning of a header whose rest has not come yet; made for the first one that is cut. */
  #head: Uint8Array | undefined = undefined;
  #headLength = 0;

  constructor(rules: HeaderRules, maxChunks: number) {
    this.#rules = rules;
    this.#maxChunks = maxChunks;
  }

  /**
   * Takes a chunk in, by reference: its payloads will be unmasked in place.
   *
   * @returns False when too many chunks wait already; then it was not taken.
   */
  push(chunk: Uint8Array): boolean {
    const waiting = this.#waiting?.length ?? 0;
    if (this.#offset === this.bytes.length && waiting === 0) this.#begin(chunk);
    else if (waiting < this.#maxChunks) (this.#waiting ??= []).push(chunk);
    else return false;
    return true;
  }

  /**
   * Goes on to the next piece. A frame with a payload may begin with an empty piece: its header can be judged then.
   *
   * @returns False when bytes are missing; then no chunk is held any more.
   * @throws {@link FrameError} as `readFrameHeader` does. There is no going on after it.
   */
  next(): boolean {
    this.isFirst = this.missing === 0;
    if (this.isFirst) {
      if (!this.#readHeader()) return false;
      this.missing = this.header.payloadLength;
    } else if (!this.#hasBytes()) {
      return false;
    }
    this.#takePiece();
    return true;
  }

  /** The piece as bytes of its own view; always a plain `Uint8Array`. */
  view(): Uint8Array {
    this.#memory ??= this.bytes.buffer;
    return new Uint8Array(this.#memory, this.bytes.byteOffset + this.start, this.end - this.start);
  }

  /** Forgets all bytes, read or not. */
  clear(): void {
    this.#waiting = undefined;
    this.#begin(NO_BYTES);
  }

  #begin(chunk: Uint8Array): void {
    this.bytes = chunk;
    this.#offset = 0;
    this.#words = undefined;
    this.#memory = undefined;
  }

  /** Moves on to the next chunk when this one is used up. */
  #hasBytes(): boolean {
    while (this.#offset === this.bytes.length) {
      const chunk = this.#waiting?.shift();
      this.#begin(chunk ?? NO_BYTES);
      if (chunk === undefined) return false;
    }
    return true;
  }

  #readHeader(): boolean {
    if (!this.#hasBytes()) return false;
    if (this.#headLength === 0) {
      const length = readFrameHeader(this.bytes, this.#offset, this.bytes.length, this.#rules, this.header);
      this.#offset += length;
      if (length > 0) return true;
    }
    return this.#readSplitHeader();
  }

  #readSplitHeader(): boolean {
    const head = (this.#head ??= new Uint8Array(MAX_HEADER_LENGTH));
    while (this.#hasBytes()) {
      head[this.#headLength++] = this.bytes[this.#offset++]!;
      if (readFrameHeader(head, 0, this.#headLength, this.#rules, this.header) > 0) {
        this.#head = undefined;
        this.#headLength = 0;
        return true;
      }
    }
    return false;
  }

  #takePiece(): void {
    const length = Math.min(this.missing, this.bytes.length - this.#offset);
    this.start = this.#offset;
    this.end = this.#offset += length;
    if (this.#rules.masked) {
      if (wantsWords(length)) this.#words ??= wordsUnder(this.bytes);
      const position = this.header.payloadLength - this.missing;
      applyMask(this.bytes, this.start, this.end, this.header.maskKey, position, this.#words);
    }
    this.missing -= length;
  }
}
