import { escapeValue } from './codec';
import { encodeText } from './text';

const TILDE = 0x7e;
const EQUALS = 0x3d;

/** Writes `~key=value` fields one after another into one growing buffer (P-15 to P-18). */
export class FieldWriter {
  private bytes = new Uint8Array(256);
  private used = 0;

  get length(): number {
    return this.used;
  }

  /** Adds a field; the value is escaped. Keys are ours, never taken from the network. */
  field(key: string, value: string | Uint8Array | number): this {
    const bytes = value instanceof Uint8Array ? value : encodeText(String(value));
    return this.rawField(key, escapeValue(bytes));
  }

  /** Adds a field whose value is on-the-wire form already: an id (P-19), or a value passed on as received (P-23). */
  rawField(key: string, raw: Uint8Array): this {
    this.reserve(key.length + 2 + raw.length);
    this.bytes[this.used++] = TILDE;
    for (let i = 0; i < key.length; i++) this.bytes[this.used++] = key.charCodeAt(i);
    this.bytes[this.used++] = EQUALS;
    this.bytes.set(raw, this.used);
    this.used += raw.length;
    return this;
  }

  /** Adds fields that are encoded already. */
  append(encoded: Uint8Array): this {
    this.reserve(encoded.length);
    this.bytes.set(encoded, this.used);
    this.used += encoded.length;
    return this;
  }

  /** What was written, without a copy; the writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.bytes.subarray(0, this.used);
  }

  private reserve(more: number): void {
    if (this.used + more <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.used + more, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }
}
