import { joinBytes } from '../core/bytes';
import type { Inflater } from '../frames/compression';
import type { DeflateAcceptOptions, DeflateParameters } from '../frames/deflate-offer';
import type { DeflateTuning } from '../frames/deflate-options';
import { frameHeaderLength, writeFrameHeader } from '../frames/encoder';
import { type FrameHeader, Opcode, readFrameHeader } from '../frames/header';
import { ZlibDeflater } from '../frames/node/deflate';

/**
 * What the relay agrees to. No message leans on another one: so a connection holds no memory for it between two
 * messages, and what several sessions receive is compressed once for all of them.
 */
export const RELAY_DEFLATE: DeflateAcceptOptions = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
};

const WINDOW_BITS = 15;
const OWN_FRAMES = { masked: false, strictLength: true, maxFrameSize: Number.MAX_SAFE_INTEGER };

/** Compresses frames that are ready to be written. One for the whole relay. */
export class WriteDeflater {
  readonly #deflater: ZlibDeflater;
  readonly #threshold: number;
  /** What was made of chunks that other sockets are given too. */
  readonly #done = new WeakMap<readonly Uint8Array[], readonly Uint8Array[]>();
  readonly #header: FrameHeader = {
    fin: true,
    rsv1: false,
    opcode: Opcode.BINARY,
    maskKey: 0,
    payloadLength: 0,
  };

  constructor({ threshold, level, memLevel }: DeflateTuning) {
    this.#deflater = new ZlibDeflater({ windowBits: WINDOW_BITS, noContextTakeover: true, level, memLevel });
    this.#threshold = threshold;
  }

  /** Whether frames of this deflater suit a peer. One who wants a smaller window gets them as they are. */
  suits(agreed: DeflateParameters): boolean {
    return agreed.serverMaxWindowBits === WINDOW_BITS;
  }

  /** @returns The same frame compressed; the chunks themselves when they are several frames, short, or gain nothing. */
  deflate(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
    if (isShorter(chunks, this.#threshold)) return chunks;
    let done = this.#done.get(chunks);
    if (done === undefined) this.#done.set(chunks, (done = this.#deflate(chunks)));
    return done;
  }

  #deflate(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
    const bytes = joinBytes(chunks);
    const header = this.#header;
    const start = readFrameHeader(bytes, 0, bytes.length, OWN_FRAMES, header);
    const { payloadLength, opcode } = header;
    if (payloadLength < this.#threshold || start + payloadLength !== bytes.length) return chunks;
    const payload = this.#deflater.compress(bytes.subarray(start), true);
    if (payload.length >= payloadLength) return chunks;
    const head = new Uint8Array(frameHeaderLength(payload.length, false));
    writeFrameHeader(head, 0, { opcode, rsv1: true, payloadLength: payload.length });
    return [head, payload];
  }
}

function isShorter(chunks: readonly Uint8Array[], length: number): boolean {
  let sum = 0;
  for (const chunk of chunks) sum += chunk.length;
  return sum < length;
}

/** Keeps what an inflater restores small for as long as `room` says so. */
export class LimitedInflater implements Inflater {
  #restored = 0;

  /** @param room - Bytes that may come out in all; `undefined` once that is left to the limits of the frames. */
  constructor(
    private readonly inflater: Inflater,
    private readonly room: () => number | undefined,
  ) {}

  decompress(bytes: Uint8Array, fin: boolean, limit: number, take: (restored: Uint8Array) => void): void {
    const room = this.room();
    if (room === undefined) return this.inflater.decompress(bytes, fin, limit, take);
    this.inflater.decompress(bytes, fin, Math.min(limit, room - this.#restored), (restored) => {
      this.#restored += restored.length;
      take(restored);
    });
  }

  close(): void {
    this.inflater.close();
  }
}
