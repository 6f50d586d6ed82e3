import { escapeValue } from './fields';
import { encodeText, encodeTextInto } from './text';

const NOTHING = new Uint8Array(0);
/** Least memory, and the most that is kept for what is written next. */
const MIN_SIZE = 256;
const MAX_KEPT = 64 * 1024;

/** Writes `~key=value` fields (P-15 to P-18) one behind the other into memory that grows. */
export class FieldWriter {
  #bytes: Uint8Array = NOTHING;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds a field; the value is escaped. Keys are ours, never taken from the network. */
  field(key: string, value: string | Uint8Array | number): this {
    if (value instanceof Uint8Array) return this.rawField(key, escapeValue(value));
    const text = `${value}`;
    const isPlain = !text.includes('~') && !text.includes('\0');
    return isPlain ? this.#text(`~${key}=${text}`) : this.rawField(key, escapeValue(encodeText(text)));
  }

  /** Adds a field whose value is on-the-wire form already: an id (P-19), or a value passed on as received (P-23). */
  rawField(key: string, raw: Uint8Array): this {
    return this.#text(`~${key}=`).append(raw);
  }

  /** Adds fields that are encoded already. */
  append(encoded: Uint8Array): this {
    this.#reserve(encoded.length);
    this.#bytes.set(encoded, this.#length);
    this.#length += encoded.length;
    return this;
  }

  /** What was written from `start` on, in memory of its own; the writer keeps what is in front of it. */
  finish(start = 0): Uint8Array {
    const written = this.#bytes.slice(start, this.#length);
    this.#length = start;
    if (start === 0 && this.#bytes.length > MAX_KEPT) this.#bytes = NOTHING;
    return written;
  }

  #text(text: string): this {
    this.#reserve(3 * text.length);
    this.#length += encodeTextInto(text, this.#bytes.subarray(this.#length));
    return this;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(MIN_SIZE, needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
