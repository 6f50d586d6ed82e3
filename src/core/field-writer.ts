import { joinBytes } from './bytes';
import { escapeValue } from './fields';
import { encodeText } from './text';

/** Gathers `~key=value` fields (P-15 to P-18) and joins them at the end. */
export class FieldWriter {
  readonly #chunks: Uint8Array[] = [];

  /** Adds a field; the value is escaped. Keys are ours, never taken from the network. */
  field(key: string, value: string | Uint8Array | number): this {
    return this.rawField(key, escapeValue(value instanceof Uint8Array ? value : encodeText(`${value}`)));
  }

  /** Adds a field whose value is on-the-wire form already: an id (P-19), or a value passed on as received (P-23). */
  rawField(key: string, raw: Uint8Array): this {
    return this.append(encodeText(`~${key}=`), raw);
  }

  /** Adds fields that are encoded already. */
  append(...encoded: readonly Uint8Array[]): this {
    this.#chunks.push(...encoded);
    return this;
  }

  finish(): Uint8Array {
    return joinBytes(this.#chunks);
  }
}
