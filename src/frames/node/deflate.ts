import { constants, deflateRawSync } from 'node:zlib';
import type { Compression, Deflater } from '../compression';
import type { DeflateParameters } from '../deflate-offer';
import type { DeflateTuning } from '../deflate-options';
import { PakoInflater } from './inflater';

const NO_BYTES: Uint8Array = new Uint8Array(0);
/** What a flush ends with, and the end of a message leaves out. */
const TAIL_LENGTH = 4;
/** An empty message: a block without content, less the tail. */
const EMPTY_MESSAGE = Uint8Array.of(0x00);
/** zlib makes no raw data for a window of 8 bits. With 9 its copies reach back 250 bytes at most, which fits into 8. */
const MIN_ZLIB_BITS = 9;

/** Learning what was sent takes time with every call: a short payload is not worth all of it. */
const MIN_DICTIONARY = 4_096;
const DICTIONARY_PER_BYTE = 8;

/** How our messages are compressed. @internal */
export interface DeflateRules extends Pick<DeflateTuning, 'level' | 'memLevel'> {
  /** Our window, 8 to 15, a power of two. */
  readonly windowBits: number;
  /** Whether every message begins without what was sent before. */
  readonly noContextTakeover: boolean;
}

/**
 * Compresses with zlib, one call per frame. What was sent is handed over as the dictionary of the next call: between
 * two frames nothing is kept but these bytes, at most the window, and without context takeover nothing at all.
 *
 * @internal
 */
export class ZlibDeflater implements Deflater {
  readonly #rules: DeflateRules;
  #history = NO_BYTES;

  constructor(rules: DeflateRules) {
    this.#rules = { ...rules, windowBits: Math.max(rules.windowBits, MIN_ZLIB_BITS) };
  }

  compress(payload: Uint8Array, fin: boolean): Uint8Array {
    const compressed = payload.length === 0 ? (fin ? EMPTY_MESSAGE : NO_BYTES) : this.#deflate(payload, fin);
    if (fin && this.#rules.noContextTakeover) this.#history = NO_BYTES;
    return compressed;
  }

  close(): void {
    this.#history = NO_BYTES;
  }

  #deflate(payload: Uint8Array, fin: boolean): Uint8Array {
    const { windowBits, level, memLevel, noContextTakeover } = this.#rules;
    const flushed = deflateRawSync(payload, {
      windowBits,
      level,
      memLevel,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(this.#history.length > 0 ? { dictionary: this.#dictionaryFor(payload) } : {}),
    });
    if (!(fin && noContextTakeover)) this.#remember(payload);
    // A copy: zlib's own memory is many times as large as a short result that may wait to be sent.
    return new Uint8Array(flushed.subarray(0, fin ? flushed.length - TAIL_LENGTH : flushed.length));
  }

  #dictionaryFor({ length }: Uint8Array): Uint8Array {
    return this.#history.subarray(-Math.max(MIN_DICTIONARY, DICTIONARY_PER_BYTE * length));
  }

  #remember(payload: Uint8Array): void {
    const size = 2 ** this.#rules.windowBits;
    const kept = Math.min(this.#history.length, Math.max(size - payload.length, 0));
    const added = Math.min(payload.length, size);
    const history = new Uint8Array(kept + added);
    history.set(this.#history.subarray(this.#history.length - kept));
    history.set(payload.subarray(payload.length - added), kept);
    this.#history = history;
  }
}

/** Compression as it was agreed, both ways. Takes memory with the first message, not before. @internal */
export function createCompression(
  agreed: DeflateParameters,
  role: 'client' | 'server',
  { threshold, level, memLevel }: DeflateTuning,
): Compression {
  const { clientNoContextTakeover, serverNoContextTakeover } = agreed;
  const [windowBits, noContextTakeover, peerNoContextTakeover] =
    role === 'client'
      ? [agreed.clientMaxWindowBits, clientNoContextTakeover, serverNoContextTakeover]
      : [agreed.serverMaxWindowBits, serverNoContextTakeover, clientNoContextTakeover];
  return {
    deflater: new ZlibDeflater({ windowBits, noContextTakeover, level, memLevel }),
    inflater: new PakoInflater(peerNoContextTakeover),
    threshold,
  };
}
