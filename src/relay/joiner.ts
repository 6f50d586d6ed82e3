import { joinBytes } from '../core/bytes';
import { frameHeaderLength, writeFrameHeader } from '../frames/encoder';
import { Opcode } from '../frames/header';
import type { RelayCounters } from './counters';
import { OWN_CHUNK_SIZE } from './group-encoder';
import type { Entry, OutQueue } from './out-queue';

const RECEIVE = Uint8Array.of(0x7e, 0x72, 0x74, 0x3d, 0x72);
const TERMINATOR = Uint8Array.of(0x7e, 0x74, 0x3d, 0x31);
const DOWNLOAD_HEAD = Uint8Array.of(0x7e, 0x65, 0x3d, 0x30);
const IGNORED_FIELD = Uint8Array.of(0x7e, 0x7a, 0x3d, 0x30);

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

  constructor(private readonly counters: RelayCounters) {}

  /** One BINARY frame (P-1): answers as they are, each run of groups as one `~rt=r` message (P-35). */
  frame(queue: OutQueue, maxBytes: number): Joined {
    if (this.#frame !== undefined && isSame(this.#frame, queue, maxBytes)) return this.#frame;
    const entries = takeFront(queue, maxBytes);
    const plan = planFrame(entries);
    const header = new Uint8Array(frameHeaderLength(plan.bytes, false));
    writeFrameHeader(header, 0, { opcode: Opcode.BINARY, payloadLength: plan.bytes });
    this.counters.framesBuilt += 1;
    return (this.#frame = finish([header, ...plan.parts], entries, maxBytes));
  }

  /** The body of a download: `~e=0` and groups, an ignorable field behind an empty last `d` (P-29, P-36). */
  body(queue: OutQueue, maxBytes: number): Joined {
    if (this.#body !== undefined && isSame(this.#body, queue, maxBytes)) return this.#body;
    const entries = takeFront(queue, maxBytes);
    const parts = [DOWNLOAD_HEAD, ...entries.map((entry) => entry.bytes)];
    if (entries.at(-1)?.hasEmptyData) parts.push(IGNORED_FIELD);
    const body = joinBytes(parts);
    return (this.#body = { ...describe(entries, maxBytes), chunks: [body], bytes: body.length });
  }

  /** Ends the turn: nothing is kept alive for a queue that may never come. */
  forget(): void {
    this.#frame = this.#body = undefined;
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
function countFront(queue: OutQueue, maxBytes: number): number {
  if (queue.bytes <= maxBytes) return queue.length;
  let bytes = 0;
  let count = 0;
  while (count < queue.length) {
    bytes += queue.at(count)!.bytes.length;
    if (bytes > maxBytes && count > 0) break;
    count += 1;
  }
  return count;
}

function takeFront(queue: OutQueue, maxBytes: number): Entry[] {
  const entries: Entry[] = [];
  const count = countFront(queue, maxBytes);
  for (let i = 0; i < count; i++) entries.push(queue.at(i)!);
  return entries;
}

function planFrame(entries: readonly Entry[]): { parts: Uint8Array[]; bytes: number } {
  const parts: Uint8Array[] = [];
  let inGroups = false;
  for (const entry of entries) {
    const isGroup = entry.kind === 'group';
    if (isGroup !== inGroups) parts.push(isGroup ? RECEIVE : TERMINATOR);
    inGroups = isGroup;
    parts.push(entry.bytes);
  }
  if (inGroups) parts.push(TERMINATOR);
  let bytes = 0;
  for (const part of parts) bytes += part.length;
  return { parts, bytes };
}

/** Joins neighbours that are small; a large part stays a chunk of its own, uncopied. */
function finish(parts: Uint8Array[], entries: readonly Entry[], limit: number): Kept {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let runStart = 0;
  for (let i = 0; i <= parts.length; i++) {
    const part = parts[i];
    if (part !== undefined) bytes += part.length;
    if (part !== undefined && part.length < OWN_CHUNK_SIZE) continue;
    if (i > runStart) chunks.push(joinBytes(parts, runStart, i));
    if (part !== undefined) chunks.push(part);
    runStart = i + 1;
  }
  return { ...describe(entries, limit), chunks, bytes };
}

function describe(entries: readonly Entry[], limit: number): Omit<Kept, 'chunks' | 'bytes'> {
  let groups = 0;
  for (const entry of entries) if (entry.kind === 'group') groups += 1;
  return { entries, limit, count: entries.length, groups };
}
