import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { DeflateOptions } from '../../../src/frames';
import { concat } from '../../helpers/bytes';

/** What one side keeps to when it compresses. */
export interface SideTerms {
  /** The window, a power of two. */
  readonly bits: number;
  /** Whether a message may lean on those before it. */
  readonly takeover: boolean;
}

/** What was agreed on in the handshake. */
export interface DeflateTerms {
  /** What a client asks for, and what our server has to answer. */
  readonly offer: string;
  readonly accepted: string;
  /** What our client is told to offer, namely `offer`; absent when it is told nothing. */
  readonly asked?: DeflateOptions;
  /** What a server answers to it. */
  readonly answer: string;
  /** The end under test. */
  readonly tested: SideTerms;
  /** The player. */
  readonly own: SideTerms;
}

const NONE = new Uint8Array(0);
/** What every flush ends with; it stays off the wire. */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
/** The least that zlib puts out at one go. It looks back no further than this and the window. */
const SMALL_CHUNK = 64;

/** The player's side of permessage-deflate. It restores nothing that goes beyond the terms. */
export class PeerDeflate {
  readonly #terms: Pick<DeflateTerms, 'tested' | 'own'>;
  #sent: Uint8Array = NONE;
  #received: Uint8Array = NONE;

  constructor(terms: Pick<DeflateTerms, 'tested' | 'own'>) {
    this.#terms = terms;
  }

  /** @param fin - Whether the message ends with these bytes. */
  compress(bytes: Uint8Array, fin = true): Uint8Array {
    const { bits, takeover } = this.#terms.own;
    const flushed = deflateRawSync(bytes, {
      windowBits: bits,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...dictionary(this.#sent),
    });
    this.#sent = fin && !takeover ? NONE : lastOf(this.#sent, bytes, bits);
    return fin ? flushed.subarray(0, flushed.length - TAIL.length) : flushed;
  }

  restore(compressed: Uint8Array): Uint8Array {
    const { bits, takeover } = this.#terms.tested;
    const message = inflateRawSync(concat([compressed, TAIL]), {
      windowBits: bits,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(bits < 15 ? { chunkSize: SMALL_CHUNK } : {}),
      ...dictionary(this.#received),
    });
    if (takeover) this.#received = lastOf(this.#received, message, bits);
    return message;
  }
}

const dictionary = (bytes: Uint8Array) => (bytes.length > 0 ? { dictionary: bytes } : {});

/** The last bytes of both, as many as a window holds. */
function lastOf(before: Uint8Array, message: Uint8Array, bits: number): Uint8Array {
  return concat([before, message]).slice(-(2 ** bits));
}
