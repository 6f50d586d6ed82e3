import type { Fields } from '../core/codec';
import { encodeText } from '../core/text';
import type { RelayCounters } from './counters';
import { Entry } from './out-queue';
import { copyBytes, countDigits, writeDigits } from './spans';

const SLAB_SIZE = 262_144;
/** Slabs that are used by turns: what waits longer than it takes to fill the others is moved out. */
const MAX_SLABS = 16;
/** From this size on a group gets memory of its own and goes to the socket as it is. */
export const OWN_CHUNK_SIZE = 4_096;
const FROM = Uint8Array.of(0x7e, 0x66, 0x3d);
const ORIGIN = encodeText('~xo=');
const NUMBER = encodeText('~xn=');
const ORIGIN_SIZE = 11;
const STAMP_HEAD_SIZE = ORIGIN.length + ORIGIN_SIZE + NUMBER.length;
const WANTS_RECEIPT = encodeText('~xa=d');
const VOLATILE = encodeText('~xv=1');
const MAX_ID_DIGITS = 15;
/** `~dt=` and `~d=`, which stand in front of the values that are copied. */
const TYPE_KEY_LENGTH = 4;
const DATA_KEY_LENGTH = 3;

/** Who sends, by the digits that its device id begins with. */
export interface Sender {
  readonly id: string;
  readonly idDigits: number;
}

/** What a sender with the extension has said about a message. */
export interface Stamp {
  /** Who sends, over all its sessions (`xo`). */
  readonly origin: Uint8Array;
  /** Its number for the message (`xn`). */
  readonly number: number;
  readonly wantsReceipt: boolean;
  readonly isVolatile: boolean;
}

/** Memory for many small groups, and those in it that waited at the end of their turn. */
interface Slab {
  readonly bytes: Uint8Array;
  waiting: Entry[];
}

/**
 * Encodes each message once, as `~f={sender}[~dt=..]~d=..`, the values as they came (P-23, P-83). A stamp stands in front of
 * it, so that receivers without the extension get the rest of the very same bytes.
 *
 * Small groups go into slabs. The memory of a turn is used anew by the next one, unless some of its groups still wait, most
 * for an acknowledgement that comes soon. When their slab has its turn again, they are moved out to memory of their own, once
 * for all queues that hold them. So no slow reader ever keeps a slab alive.
 */
export class GroupEncoder {
  readonly #slabs: Slab[] = [];
  #slabIndex = 0;
  #used = 0;
  /** Where the groups of this turn begin, and those that are in the slab. */
  #turnStart = 0;
  #ofTurn: Entry[] = [];
  /** `~xo={origin}~xn=` of the one who has stamped last. */
  readonly #stampHead = new Uint8Array(STAMP_HEAD_SIZE);
  #stampOf: Uint8Array | undefined = undefined;
  /** `~f={sender}` of the one who sent last: most send several at a time. */
  readonly #head = new Uint8Array(FROM.length + MAX_ID_DIGITS);
  #headLength = 0;
  #headOf: Sender | undefined = undefined;

  constructor(private readonly counters: RelayCounters) {}

  /**
   * @param type - Index of the `dt` field, or -1.
   * @param data - Index of the `d` field.
   */
  encode(sender: Sender, fields: Fields, type: number, data: number, stamp?: Stamp): Entry {
    const { bytes, starts, ends } = fields;
    const typeLength = type < 0 ? 0 : ends[type]! - starts[type]!;
    const dataLength = ends[data]! - starts[data]!;
    const typeSize = typeLength > 0 ? TYPE_KEY_LENGTH + typeLength : 0;
    if (this.#headOf !== sender) this.#writeHead(sender);
    const stampSize = stamp === undefined ? 0 : sizeOfStamp(stamp);
    const size = stampSize + this.#headLength + typeSize + DATA_KEY_LENGTH + dataLength;
    const isOwn = !this.#fits(size);
    const target = isOwn ? new Uint8Array(size) : this.#slabs[this.#slabIndex]!.bytes;
    const stampStart = isOwn ? 0 : this.#used;
    const start = stamp === undefined ? stampStart : this.#writeStamp(stamp, target, stampStart);
    let end = copyBytes(this.#head, 0, this.#headLength, target, start);
    if (typeLength > 0) end = copyBytes(bytes, starts[type]! - TYPE_KEY_LENGTH, ends[type]!, target, end);
    end = copyBytes(bytes, starts[data]! - DATA_KEY_LENGTH, ends[data]!, target, end);
    const entry = new Entry('group', target, start, end, dataLength === 0);
    entry.stampStart = stampStart;
    if (stamp !== undefined) entry.isVolatile = stamp.isVolatile;
    if (!isOwn) {
      this.#used = end;
      entry.turn = this.#ofTurn;
      this.#ofTurn.push(entry);
    }
    this.counters.messagesEncoded += 1;
    this.counters.payloadBytesCopied += dataLength;
    return entry;
  }

  /** Ends the turn: frees the memory of groups that do not wait. Nothing else may point into it any more. */
  settle(): void {
    const { waiting } = this.#slabs[this.#slabIndex] ?? NO_SLAB;
    const before = waiting.length;
    for (const entry of this.#ofTurn) {
      if (entry.refs === 0) continue;
      entry.turn = undefined;
      waiting.push(entry);
    }
    if (waiting.length === before) this.#used = this.#turnStart;
    if (this.#used > SLAB_SIZE / 2) this.#takeNextSlab();
    this.#turnStart = this.#used;
    this.#ofTurn = [];
    this.#headOf = this.#stampOf = undefined;
  }

  #takeNextSlab(): void {
    this.#slabIndex = (this.#slabIndex + 1) % MAX_SLABS;
    this.#used = 0;
    const slab = this.#slabs[this.#slabIndex];
    if (slab === undefined) return;
    for (const entry of slab.waiting) if (entry.refs > 0) entry.moveOut();
    slab.waiting = [];
  }

  #writeStamp({ origin, number, wantsReceipt, isVolatile }: Stamp, target: Uint8Array, at: number): number {
    const head = this.#stampHead;
    if (this.#stampOf !== origin) {
      head.set(ORIGIN);
      head.set(origin, ORIGIN.length);
      head.set(NUMBER, ORIGIN.length + origin.length);
      this.#stampOf = origin;
    }
    let end = writeDigits(number, target, copyBytes(head, 0, head.length, target, at));
    if (wantsReceipt) end = copyBytes(WANTS_RECEIPT, 0, WANTS_RECEIPT.length, target, end);
    if (isVolatile) end = copyBytes(VOLATILE, 0, VOLATILE.length, target, end);
    return end;
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
    this.#slabs[this.#slabIndex] ??= { bytes: new Uint8Array(SLAB_SIZE), waiting: [] };
    return this.#used + size <= SLAB_SIZE;
  }
}

const NO_SLAB: Slab = { bytes: new Uint8Array(0), waiting: [] };

function sizeOfStamp({ number, wantsReceipt, isVolatile }: Stamp): number {
  const size = STAMP_HEAD_SIZE + countDigits(number);
  return size + (wantsReceipt ? WANTS_RECEIPT.length : 0) + (isVolatile ? VOLATILE.length : 0);
}
