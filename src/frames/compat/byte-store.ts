/** Bytes that grow at their end; joined only when somebody looks at them. @internal */
export class ByteStore {
  #parts: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** @param bytes - Kept as they are: the caller hands them over. */
  append(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }

  replace(bytes: Uint8Array): void {
    this.#parts = [];
    this.#length = 0;
    this.append(bytes);
  }

  /** All bytes; not a copy. */
  whole(): Uint8Array {
    const [first] = this.#parts;
    if (first !== undefined && this.#parts.length === 1) return first;
    const joined = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      joined.set(part, at);
      at += part.length;
    }
    this.#parts = joined.length === 0 ? [] : [joined];
    return joined;
  }
}
