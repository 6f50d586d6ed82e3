import { decodeText } from './text';

const TILDE = 0x7e;
const EQUALS = 0x3d;
const ESCAPED_NUL = 0x2d;
const TERMINATOR = Uint8Array.of(TILDE, 0x74, EQUALS, 0x31);
const NO_BYTES: Uint8Array = new Uint8Array(0);
const MAX_KEY_LENGTH = 8;
/** Up to this length a plain loop beats the call into the engine's own search. */
const SHORT_VALUE = 64;

/**
 * Why a message could not be read to its end.
 *
 * - `no-leading-tilde`: the first byte is no tilde (P-27); no fields.
 * - `cut`: a tilde inside a key, or a key without `=` (P-28); the fields in front of it stand.
 * - `bad-key`: a key that is empty, longer than 8 bytes or not alphanumeric (SEC-11).
 * - `lone-tilde`: a body that ends in a single tilde (P-30).
 * - `too-many-fields`: more fields before one `d` than the limit (SEC-11).
 * - `too-large`: the message is longer than the limit (P-22); nothing more can be read.
 */
export type FieldFault = 'no-leading-tilde' | 'cut' | 'bad-key' | 'lone-tilde' | 'too-many-fields' | 'too-large';

/**
 * The fields of one message as offsets into the received bytes: nothing is copied or decoded until asked for.
 * Valid until the next `push` of the splitter that gave it; copy what has to live longer.
 */
export class Fields {
  bytes: Uint8Array = NO_BYTES;
  readonly keys: string[] = [];
  /** Value `i`, still escaped, is `bytes.subarray(starts[i], ends[i])`. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly escaped: boolean[] = [];
  fault: FieldFault | undefined = undefined;

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
    const texts: string[] = [];
    for (let i = 0; i < this.keys.length; i++) if (this.keys[i] === key) texts.push(this.text(i));
    return texts;
  }

  clear(): void {
    this.keys.length = this.starts.length = this.ends.length = this.escaped.length = 0;
    this.fault = undefined;
  }

  /** Shifts the offsets, for a splitter that moves an unfinished message to the front of its buffer. */
  shift(by: number): void {
    for (let i = 0; i < this.starts.length; i++) {
      this.starts[i]! -= by;
      this.ends[i]! -= by;
    }
  }
}



export interface SplitterOptions {
  /** Largest message, in bytes as received. */
  maxSize: number;
  /** Most fields up to and including one `d`. Default 4,096 (SEC-11). */
  maxFields?: number;
}

type ScanState = 'start' | 'key' | 'value' | 'skip';

/**
 * Cuts a WebSocket byte stream into messages at the terminator `~t=1`, at any chunk boundary, in one pass: a byte is
 * looked at once however the stream is chopped. Escape-aware and byte-transparent (P-20, P-21, P-22).
 */
export class MessageSplitter {
  private readonly maxSize: number;
  private readonly maxFields: number;
  private readonly fields = new Fields();
  private buffer: Uint8Array = NO_BYTES;
  private owned = false;
  private messageStart = 0;
  private position = 0;
  private end = 0;
  private state: ScanState = 'start';
  private fieldStart = 0;
  private key = '';
  private valueEscaped = false;
  private fieldsInGroup = 0;
  private returned = false;
  private tooLarge = false;

  constructor(options: SplitterOptions) {
    this.maxSize = options.maxSize;
    this.maxFields = options.maxFields ?? 4096;
  }

  /** Bytes held of a message whose end has not arrived. */
  get pendingBytes(): number {
    return this.end - this.messageStart;
  }

  /** Adds received bytes. They are only read until the `next` that returns undefined; a rest is copied there. */
  push(chunk: Uint8Array): void {
    if (this.tooLarge) return;
    if (this.messageStart === this.end) {
      this.buffer = chunk;
      this.owned = false;
      this.messageStart = this.position = 0;
      this.end = chunk.length;
      return;
    }
    this.reserve(chunk.length);
    this.buffer.set(chunk, this.end);
    this.end += chunk.length;
  }

  /**
   * The next whole message, or undefined when more bytes are needed. A message with `fault` `too-large` is the last
   * one: the owner closes the transport.
   */
  next(): Fields | undefined {
    if (this.returned) this.beginMessage();
    if (this.tooLarge) return undefined;
    if (this.scan(true)) return this.finishMessage();
    if (this.pendingBytes > this.maxSize) return this.giveUp();
    this.keepRest();
    return undefined;
  }

  /** Reads what was pushed as one body without terminator (HTTP, P-21). */
  body(): Fields {
    if (this.end > this.maxSize) return this.giveUp();
    this.scan(false);
    if (this.state === 'start') this.fields.fault = 'no-leading-tilde';
    else if (this.state === 'key') this.fields.fault = this.fieldStart === this.end ? 'lone-tilde' : 'cut';
    else if (this.state === 'value') this.endBody();
    this.fields.bytes = this.buffer;
    return this.fields;
  }

  private endBody(): void {
    if (this.position < this.end) this.fields.fault = 'lone-tilde';
    else this.addField(this.end);
  }

  private giveUp(): Fields {
    this.tooLarge = true;
    this.fields.clear();
    this.fields.fault = 'too-large';
    this.buffer = NO_BYTES;
    this.messageStart = this.position = this.end = 0;
    return this.fields;
  }

  private beginMessage(): void {
    this.returned = false;
    this.fields.clear();
    this.messageStart = this.position;
    this.state = 'start';
    this.fieldsInGroup = 0;
  }

  private finishMessage(): Fields {
    if (this.position - this.messageStart > this.maxSize) return this.giveUp();
    this.fields.bytes = this.buffer;
    this.returned = true;
    return this.fields;
  }

  /** True when the terminator was reached. */
  private scan(terminated: boolean): boolean {
    for (;;) {
      switch (this.state) {
        case 'start':
          if (this.position === this.end) return false;
          this.startMessage();
          break;
        case 'key':
          if (terminated && this.atTerminator(this.fieldStart - 1)) return this.skipTerminator(this.fieldStart - 1);
          if (!this.scanKey(terminated)) return false;
          break;
        case 'value':
          if (!this.scanValue()) return false;
          break;
        case 'skip':
          if (!terminated || !this.scanSkipped()) return false;
          return true;
      }
    }
  }

  private startMessage(): void {
    if (this.buffer[this.position] === TILDE) this.beginKey(this.position + 1);
    else this.fail('no-leading-tilde');
  }

  private beginKey(at: number): void {
    this.state = 'key';
    this.fieldStart = this.position = at;
  }

  private fail(fault: FieldFault): void {
    this.fields.fault = fault;
    this.state = 'skip';
  }

  /** False when more bytes are needed. */
  private scanKey(terminated: boolean): boolean {
    const { buffer, end, fieldStart } = this;
    let at = this.position;
    for (; at < end; at++) {
      const byte = buffer[at]!;
      if (byte === EQUALS) return this.endKey(at, terminated);
      if (byte === TILDE) {
        this.position = at;
        this.fail('cut');
        return true;
      }
      if (!isKeyByte(byte) || at - fieldStart >= MAX_KEY_LENGTH) {
        this.position = at;
        this.fail('bad-key');
        return true;
      }
    }
    this.position = at;
    return false;
  }

  private endKey(at: number, terminated: boolean): boolean {
    if (at === this.fieldStart) {
      this.position = at;
      this.fail('bad-key');
      return true;
    }
    this.key = keyText(this.buffer, this.fieldStart, at);
    // `t=` needs one byte more to tell the terminator from a field; wait on the key so that it is looked at again.
    if (terminated && this.key === 't' && at + 1 === this.end) {
      this.position = at;
      return false;
    }
    this.state = 'value';
    this.valueEscaped = false;
    this.fieldStart = this.position = at + 1;
    return true;
  }

  /** False when more bytes are needed; then `position` is on a tilde whose meaning is open, or at the end. */
  private scanValue(): boolean {
    for (;;) {
      const at = this.findTilde(this.position);
      if (at + 1 >= this.end) {
        this.position = at;
        return false;
      }
      const next = this.buffer[at + 1];
      if (next !== TILDE && next !== ESCAPED_NUL) {
        this.addField(at);
        if (this.state === 'value') this.beginKey(at + 1);
        return true;
      }
      this.valueEscaped = true;
      this.position = at + 2;
    }
  }

  private addField(end: number): void {
    const { fields } = this;
    if (++this.fieldsInGroup > this.maxFields) {
      this.position = end;
      return this.fail('too-many-fields');
    }
    fields.keys.push(this.key);
    fields.starts.push(this.fieldStart);
    fields.ends.push(end);
    fields.escaped.push(this.valueEscaped);
    if (this.key === 'd') this.fieldsInGroup = 0;
  }

  /** After a fault: to the terminator, which still counts only at a field boundary. */
  private scanSkipped(): boolean {
    for (;;) {
      const at = this.findTilde(this.position);
      this.position = at;
      if (this.atTerminator(at)) return this.skipTerminator(at);
      if (at + TERMINATOR.length > this.end) {
        // Too few bytes to tell: an escape pair or anything else but a prefix of the terminator may be passed.
        if (this.isTerminatorPrefix(at)) return false;
      }
      const next = this.buffer[at + 1];
      this.position = at + (next === TILDE || next === ESCAPED_NUL ? 2 : 1);
    }
  }

  private atTerminator(at: number): boolean {
    if (at + TERMINATOR.length > this.end) return false;
    const { buffer } = this;
    return buffer[at] === TILDE && buffer[at + 1] === 0x74 && buffer[at + 2] === EQUALS && buffer[at + 3] === 0x31;
  }

  private isTerminatorPrefix(at: number): boolean {
    for (let i = at; i < this.end; i++) if (this.buffer[i] !== TERMINATOR[i - at]) return false;
    return true;
  }

  private skipTerminator(at: number): boolean {
    this.position = at + TERMINATOR.length;
    return true;
  }

  private findTilde(from: number): number {
    const { buffer, end } = this;
    const near = Math.min(from + SHORT_VALUE, end);
    for (let i = from; i < near; i++) if (buffer[i] === TILDE) return i;
    if (near === end) return end;
    const found = buffer.indexOf(TILDE, near);
    return found < 0 || found > end ? end : found;
  }

  /** Moves an unfinished message into the splitter's own memory: the chunk it came in belongs to somebody else. */
  private keepRest(): void {
    const pending = this.pendingBytes;
    if (pending === 0) {
      this.buffer = NO_BYTES;
      this.messageStart = this.position = this.end = 0;
      return;
    }
    if (this.owned && this.messageStart === 0) return;
    this.moveTo(new Uint8Array(Math.max(64, pending)));
  }

  private reserve(more: number): void {
    if (this.owned && this.end + more <= this.buffer.length) return;
    this.moveTo(new Uint8Array(Math.max(this.pendingBytes + more, this.pendingBytes * 2)));
  }

  private moveTo(target: Uint8Array): void {
    const start = this.messageStart;
    target.set(this.buffer.subarray(start, this.end));
    this.fields.shift(start);
    this.buffer = target;
    this.owned = true;
    this.end -= start;
    this.position -= start;
    this.fieldStart -= start;
    this.messageStart = 0;
  }
}

/** Reads one HTTP body. The result points into `bytes`. */
export function parseBody(bytes: Uint8Array, options: SplitterOptions): Fields {
  const splitter = new MessageSplitter(options);
  splitter.push(bytes);
  return splitter.body();
}

function isKeyByte(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a);
}

const ONE_BYTE_KEYS = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
const TWO_BYTE_KEYS = new Map<number, string>();

/** Keys repeat in every message; those of one and two bytes are kept so that reading one makes no string. */
function keyText(bytes: Uint8Array, start: number, end: number): string {
  const first = bytes[start]!;
  if (end - start === 1) return ONE_BYTE_KEYS[first]!;
  if (end - start > 2) return String.fromCharCode(...bytes.subarray(start, end));
  const pair = (first << 8) | bytes[start + 1]!;
  let text = TWO_BYTE_KEYS.get(pair);
  if (text === undefined) TWO_BYTE_KEYS.set(pair, (text = String.fromCharCode(first, pair & 0xff)));
  return text;
}

function unescapeValue(raw: Uint8Array): Uint8Array {
  const value = new Uint8Array(raw.length);
  let length = 0;
  for (let i = 0; i < raw.length; i++) {
    const byte = raw[i]!;
    if (byte === TILDE) value[length++] = raw[++i] === ESCAPED_NUL ? 0 : TILDE;
    else value[length++] = byte;
  }
  return value.subarray(0, length);
}

/** The value as it goes on the wire: `~` doubled, byte 0 as `~-` (P-15). The argument itself when nothing changes. */
export function escapeValue(value: Uint8Array): Uint8Array {
  let extra = 0;
  for (let i = 0; i < value.length; i++) if (value[i] === TILDE || value[i] === 0) extra++;
  if (extra === 0) return value;
  const raw = new Uint8Array(value.length + extra);
  let length = 0;
  for (const byte of value) {
    if (byte === TILDE || byte === 0) {
      raw[length++] = TILDE;
      raw[length++] = byte === 0 ? ESCAPED_NUL : TILDE;
    } else raw[length++] = byte;
  }
  return raw;
}
