import {
  Z_BUF_ERROR,
  Z_OK,
  Z_STREAM_END,
  Z_SYNC_FLUSH,
  zlibInflate,
  zlibInflateInit2,
  zlibInflateResetKeep,
  ZStream,
} from 'pako';
import type { Inflater } from '../compression';
import { invalidData, tooLarge } from '../errors';

const NO_BYTES = new Uint8Array(0);
/** What the end of a message leaves out. */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
/**
 * Raw data, and always the largest window: with a smaller one it would depend on how the bytes are cut whether a copy
 * from beyond it is found out.
 */
const RAW_WINDOW_BITS = -15;
/** State of the stream between two blocks, with no bit left over. */
const BETWEEN_BLOCKS = 128;
/** Where all streams put what they restore; whoever takes it copies it. */
const output = new Uint8Array(65_536);

/**
 * Restores messages with zlib, as far as their bytes have come.
 *
 * @remarks pako, because Node's own zlib can only be asked for a whole message at once, or answers later.
 * @internal
 */
export class PakoInflater implements Inflater {
  readonly #noContextTakeover: boolean;
  #stream: ZStream | undefined = undefined;
  /** Whether the message so far ends with a block that is marked as the last of its stream. */
  #isAtEnd = false;

  /** @param noContextTakeover - Whether every message begins without what came before. */
  constructor(noContextTakeover: boolean) {
    this.#noContextTakeover = noContextTakeover;
  }

  decompress(bytes: Uint8Array, fin: boolean, limit: number, take: (restored: Uint8Array) => void): void {
    const stream = (this.#stream ??= openStream());
    const left = this.#restore(stream, bytes, limit, take);
    if (!fin) return;
    if (!this.#isAtEnd) {
      this.#restore(stream, TAIL, left, take);
      if (stream.data_type !== BETWEEN_BLOCKS) throw damaged('it ends inside a block');
    }
    this.#isAtEnd = false;
    if (this.#noContextTakeover) this.#stream = undefined;
  }

  close(): void {
    this.#stream = undefined;
  }

  /** @returns How many bytes may still come out. */
  #restore(stream: ZStream, bytes: Uint8Array, limit: number, take: (restored: Uint8Array) => void): number {
    let left = limit;
    if (bytes.length > 0) this.#isAtEnd = false;
    stream.input = bytes;
    stream.next_in = 0;
    stream.avail_in = bytes.length;
    stream.output = output;
    do {
      stream.next_out = 0;
      stream.avail_out = Math.min(output.length, left + 1);
      const status = zlibInflate(stream, Z_SYNC_FLUSH);
      const length = stream.next_out;
      if (length > 0) take(output.subarray(0, Math.min(length, left)));
      if (length > left) throw tooLarge('A compressed message restores to more bytes than the limit allows.');
      left -= length;
      if (status === Z_STREAM_END) {
        this.#isAtEnd = stream.avail_in === 0;
        zlibInflateResetKeep(stream);
      } else if (status !== Z_OK && status !== Z_BUF_ERROR) {
        throw damaged(stream.msg);
      }
    } while (stream.avail_in > 0 || stream.avail_out === 0);
    stream.input = NO_BYTES;
    return left;
  }
}

function openStream(): ZStream {
  const stream = new ZStream();
  zlibInflateInit2(stream, RAW_WINDOW_BITS);
  return stream;
}

function damaged(reason: string): Error {
  return invalidData(`A compressed message is damaged: ${reason}.`);
}
