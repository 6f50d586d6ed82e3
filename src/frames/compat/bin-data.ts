import { readFileSync, writeFileSync } from 'node:fs';
import { ByteStore } from './byte-store';
import { bytesToText, decodeBytes, encodeBytes, textToBytes } from './encodings';
import { call, Logged } from './logged';

/** A text of another object, such as a StringBuilder. @public */
export interface TextSource {
  GetAsString(): string;
}

/** A growing row of bytes. Methods that can fail give false or null, and `LastErrorText` says why. @public */
export class BinData extends Logged {
  readonly #store = new ByteStore();

  /** How many bytes there are. */
  get NumBytes(): number {
    return this.#store.length;
  }

  /** Adds a copy of the bytes. */
  AppendBinary(bytes: Uint8Array): boolean {
    return this.#do('AppendBinary', () => this.#store.append(copyOf(bytes)));
  }

  /** Takes a copy of the bytes in place of what was there. */
  LoadBinary(bytes: Uint8Array): boolean {
    return this.#do('LoadBinary', () => this.#store.replace(copyOf(bytes)));
  }

  /** A copy of all bytes. */
  GetBinary(): Uint8Array {
    return this.#store.whole().slice();
  }

  /** @param encoding - `hex`, `base64` or `base64url`. */
  AppendEncoded(text: string, encoding: string): boolean {
    return this.#do('AppendEncoded', () => this.#store.append(decodeBytes(text, encoding)));
  }

  /** Like {@link BinData.AppendEncoded}, in place of what was there. */
  LoadEncoded(text: string, encoding: string): boolean {
    return this.#do('LoadEncoded', () => this.#store.replace(decodeBytes(text, encoding)));
  }

  /** @param encoding - `hex`, `hex_lower`, `base64` or `base64url`. */
  GetEncoded(encoding: string): string | null {
    return call<string | null>(this, 'GetEncoded', null, () => encodeBytes(this.#store.whole(), encoding));
  }

  /** @param charset - `utf-8`, `iso-8859-1` or `utf-16`. */
  AppendString(text: string, charset: string): boolean {
    return this.#do('AppendString', () => this.#store.append(textToBytes(text, charset)));
  }

  /** @param charset - `utf-8`, `iso-8859-1` or `utf-16`. */
  GetString(charset: string): string | null {
    return call<string | null>(this, 'GetString', null, () => bytesToText(this.#store.whole(), charset));
  }

  AppendBd(binData: BinData): boolean {
    return this.#do('AppendBd', () => this.#store.append(binData.GetBinary()));
  }

  /** Adds the text of a StringBuilder. */
  AppendSb(sb: TextSource, charset: string): boolean {
    return this.#do('AppendSb', () => this.#store.append(textToBytes(sb.GetAsString(), charset)));
  }

  Clear(): boolean {
    return this.#do('Clear', () => this.#store.replace(new Uint8Array(0)));
  }

  ContentsEqual(other: BinData): boolean {
    const [mine, theirs] = [this.#store.whole(), other.#store.whole()];
    return mine.length === theirs.length && mine.every((byte, i) => byte === theirs[i]);
  }

  /** A copy of some bytes; fewer where the data ends before. */
  GetBinaryChunk(offset: number, numBytes: number): Uint8Array | null {
    return call<Uint8Array | null>(this, 'GetBinaryChunk', null, () => {
      checkRange(offset, numBytes);
      return this.#store.whole().slice(offset, offset + numBytes);
    });
  }

  /** Takes some bytes out. */
  RemoveChunk(offset: number, numBytes: number): boolean {
    return this.#do('RemoveChunk', () => {
      checkRange(offset, numBytes);
      const whole = this.#store.whole();
      const tail = whole.slice(offset + numBytes);
      this.#store.replace(whole.slice(0, offset));
      this.#store.append(tail);
    });
  }

  LoadFile(path: string): boolean {
    return this.#do('LoadFile', () => this.#store.replace(copyOf(readFileSync(path))));
  }

  WriteFile(path: string): boolean {
    return this.#do('WriteFile', () => writeFileSync(path, this.#store.whole()));
  }

  #do(method: string, work: () => void): boolean {
    return call(this, method, false, () => {
      work();
      return true;
    });
  }
}

function copyOf(bytes: unknown): Uint8Array {
  if (bytes instanceof Uint8Array) return new Uint8Array(bytes);
  throw new TypeError('Bytes are a Uint8Array.');
}

function checkRange(offset: number, count: number): void {
  const isRange = Number.isInteger(offset) && offset >= 0 && Number.isInteger(count) && count >= 0;
  if (!isRange) throw new RangeError('Offset and number of bytes are integers from 0 on.');
}
