import type { Fields } from '../core/codec';
import type { RelayCounters } from './counters';
import { Entry } from './out-queue';
import { copyBytes } from './spans';

const SLAB_SIZE = 262_144;
/** From this size on a group gets memory of its own and goes to the socket as it is. */
export const OWN_CHUNK_SIZE = 4_096;
const FROM = Uint8Array.of(0x7e, 0x66, 0x3d);
const MAX_ID_DIGITS = 15;
/** `~dt=` and `~d=`, which stand in front of the values that are copied. */
const TYPE_KEY_LENGTH = 4;
const DATA_KEY_LENGTH = 3;

/** Who sends, by the digits that its device id begins with. */
export interface Sender {
  readonly id: string;
  readonly idDigits: number;
}

/**
 * Encodes each message once, as `~f={sender}[~dt=..]~d=..`, the values as they came (P-23, P-83).
 *
 * Small groups go into one slab that is used anew every turn: whatever still waits then is moved out to memory of its
 * own, once for all queues that hold it. So no slow reader ever keeps a slab alive.
 */
export class GroupEncoder {
  #slab = new Uint8Array(0);
  #used = 0;
  #inSlab: Entry[] = [];
  /** `~f={sender}` of the one who sent last: most send several at a time. */
  readonly #head = new Uint8Array(FROM.length + MAX_ID_DIGITS);
  #headLength = 0;
  #headOf: Sender | undefined = undefined;

  constructor(private readonly counters: RelayCounters) {}

  /**
   * @param type - Index of the `dt` field, or -1.
   * @param data - Index of the `d` field.
   */
  encode(sender: Sender, fields: Fields, type: number, data: number): Entry {
    const { bytes, starts, ends } = fields;
    const typeLength = type < 0 ? 0 : ends[type]! - starts[type]!;
    const dataLength = ends[data]! - starts[data]!;
    const typeSize = typeLength > 0 ? TYPE_KEY_LENGTH + typeLength : 0;
    if (this.#headOf !== sender) this.#writeHead(sender);
    const size = this.#headLength + typeSize + DATA_KEY_LENGTH + dataLength;
    const isOwn = !this.#fits(size);
    const target = isOwn ? new Uint8Array(size) : this.#slab;
    const start = isOwn ? 0 : this.#used;
    let end = copyBytes(this.#head, 0, this.#headLength, target, start);
    if (typeLength > 0) end = copyBytes(bytes, starts[type]! - TYPE_KEY_LENGTH, ends[type]!, target, end);
    end = copyBytes(bytes, starts[data]! - DATA_KEY_LENGTH, ends[data]!, target, end);
    const entry = new Entry('group', target, start, end, dataLength === 0);
    if (!isOwn) {
      this.#used = end;
      this.#inSlab.push(entry);
    }
    this.counters.messagesEncoded += 1;
    this.counters.payloadBytesCopied += dataLength;
    return entry;
  }

  /** Ends the turn: moves out what still waits and frees the slab. Nothing may point into it any more. */
  settle(): void {
    for (const entry of this.#inSlab) if (entry.refs > 0) entry.moveOut();
    this.#inSlab = [];
    this.#used = 0;
    this.#headOf = undefined;
  }

  #writeHead(sender: Sender): void {
    const { id, idDigits } = sender;
    let end = copyBytes(FROM, 0, FROM.length, this.#head, 0);
    for (let i = 0; i < idDigits; i++) this.#head[end++] = id.charCodeAt(i);
    this.#headLength = end;
    this.#headOf = sender;
  }

  #fits(size: number): boolean {
    if (size >= OWN_CHUNK_SIZE) return false;
    if (this.#slab.length === 0) this.#slab = new Uint8Array(SLAB_SIZE);
    return this.#used + size <= this.#slab.length;
  }
}
