import type { Fields } from '../core/codec';
import type { RelayCounters } from './counters';
import { Entry } from './out-queue';

const SLAB_SIZE = 262_144;
/** From this size on a group gets memory of its own and goes to the socket as it is. */
export const OWN_CHUNK_SIZE = 4_096;
const ZERO = 0x30;
const FROM = Uint8Array.of(0x7e, 0x66, 0x3d);
const TYPE = Uint8Array.of(0x7e, 0x64, 0x74, 0x3d);
const DATA = Uint8Array.of(0x7e, 0x64, 0x3d);
const MAX_ID_DIGITS = 15;

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

  constructor(private readonly counters: RelayCounters) {}

  /**
   * @param type - Index of the `dt` field, or -1.
   * @param data - Index of the `d` field.
   */
  encode(sessionId: number, fields: Fields, type: number, data: number): Entry {
    const typeLength = type < 0 ? 0 : fields.ends[type]! - fields.starts[type]!;
    const dataLength = fields.ends[data]! - fields.starts[data]!;
    const head = typeLength > 0 ? TYPE.length + typeLength : 0;
    const size = FROM.length + MAX_ID_DIGITS + head + DATA.length + dataLength;
    const isOwn = !this.#fits(size);
    const target = isOwn ? new Uint8Array(size) : this.#slab;
    const start = isOwn ? 0 : this.#used;
    let end = writeSessionId(target, put(target, start, FROM), sessionId);
    if (typeLength > 0) end = put(target, put(target, end, TYPE), fields.raw(type));
    end = put(target, put(target, end, DATA), fields.raw(data));
    const entry = new Entry('group', target.subarray(start, end), dataLength === 0);
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
    for (const entry of this.#inSlab) if (entry.refs > 0) entry.bytes = entry.bytes.slice();
    this.#inSlab = [];
    this.#used = 0;
  }

  #fits(size: number): boolean {
    if (size >= OWN_CHUNK_SIZE) return false;
    if (this.#slab.length === 0) this.#slab = new Uint8Array(SLAB_SIZE);
    return this.#used + size <= this.#slab.length;
  }
}

function put(target: Uint8Array, at: number, bytes: Uint8Array): number {
  target.set(bytes, at);
  return at + bytes.length;
}

function writeSessionId(target: Uint8Array, at: number, sessionId: number): number {
  let digits = 1;
  for (let limit = 10; sessionId >= limit; limit *= 10) digits += 1;
  let rest = sessionId;
  for (let i = at + digits - 1; i >= at; i--) {
    target[i] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  return at + digits;
}
