import { joinBytes } from '../core/bytes';
import { decodeText, encodeText } from '../core/text';

const MORE = 0x80;
const LOW_BITS = 0x7f;
const MAX_NUMBER_SIZE = 8;

/** Writes whole numbers, bytes and texts one behind the other, for {@link RecordReader}. */
export class RecordWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** From 0 to 2^53 - 1; small ones take one byte. */
  number(value: number): this {
    this.#reserve(MAX_NUMBER_SIZE);
    let rest = value;
    for (; rest > LOW_BITS; rest = Math.floor(rest / MORE)) this.#bytes[this.#length++] = (rest % MORE) | MORE;
    this.#bytes[this.#length++] = rest;
    return this;
  }

  bytes(bytes: Uint8Array): this {
    this.number(bytes.length).#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  text(text: string): this {
    return this.bytes(encodeText(text));
  }

  /** A copy of all of it, behind that of others. */
  finish(...before: readonly RecordWriter[]): Uint8Array {
    return joinBytes([...before, this].map((writer) => writer.#bytes.subarray(0, writer.#length)));
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Reads what a {@link RecordWriter} wrote. */
export class RecordReader {
  #at = 0;

  constructor(private readonly record: Uint8Array) {}

  /** @throws RangeError when the record ends before. */
  number(): number {
    let value = 0;
    for (let factor = 1; ; factor *= MORE) {
      const byte = this.record[this.#at++];
      if (byte === undefined) throw endsEarly();
      value += (byte & LOW_BITS) * factor;
      if (byte < MORE) return value;
    }
  }

  /** A view of the record. @throws RangeError when the record ends before. */
  bytes(): Uint8Array {
    const length = this.number();
    const end = this.#at + length;
    if (end > this.record.length) throw endsEarly();
    const bytes = this.record.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  text(): string {
    return decodeText(this.bytes());
  }

  /** As many as were counted in front. */
  list<T>(read: () => T): T[] {
    return Array.from({ length: this.number() }, read);
  }
}

function endsEarly(): RangeError {
  return new RangeError('A record of the journal ends too early; it was written by another version.');
}
