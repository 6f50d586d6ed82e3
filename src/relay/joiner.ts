import { frameHeaderLength, putHeader } from '../frames/encoder';
import { Opcode } from '../frames/header';
import type { RelayCounters } from './counters';
import { OWN_CHUNK_SIZE } from './group-encoder';
import type { Entry, OutQueue } from './out-queue';
import { copyBytes, type Span } from './spans';

/** First byte of a whole BINARY frame (P-1). */
const BINARY = 0x80 | Opcode.BINARY;

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

/** One part of what is joined. */
export interface Part extends Span {
  end: number;
  /** Whether the memory stays as it is, so that a long part can go out without a copy. */
  readonly isLasting: boolean;
}

interface Kept {
  readonly joined: Joined;
  readonly entries: readonly Entry[];
  /** Whether the queue had no more when it was built. */
  readonly limit: number;
}

export const RECEIVE = partOf(Uint8Array.of(0x7e, 0x72, 0x74, 0x3d, 0x72));
export const TERMINATOR = partOf(Uint8Array.of(0x7e, 0x74, 0x3d, 0x31));
export const DOWNLOAD_HEAD = partOf(Uint8Array.of(0x7e, 0x65, 0x3d, 0x30));
export const IGNORED_FIELD = partOf(Uint8Array.of(0x7e, 0x7a, 0x3d, 0x30));

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

  /** One BINARY frame: answers as they are, each run of groups as one `~rt=r` message (P-35). */
  frame(queue: OutQueue, maxBytes: number): Joined {
    const first = queue.at(0);
    if (queue.length === 1 && first?.kind === 'answer') return this.#answer(first);
    if (this.#frame !== undefined && isSame(this.#frame, queue, maxBytes)) return this.#frame.joined;
    const entries = queue.first(countFront(queue, maxBytes));
    const joined = this.join(entries);
    // Nobody else will ask for what only this queue holds.
    if (first?.refs !== 1) this.#frame = { joined, entries, limit: maxBytes };
    return joined;
  }

  /** The same from any entries. */
  join(entries: readonly Entry[]): Joined {
    return this.build(planFrame(entries), OWN_CHUNK_SIZE, entries.length, countGroups(entries));
  }

  /** A frame with this payload. Parts below a size are copied together, larger ones stay chunks of their own. */
  build(parts: readonly Part[], ownFrom: number, count: number, groups: number): Joined {
    const length = lengthOf(parts, 0, parts.length);
    const headerLength = frameHeaderLength(length, false);
    this.counters.framesBuilt += 1;
    const chunks: Uint8Array[] = [];
    let runStart = 0;
    for (let i = 0; i <= parts.length; i++) {
      const part = parts[i];
      if (part !== undefined && !(part.isLasting && part.end - part.start >= ownFrom)) continue;
      const room = chunks.length === 0 ? headerLength : 0;
      if (room > 0 || i > runStart) chunks.push(this.#copy(parts, runStart, i, room));
      if (part !== undefined) chunks.push(chunkOf(part));
      runStart = i + 1;
    }
    putHeader(chunks[0]!, 0, BINARY, length, undefined);
    return { chunks, count, groups, bytes: headerLength + length };
  }

  /** The body of a download: `~e=0` and groups, an ignorable field behind an empty last `d` (P-29, P-36). */
  body(queue: OutQueue, maxBytes: number): Joined {
    if (this.#body !== undefined && isSame(this.#body, queue, maxBytes)) return this.#body.joined;
    const entries = queue.first(countFront(queue, maxBytes));
    const parts = [DOWNLOAD_HEAD];
    addEntries(parts, entries);
    if (entries.at(-1)?.hasEmptyData) parts.push(IGNORED_FIELD);
    const body = this.copy(parts);
    const joined: Joined = {
      chunks: [body],
      count: entries.length,
      groups: countGroups(entries),
      bytes: body.length,
    };
    this.#body = { joined, entries, limit: maxBytes };
    return joined;
  }

  /** All parts in one piece. */
  copy(parts: readonly Part[]): Uint8Array {
    return this.#copy(parts, 0, parts.length, 0);
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
  #copy(parts: readonly Part[], from: number, to: number, room: number): Uint8Array {
    const copied = this.allocate(room + lengthOf(parts, from, to));
    let at = room;
    for (let i = from; i < to; i++) {
      const { bytes, start, end } = parts[i]!;
      at = copyBytes(bytes, start, end, copied, at);
    }
    return copied;
  }
}

function isSame({ entries, limit }: Kept, queue: OutQueue, maxBytes: number): boolean {
  // Equal fronts end at the same place only if the whole queue was taken, or what follows is cut off alike.
  if (entries[0] !== queue.at(0) || limit !== maxBytes) return false;
  if (entries.length !== countFront(queue, maxBytes)) return false;
  for (let i = 1; i < entries.length; i++) if (entries[i] !== queue.at(i)) return false;
  return true;
}

/** How many entries go out together: as many as fit, but at least one. */
export function countFront(queue: OutQueue, maxBytes: number): number {
  if (queue.bytes <= maxBytes) return queue.length;
  let bytes = 0;
  let count = 0;
  while (count < queue.length) {
    bytes += queue.at(count)!.numberedLength;
    if (bytes > maxBytes && count > 0) break;
    count += 1;
  }
  return count;
}

function planFrame(entries: readonly Entry[]): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (let i = 1; i <= entries.length; i++) {
    const { kind } = entries[from]!;
    if (i < entries.length && entries[i]!.kind === kind) continue;
    if (kind === 'group') parts.push(RECEIVE);
    addEntries(parts, entries, from, i);
    if (kind === 'group') parts.push(TERMINATOR);
    from = i;
  }
  return parts;
}

/** All of some memory that nobody writes to. */
export function partOf(bytes: Uint8Array): Part {
  return { bytes, start: 0, end: bytes.length, isLasting: true };
}

/** Entries that lie side by side, as those of one sender mostly do, become one part. */
function addEntries(parts: Part[], entries: readonly Entry[], from = 0, to = entries.length): void {
  let last: Part | undefined;
  for (let i = from; i < to; i++) {
    const { bytes, start, end } = entries[i]!;
    const isLasting = end - start >= OWN_CHUNK_SIZE;
    if (last?.bytes === bytes && last.end === start) last.end = end;
    else parts.push((last = { bytes, start, end, isLasting }));
  }
}

/** The very same object when the part is all of its memory: receivers share it. */
function chunkOf({ bytes, start, end }: Part): Uint8Array {
  return end - start === bytes.length ? bytes : bytes.subarray(start, end);
}

function lengthOf(parts: readonly Part[], from: number, to: number): number {
  let length = 0;
  for (let i = from; i < to; i++) length += parts[i]!.end - parts[i]!.start;
  return length;
}

function countGroups(entries: readonly Entry[]): number {
  let groups = 0;
  for (const entry of entries) if (entry.kind === 'group') groups += 1;
  return groups;
}

/** As {@link addEntries}, for receivers with the extension. */
export function addNumbered(parts: Part[], entries: readonly Entry[], from = 0, to = entries.length): void {
  let last: Part | undefined;
  for (let i = from; i < to; i++) {
    const { bytes, stampStart: start, end, count } = entries[i]!;
    // The memory of a run is used anew when it is acknowledged, which may be before the socket has written it.
    const isLasting = count === 1 && end - start >= OWN_CHUNK_SIZE;
    if (last?.bytes === bytes && last.end === start) last.end = end;
    else parts.push((last = { bytes, start, end, isLasting }));
  }
}
