import { Fields, MAX_FIELDS } from '../core/codec';
import { Entry } from './out-queue';
import { SentGroups } from './sent-groups';

/** How long a run may become. Where a ring is full of bytes, a run is the least that it gives up. */
export interface RunBounds {
  readonly messages: number;
  readonly bytes: number;
}

const MAX_RUN_SIZE = 16_384;
/** A run is no more than this part of a ring. */
const RUNS_OF_RING = 16;

/** @param isDurable - A journal has each message by itself. */
export function runBounds(
  limits: { readonly maxQueuedMessages: number; readonly maxQueuedBytes: number; readonly maxWriteSize: number },
  isDurable: boolean,
): RunBounds {
  if (isDurable) return { messages: 1, bytes: 0 };
  const { maxQueuedMessages, maxQueuedBytes, maxWriteSize } = limits;
  return {
    messages: Math.floor(maxQueuedMessages / RUNS_OF_RING),
    bytes: Math.min(MAX_RUN_SIZE, Math.floor(maxQueuedBytes / RUNS_OF_RING), maxWriteSize),
  };
}

/** Whether a group lies right behind a run or another group, so that one entry does for both. What has a receipt is by itself. */
export function isBehind(run: Entry, next: Entry, { messages, bytes }: RunBounds): boolean {
  return (
    next.turn !== undefined &&
    run.bytes === next.bytes &&
    run.end === next.stampStart &&
    run.receipt === undefined &&
    next.receipt === undefined &&
    run.count + next.count <= messages &&
    next.end - run.stampStart <= bytes
  );
}

/**
 * The same messages in as few entries as can be: what one sender has sent, and nobody else holds. Those given stay as they are.
 */
export function joinRuns<M>({ entries, senders }: SentGroups<M>, bounds: RunBounds): SentGroups<M> {
  const runs: Entry[] = [];
  const owners: M[] = [];
  let last: Entry | undefined;
  let isOpen = false;
  for (const [i, entry] of entries.entries()) {
    const isFree = entry.refs === 0;
    if (last !== undefined && isOpen && isFree && senders[i] === senders[i - 1] && isBehind(last, entry, bounds)) {
      if (last === entries[i - 1]) runs[runs.length - 1] = last = copyOf(last, last.stampStart, last.count);
      last.append(entry);
    } else {
      runs.push((last = entry));
      owners.push(senders[i]!);
      isOpen = isFree;
    }
  }
  return new SentGroups(runs, owners);
}

/** A run without so many messages at its front. Their ends are searched for: it is wanted after a break only. */
export function cutFront(run: Entry, count: number): Entry {
  const fields = new Fields(MAX_FIELDS).read(run.bytes, run.stampStart, run.end);
  let data = -1;
  for (let i = 0; i < count; i++) data = fields.indexOf('d', data + 1);
  return copyOf(run, fields.ends[data]!, run.count - count);
}

function copyOf({ bytes, start, end, hasEmptyData, stampStart }: Entry, from: number, count: number): Entry {
  const copy = new Entry('group', bytes, from === stampStart ? start : from, end, hasEmptyData);
  copy.stampStart = from;
  copy.count = count;
  return copy;
}
