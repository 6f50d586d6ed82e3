import { readFileSync, writeFileSync } from 'node:fs';
import type { BinData } from './bin-data';
import { bytesToText, textToBytes } from './encodings';
import { call, Logged } from './logged';

/** A growing text. Methods that can fail give false, and `LastErrorText` says why. @public */
export class StringBuilder extends Logged {
  #text = '';

  /** Length in UTF-16 units, as of any string here. */
  get Length(): number {
    return this.#text.length;
  }

  Append(value: string): boolean {
    return this.#set('Append', () => this.#text + textOf(value));
  }

  /** @param crlf - Whether the line ends in CR LF instead of LF. */
  AppendLine(value: string, crlf: boolean): boolean {
    return this.#set('AppendLine', () => `${this.#text}${textOf(value)}${crlf ? '\r\n' : '\n'}`);
  }

  GetAsString(): string {
    return this.#text;
  }

  SetString(value: string): boolean {
    return this.#set('SetString', () => textOf(value));
  }

  Clear(): void {
    this.#text = '';
  }

  AppendSb(sb: StringBuilder): boolean {
    return this.#set('AppendSb', () => this.#text + sb.GetAsString());
  }

  /** Adds some bytes of a BinData as text. @param numBytes - 0 for all from the offset on. */
  AppendBd(binData: BinData, charset: string, offset: number, numBytes: number): boolean {
    return this.#set('AppendBd', () => {
      const bytes = binData.GetBinaryChunk(offset, numBytes === 0 ? binData.NumBytes : numBytes);
      if (bytes === null) throw new RangeError('Offset and number of bytes are integers from 0 on.');
      return this.#text + bytesToText(bytes, charset);
    });
  }

  Contains(text: string, caseSensitive: boolean): boolean {
    if (caseSensitive) return this.#text.includes(text);
    return this.#text.toLowerCase().includes(text.toLowerCase());
  }

  ContentsEqual(text: string, caseSensitive: boolean): boolean {
    if (caseSensitive) return this.#text === text;
    return this.#text.toLowerCase() === text.toLowerCase();
  }

  /** Replaces every occurrence. @returns How many there were. */
  Replace(value: string, replacement: string): number {
    if (value === '') return 0;
    const parts = this.#text.split(value);
    this.#text = parts.join(replacement);
    return parts.length - 1;
  }

  /** Takes blanks and line ends off both ends. */
  Trim(): boolean {
    return this.#set('Trim', () => this.#text.trim());
  }

  /** @param charset - `utf-8`, `iso-8859-1` or `utf-16`. */
  LoadFile(path: string, charset: string): boolean {
    return this.#set('LoadFile', () => bytesToText(readFileSync(path), charset));
  }

  /** @param emitBom - Whether a byte order mark goes in front. */
  WriteFile(path: string, charset: string, emitBom: boolean): boolean {
    return call(this, 'WriteFile', false, () => {
      writeFileSync(path, textToBytes(`${emitBom ? '\ufeff' : ''}${this.#text}`, charset));
      return true;
    });
  }

  #set(method: string, make: () => string): boolean {
    return call(this, method, false, () => {
      this.#text = make();
      return true;
    });
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('A text is a string.');
}
