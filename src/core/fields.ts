import { decodeText } from './text';

export const TILDE = 0x7e;
const TERMINATOR_KEY = 0x74;
/** `~t=1` at a field boundary ends a message on a WebSocket (P-21). */
export const TERMINATOR = [TILDE, TERMINATOR_KEY, 0x3d, 0x31];
const EQUALS = 0x3d;
const HYPHEN = 0x2d;
const MAX_KEY_LENGTH = 8;
/** Up to this length a plain loop beats the call into the engine's own search. */
const NEAR = 64;

/**
 * Why a message could not be read to its end.
 *
 * - `no-leading-tilde`: the first byte is no tilde (P-27); no fields.
 * - `cut`: a tilde inside a key, or a key without `=` (P-28); the fields in front of it stand.
 * - `bad-key`: a key that is empty, longer than 8 bytes or not alphanumeric (SEC-11).
 * - `lone-tilde`: a body that ends in a single tilde (P-30); it is to be rejected.
 * - `too-many-fields`: more fields before one `d` than the limit (SEC-11).
 * - `too-large`: the message is longer than the limit (P-22); nothing more can be read.
 */
export type FieldFault = 'no-leading-tilde' | 'cut' | 'bad-key' | 'lone-tilde' | 'too-many-fields' | 'too-large';

/**
 * The fields of one message as offsets into the received bytes: nothing is copied or decoded until asked for.
 * Copy what has to live longer than the bytes.
 */
export class Fields {
  bytes: Uint8Array = new Uint8Array(0);
  readonly keys: string[] = [];
  /** Value `i`, still escaped, is `bytes.subarray(starts[i], ends[i])`. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly escaped: boolean[] = [];
  fault: FieldFault | undefined = undefined;
  /** Fields read so far. The lists are written from the front and cut once: emptied, they would lose their memory. */
  #count = 0;
  readonly #maxFields: number;

  constructor(maxFields: number) {
    this.#maxFields = maxFields;
  }

  get length(): number {
    return this.keys.length;
  }

  /** Index of the first field with this key, or -1. */
  indexOf(key: string, from = 0): number {
    return this.keys.indexOf(key, from);
  }

  has(key: string): boolean {
    return this.keys.includes(key);
  }

  /** Value `index` as it stands on the wire, still escaped: what a relay forwards (P-23). */
  raw(index: number): Uint8Array {
    return this.bytes.subarray(this.starts[index], this.ends[index]);
  }

  /** Value `index` without its escapes. A view when there were none. */
  value(index: number): Uint8Array {
    const raw = this.raw(index);
    return this.escaped[index] ? unescapeValue(raw) : raw;
  }

  /** Value `index` as text: UTF-8, or Latin-1 when it is not valid UTF-8 (P-25). */
  text(index: number): string {
    return decodeText(this.value(index));
  }

  /** Text of the first field with this key, or undefined. */
  first(key: string): string | undefined {
    const index = this.keys.indexOf(key);
    return index < 0 ? undefined : this.text(index);
  }

  /** Texts of all fields with this key, in order. */
  all(key: string): string[] {
    return this.keys.flatMap((other, i) => (other === key ? [this.text(i)] : []));
  }

  /** Forgets all fields but keeps the reason. */
  fail(fault: FieldFault): this {
    this.fault = fault;
    return this.#cut(0);
  }

  /** Reads the message `bytes[start..stop]`, its terminator left out. */
  read(bytes: Uint8Array, start: number, stop: number): this {
    this.#scan(bytes, start, stop, false);
    return this.#cut(this.#count);
  }

  /**
   * Reads the message at `start` up to its terminator.
   *
   * @returns Index of the terminator; -1 when a fault or `stop` came first. Then the fields are of no use.
   */
  readTerminated(bytes: Uint8Array, start: number, stop: number): number {
    const at = this.#scan(bytes, start, stop, true);
    if (this.fault || at >= stop) return -1;
    this.#cut(this.#count);
    return at;
  }

  #scan(bytes: Uint8Array, start: number, stop: number, isTerminated: boolean): number {
    this.bytes = bytes;
    this.#count = 0;
    this.fault = start < stop && bytes[start] !== TILDE ? 'no-leading-tilde' : undefined;
    let at = start;
    for (let inGroup = 1; at < stop && !this.fault; inGroup++) {
      if (isTerminated && bytes[at + 1] === TERMINATOR_KEY && matchTerminator(bytes, at, stop) === TERMINATOR.length) break;
      if (inGroup > this.#maxFields) this.fault = 'too-many-fields';
      else at = this.#readKey(at + 1, stop);
      if (this.fault) break;
      at = this.#readValue(at, stop);
      if (this.keys[this.#count - 1] === 'd') inGroup = 0;
    }
    return at;
  }

  #cut(count: number): this {
    if (this.keys.length !== count)
      this.keys.length = this.starts.length = this.ends.length = this.escaped.length = count;
    return this;
  }

  /** Adds the key that begins at `start`; gives the start of its value. */
  #readKey(start: number, stop: number): number {
    const { bytes } = this;
    const one = bytes[start]!;
    const two = bytes[start + 1]!;
    // Most keys have one or two bytes.
    const length = two === EQUALS ? 1 : bytes[start + 2] === EQUALS && isKeyByte(two) ? 2 : 0;
    if (length > 0 && start + length < stop && isKeyByte(one)) {
      this.keys[this.#count] = shortKey(one, length > 1 ? two : 0);
      return start + length + 1;
    }
    for (let at = start; at < stop; at++) {
      const byte = bytes[at]!;
      if (byte === EQUALS && at > start) {
        this.keys[this.#count] = String.fromCharCode(...bytes.subarray(start, at));
        return at + 1;
      }
      if (byte === TILDE) break;
      if (!isKeyByte(byte) || at - start >= MAX_KEY_LENGTH) {
        this.fault = 'bad-key';
        return stop;
      }
    }
    this.fault = start === stop ? 'lone-tilde' : 'cut';
    return stop;
  }

  /** Adds the value that begins at `start`; gives its end, a tilde or `stop`. */
  #readValue(start: number, stop: number): number {
    let escaped = false;
    let at = findTilde(this.bytes, start, stop);
    for (; at + 1 < stop; at = findTilde(this.bytes, at + 2, stop)) {
      const next = this.bytes[at + 1];
      if (next !== TILDE && next !== HYPHEN) break;
      escaped = true;
    }
    this.starts[this.#count] = start;
    this.ends[this.#count] = at;
    this.escaped[this.#count++] = escaped;
    return at;
  }
}

/** How many bytes of a terminator stand at `at`. */
export function matchTerminator(bytes: Uint8Array, at: number, end: number): number {
  let matched = 0;
  while (at + matched < end && bytes[at + matched] === TERMINATOR[matched]) matched++;
  return matched;
}

/** Index of the first tilde in `bytes[from..end]`, or `end`. */
export function findTilde(bytes: Uint8Array, from: number, end: number): number {
  const near = Math.min(from + NEAR, end);
  for (let i = from; i < near; i++) if (bytes[i] === TILDE) return i;
  if (near >= end) return end;
  const found = bytes.indexOf(TILDE, near);
  return found < 0 || found > end ? end : found;
}

function isKeyByte(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a);
}

const SHORT_KEYS: (string | undefined)[] = new Array<undefined>(512).fill(undefined);

/** Keys of one and two bytes repeat in every message, so those seen last are kept. @param two - 0 when there is only one. */
function shortKey(one: number, two: number): string {
  const slot = (one * 31 + two) & 511;
  const kept = SHORT_KEYS[slot];
  if (kept?.charCodeAt(0) === one && (two ? kept.charCodeAt(1) === two : kept.length === 1)) return kept;
  const text = two ? String.fromCharCode(one, two) : String.fromCharCode(one);
  // As the name of a property, so that for the engine it is the very string that stands in the code.
  return (SHORT_KEYS[slot] = Object.keys({ [text]: 0 })[0]!);
}

function unescapeValue(raw: Uint8Array): Uint8Array {
  const value = new Uint8Array(raw.length);
  let length = 0;
  for (let i = 0; i < raw.length; i++) {
    const byte = raw[i]!;
    value[length++] = byte !== TILDE ? byte : raw[++i] === HYPHEN ? 0 : TILDE;
  }
  return value.subarray(0, length);
}

/** The value as it goes on the wire: `~` doubled, byte 0 as `~-` (P-15). The argument itself when nothing changes. */
export function escapeValue(value: Uint8Array): Uint8Array {
  let extra = 0;
  for (const byte of value) if (byte === TILDE || byte === 0) extra++;
  if (extra === 0) return value;
  const raw = new Uint8Array(value.length + extra);
  let length = 0;
  for (const byte of value) {
    const special = byte === TILDE || byte === 0;
    raw[length++] = special ? TILDE : byte;
    if (special) raw[length++] = byte === 0 ? HYPHEN : TILDE;
  }
  return raw;
}
