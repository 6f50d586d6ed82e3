import { joinBytes } from '../core/bytes';
import { frameHeaderLength, writeFrameHeader } from '../frames/encoder';
import { Opcode } from '../frames/header';
import type { RelayCounters } from './counters';
import { OWN_CHUNK_SIZE } from './group-encoder';
import type { Entry, OutQueue } from './out-queue';

export const RECEIVE = Uint8Array.of(0x7e, 0x72, 0x74, 0x3d, 0x72);
export const TERMINATOR = Uint8Array.of(0x7e, 0x74, 0x3d, 0x31);
export const DOWNLOAD_HEAD = Uint8Array.of(0x7e, 0x65, 0x3d, 0x30);
export const IGNORED_FIELD = Uint8Array.of(0x7e, 0x7a, 0x3d, 0x30);

/** A new piece of memory, its contents undefined. */
export type Allocate = (length: number) => Uint8Array;

/** Entries of one queue, from its front on, as bytes for the wire. */
export interface Joined {
  readonly chunks: readonly Uint8Array[];
  /** How many entries they hold. */
  readonly count: number;
  readonly groups: number;
  readonly bytes: number;
}

interface Kept extends Joined {
  readonly entries: readonly Entry[];
  /** Whether the queue had no more when it was built. */
  readonly limit: number;
}

/**
 * Turns the front of out-queues into frames and download bodies. Queues that wait with the very same entries, as those
 * of all listeners of one busy network do, share one result.
 */
export class Joiner {
  #frame: Kept | undefined = undefined;
  #body: Kept | undefined = undefined;
  /** Frames of one answer each. There are only few answers. */
  readonly #answers = new Map<Entry, Joined>();

  constructor(
    private readonly counters: RelayCounters,
    private readonly allocate: Allocate,
  ) {}

  /** One BINARY frame (P-1): answers as they are, each run of groups as one `~rt=r` message (P-35). */
  frame(queue: OutQueue, maxBytes: number): Joined {
    const first = queue.at(0);
    if (queue.length === 1 && first?.kind === 'answer') return this.#answer(first);
    if (this.#frame !== undefined && isSame(this.#frame, queue, maxBytes)) return this.#frame;
    const entries = queue.first(countFront(queue, maxBytes));
    const kept: Kept = { ...this.join(entries), entries, limit: maxBytes };
    return (this.#frame = kept);
  }

  /** The same from any entries. */
  join(entries: readonly Entry[]): Joined {
    return { ...count(entries), ...this.build(planFrame(entries), OWN_CHUNK_SIZE) };
  }

  /** A frame with this payload. Parts below a size are copied together, larger ones stay chunks of their own. */
  build(parts: readonly Uint8Array[], ownFrom: number): Pick<Joined, 'chunks' | 'bytes'> {
    let length = 0;
    for (const part of parts) length += part.length;
    const headerLength = frameHeaderLength(length, false);
    this.counters.framesBuilt += 1;
    const chunks: Uint8Array[] = [];
    let runStart = 0;
    for (let i = 0; i <= parts.length; i++) {
      if (i < parts.length && parts[i]!.length < ownFrom) continue;
      const room = chunks.length === 0 ? headerLength : 0;
      if (room > 0 || i > runStart) chunks.push(this.#copy(parts, runStart, i, room));
      if (i < parts.length) chunks.push(parts[i]!);
      runStart = i + 1;
    }
    writeFrameHeader(chunks[0]!, 0, { opcode: Opcode.BINARY, payloadLength: length });
    return { chunks, bytes: headerLength + length };
  }

  /** The body of a download: `~e=0` and groups, an ignorable field behind an empty last `d` (P-29, P-36). */
  body(queue: OutQueue, maxBytes: number): Joined {
    if (this.#body !== undefined && isSame(this.#body, queue, maxBytes)) return this.#body;
    const entries = queue.first(countFront(queue, maxBytes));
    const parts = [DOWNLOAD_HEAD, ...entries.map((entry) => entry.bytes)];
    if (entries.at(-1)?.hasEmptyData) parts.push(IGNORED_FIELD);
    const body = joinBytes(parts);
    const kept: Kept = {
      ...count(entries),
      chunks: [body],
      bytes: body.length,
      entries,
      limit: maxBytes,
    };
    return (this.#body = kept);
  }

  /** Ends the turn: nothing is kept alive for a queue that may never come. */
  forget(): void {
    this.#frame = this.#body = undefined;
  }

  #answer(entry: Entry): Joined {
    let joined = this.#answers.get(entry);
    if (joined === undefined) this.#answers.set(entry, (joined = this.join([entry])));
    return joined;
  }

  /** @param room - Bytes that are left free in front. */
  #copy(parts: readonly Uint8Array[], start: number, end: number, room: number): Uint8Array {
    let length = room;
    for (let i = start; i < end; i++) length += parts[i]!.length;
    const copied = this.allocate(length);
    for (let i = start, at = room; i < end; at += parts[i++]!.length) copied.set(parts[i]!, at);
    return copied;
  }
}

function isSame(kept: Kept, queue: OutQueue, maxBytes: number): boolean {
  const { entries, limit } = kept;
  // Equal fronts end at the same place only if the whole queue was taken, or what follows is cut off alike.
  if (limit !== maxBytes || entries.length !== countFront(queue, maxBytes)) return false;
  for (let i = 0; i < entries.length; i++) if (entries[i] !== queue.at(i)) return false;
  return true;
}

/** How many entries go out together: as many as fit, but at least one. */
export function countFront(queue: OutQueue, maxBytes: number): number {
  if (queue.bytes <= maxBytes) return queue.length;
  let bytes = 0;
  let count = 0;
  while (count < queue.length) {
    bytes += queue.at(count)!.numbered.length;
    if (bytes > maxBytes && count > 0) break;
    count += 1;
  }
  return count;
}

function planFrame(entries: readonly Entry[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let inGroups = false;
  for (const entry of entries) {
    const isGroup = entry.kind === 'group';
    if (isGroup !== inGroups) parts.push(isGroup ? RECEIVE : TERMINATOR);
    inGroups = isGroup;
    parts.push(entry.bytes);
  }
  if (inGroups) parts.push(TERMINATOR);
  return parts;
}

function count(entries: readonly Entry[]): Pick<Joined, 'count' | 'groups'> {
  let groups = 0;
  for (const entry of entries) if (entry.kind === 'group') groups += 1;
  return { count: entries.length, groups };
}
