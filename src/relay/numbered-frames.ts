import { encodeText } from '../core/text';
import { addNumbered, type Part, partOf } from './joiner';
import type { Ring } from './ring';
import { joinNumber } from './spans';

const RECEIVE_FROM = encodeText('~rt=r~xq=');
const NOTHING = new Uint8Array(0);

/** What goes to a session with the extension in one frame or download. */
export interface ItemPlan {
  /** Number of the last entry. */
  readonly last: number;
  readonly groups: number;
  /** Ends in an empty `d` (P-29). */
  readonly hasEmptyEnd: boolean;
}

/** What begins a frame of groups: the first one has this number. */
export function receiveFrom(number: number): Part {
  return partOf(joinNumber(RECEIVE_FROM, number, NOTHING));
}

/**
 * What a ring has to say next: that something is missing, then entries from there on.
 *
 * @param end - Stands behind each frame: a terminator, or nothing in a download.
 * @param parts - Added to.
 */
export function planItems(ring: Ring, maxBytes: number, end: Part, parts: Part[]): ItemPlan {
  const { gap } = ring;
  if (gap !== undefined) parts.push(partOf(encodeText(`~rt=g~xg=${gap.first}-${gap.last}:overflow`)), end);
  const before = gap?.last ?? ring.sent;
  const entries = ring.take(maxBytes);
  let last = before;
  let groups = 0;
  let from = 0;
  while (from < entries.length) {
    let to = from;
    let count = 0;
    while (entries[to]?.kind === 'group') count += entries[to++]!.count;
    if (count > 0) parts.push(receiveFrom(last + 1));
    groups += count;
    // What is no group is a frame by itself.
    last += Math.max(count, 1);
    to = Math.max(to, from + 1);
    addNumbered(parts, entries, from, to);
    parts.push(end);
    from = to;
  }
  return { last, groups, hasEmptyEnd: entries.at(-1)?.hasEmptyData ?? false };
}
