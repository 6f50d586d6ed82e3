import { encodeText } from '../core/text';
import { numberedPart, type Part, partOf, RECEIVE } from './joiner';
import type { Entry } from './out-queue';
import type { Ring } from './ring';

/** What goes to a session with the extension in one frame or download. */
export interface ItemPlan {
  readonly parts: Part[];
  /** Number of the last entry. */
  readonly last: number;
  readonly groups: number;
  /** Ends in an empty `d` (P-29). */
  readonly hasEmptyEnd: boolean;
}

/** The field that numbers the first group of a frame. */
export function numberField(number: number): Part {
  return partOf(encodeText(`~xq=${number}`));
}

/**
 * What a ring has to say next: that something is missing, then entries from there on.
 *
 * @param end - Stands behind each frame: a terminator, or nothing in a download.
 */
export function planItems(ring: Ring, maxBytes: number, end: Part): ItemPlan {
  const parts: Part[] = [];
  const { gap } = ring;
  if (gap !== undefined) parts.push(partOf(encodeText(`~rt=g~xg=${gap.first}-${gap.last}:overflow`)), end);
  const before = gap?.last ?? ring.sent;
  const entries = ring.take(before + 1, maxBytes);
  let groups = 0;
  let wasGroup = false;
  entries.forEach((entry, i) => {
    const isGroup = entry.kind === 'group';
    if (wasGroup && !isGroup) parts.push(end);
    if (isGroup && !wasGroup) parts.push(RECEIVE, numberField(before + 1 + i));
    parts.push(numberedPart(entry));
    if (isGroup) groups += 1;
    else parts.push(end);
    wasGroup = isGroup;
  });
  if (wasGroup) parts.push(end);
  return { parts, last: before + entries.length, groups, hasEmptyEnd: hasEmptyEnd(entries) };
}

function hasEmptyEnd(entries: readonly Entry[]): boolean {
  return entries.at(-1)?.hasEmptyData ?? false;
}
