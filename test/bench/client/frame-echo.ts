import { applyMask, wordsUnder } from '../../../src/frames/mask';

const NOTHING = Buffer.alloc(0);
const LONGEST_HEADER = 14;

/**
 * Turns masked frames into the same frames without mask, in place: they only get shorter. Nothing is checked, and no
 * frame is waited for: its beginning goes back before its end has come.
 */
export class FrameEcho {
  /** Beginning of a header whose rest has not come. */
  #head = NOTHING;
  #maskKey = 0;
  #payloadLength = 0;
  /** How much of the payload has come. */
  #position = 0;

  /** What is to be written for a chunk that was read. */
  answer(chunk: Buffer): Uint8Array {
    const bytes = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    const words = wordsUnder(bytes);
    let from = 0;
    let to = 0;
    for (;;) {
      const length = Math.min(this.#payloadLength - this.#position, bytes.length - from);
      applyMask(bytes, from, from + length, this.#maskKey, this.#position, words);
      if (from !== to) bytes.copyWithin(to, from, from + length);
      this.#position += length;
      from += length;
      to += length;
      if (this.#position < this.#payloadLength) break;
      const header = this.#readHeader(bytes, from);
      if (header === 0) break;
      bytes[to + 1] = bytes[from + 1]! & 0x7f;
      if (from !== to) {
        bytes[to] = bytes[from]!;
        bytes.copyWithin(to + 2, from + 2, from + header - 4);
      }
      from += header;
      to += header - 4;
    }
    this.#head = from === bytes.length ? NOTHING : Buffer.from(bytes.subarray(from));
    return bytes.subarray(0, to);
  }

  /** @returns Length of the header, 0 when it is not whole. */
  #readHeader(bytes: Buffer, at: number): number {
    const left = bytes.length - at;
    if (left < 2) return 0;
    const short = bytes[at + 1]! & 0x7f;
    const length = short < 126 ? 6 : short === 126 ? 8 : LONGEST_HEADER;
    if (left < length) return 0;
    this.#payloadLength =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUIntBE(at + 4, 6);
    this.#maskKey = bytes.readUInt32BE(at + length - 4);
    this.#position = 0;
    return length;
  }
}
