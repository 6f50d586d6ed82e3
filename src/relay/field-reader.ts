import type { Fields } from '../core/codec';
import type { RelayCounters } from './counters';

const MEMO_SLOTS = 4_096;
const MEMO_MAX_LENGTH = 64;

interface Memo {
  readonly raw: Uint8Array;
  readonly text: string;
}

/**
 * The one place of the relay where a field becomes text. Network names repeat in message after message, so the text of
 * a short value is kept in a slot of its hash; payloads never come here, and it is counted if one does.
 */
export class FieldReader {
  readonly #memos: (Memo | undefined)[] = new Array<Memo | undefined>(MEMO_SLOTS).fill(undefined);

  constructor(private readonly counters: RelayCounters) {}

  text(fields: Fields, index: number): string {
    if (fields.keys[index] === 'd') this.counters.payloadDecodes += 1;
    const start = fields.starts[index]!;
    const end = fields.ends[index]!;
    if (end - start > MEMO_MAX_LENGTH) return fields.text(index);
    const slot = hash(fields.bytes, start, end) & (MEMO_SLOTS - 1);
    const memo = this.#memos[slot];
    if (memo !== undefined && isSame(memo.raw, fields.bytes, start, end)) return memo.text;
    const text = fields.text(index);
    this.#memos[slot] = { raw: fields.bytes.slice(start, end), text };
    return text;
  }

  /** Text of the first field with this key, not kept. */
  first(fields: Fields, key: string): string | undefined {
    return fields.first(key);
  }

  /** Texts of all fields with this key, in order. */
  all(fields: Fields, key: string): string[] {
    const texts: string[] = [];
    for (let i = 0; i < fields.length; i++) if (fields.keys[i] === key) texts.push(this.text(fields, i));
    return texts;
  }
}

function hash(bytes: Uint8Array, start: number, end: number): number {
  let value = end - start;
  for (let i = start; i < end; i++) value = (Math.imul(value, 31) + bytes[i]!) | 0;
  return value ^ (value >>> 15);
}

function isSame(raw: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (raw.length !== end - start) return false;
  for (let i = 0; i < raw.length; i++) if (raw[i] !== bytes[start + i]) return false;
  return true;
}
