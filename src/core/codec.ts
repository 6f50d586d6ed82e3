import { Fields, findTilde, matchTerminator, TERMINATOR, TILDE, type FieldFault } from './fields';

export { Fields, type FieldFault };
export { escapeValue } from './fields';

const HYPHEN = 0x2d;
const NO_BYTES: Uint8Array = new Uint8Array(0);
/** Most fields up to and including one `d`, unless told otherwise (SEC-11). */
export const MAX_FIELDS = 4096;
/** Least memory for an unfinished message. */
const MIN_REST = 64;

export interface SplitterOptions {
  /** Largest message, in bytes as received. */
  maxSize: number;
  /** @defaultValue {@link MAX_FIELDS} */
  maxFields?: number;
}

/**
 * Cuts a WebSocket byte stream into messages, at any chunk boundary; a byte is searched at most twice however the
 * stream is chopped. Escape-aware and byte-transparent (P-20, P-21, P-22).
 */
export class MessageSplitter {
  readonly #maxSize: number;
  readonly #fields: Fields;
  #buffer = NO_BYTES;
  /** Whether the buffer is the splitter's own, not a lent chunk. */
  #owned = false;
  /** The unfinished message is `buffer[start..end]`; its terminator is not in front of `searched`. */
  #start = 0;
  #searched = 0;
  #end = 0;
  #tooLarge = false;

  constructor({ maxSize, maxFields = MAX_FIELDS }: SplitterOptions) {
    this.#maxSize = maxSize;
    this.#fields = new Fields(maxFields);
  }

  /** Bytes held of a message whose end has not arrived. */
  get pendingBytes(): number {
    return this.#end - this.#start;
  }

  /** Adds received bytes. They are only read until the `next` that returns undefined; a rest is copied there. */
  push(chunk: Uint8Array): void {
    if (this.#tooLarge) return;
    if (this.pendingBytes === 0) return this.#use(chunk, chunk.length, false);
    const needed = this.#end + chunk.length;
    if (!this.#owned || needed > this.#buffer.length) this.#move(Math.max(needed, 2 * this.pendingBytes));
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The next whole message, or undefined when more bytes are needed; good until the next call. A message with the
   * fault `too-large` is the last one: the owner closes the transport.
   */
  next(): Fields | undefined {
    if (this.#tooLarge) return undefined;
    const start = this.#start;
    // Most messages lie whole in one chunk, and reading their fields finds their end.
    const read =
      this.#searched === start ? this.#fields.readTerminated(this.#buffer, start, this.#end) : -1;
    const end = read < 0 ? this.#findEnd() : read + TERMINATOR.length;
    const size = (end < 0 ? this.#end : end) - this.#start;
    if (size > this.#maxSize) {
      this.#tooLarge = true;
      this.#use(NO_BYTES, 0, false);
      return this.#fields.fail('too-large');
    }
    if (end >= 0) {
      this.#start = this.#searched = end;
      return read >= 0 ? this.#fields : this.#fields.read(this.#buffer, start, end - TERMINATOR.length);
    }
    // The chunk belongs to somebody else: an unfinished message moves into memory of its own.
    if (this.pendingBytes === 0) this.#use(NO_BYTES, 0, false);
    else if (!this.#owned || this.#start > 0) this.#move(Math.max(MIN_REST, this.pendingBytes));
    return undefined;
  }

  /** Index behind the terminator, or -1; then `searched` stands where the search goes on. */
  #findEnd(): number {
    for (let at = this.#searched; ; ) {
      at = findTilde(this.#buffer, at, this.#end);
      this.#searched = at;
      if (at + 1 >= this.#end) return -1;
      const next = this.#buffer[at + 1];
      if (next === TILDE || next === HYPHEN) at += 2;
      else {
        const matched = matchTerminator(this.#buffer, at, this.#end);
        if (matched === TERMINATOR.length) return at + matched;
        if (at + matched === this.#end) return -1;
        at++;
      }
    }
  }

  #use(buffer: Uint8Array, end: number, owned: boolean): void {
    this.#buffer = buffer;
    this.#owned = owned;
    this.#start = this.#searched = 0;
    this.#end = end;
  }

  #move(size: number): void {
    const target = new Uint8Array(size);
    target.set(this.#buffer.subarray(this.#start, this.#end));
    const searched = this.#searched - this.#start;
    this.#use(target, this.pendingBytes, true);
    this.#searched = searched;
  }
}

/** Reads one HTTP body, which has no terminator. The result points into `bytes`. */
export function parseBody(bytes: Uint8Array, { maxSize, maxFields = MAX_FIELDS }: SplitterOptions): Fields {
  const fields = new Fields(maxFields);
  if (bytes.length > maxSize) return fields.fail('too-large');
  return bytes.length > 0 ? fields.read(bytes, 0, bytes.length) : fields.fail('no-leading-tilde');
}
