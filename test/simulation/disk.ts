import type { StoreEffect } from '../../src/relay/events';
import { frameRecords, readSegment, segmentStart } from '../../src/relay/journal-segment';
import type { Dice } from './dice';
import { Violation } from './record';
import type { World } from './world';

interface Write {
  readonly records: readonly Uint8Array[];
  /** Takes the place of everything before. */
  readonly isWhole: boolean;
  readonly confirm: () => void;
}

/**
 * The disk of a durable relay: one write after another, each safe when it is confirmed. What comes while one is under way goes
 * out together with the next. A crash may leave any part of a write.
 */
export class Disk {
  #segment: Buffer = segmentStart();
  #waiting: Write[] = [];
  #underWay: Write[] = [];
  /** Rises with every crash. */
  #crashes = 0;
  #sizeBefore = 0;
  /** Called in the midst of the next write. */
  #ambush: (() => void) | undefined;
  /** How long it takes for one write. */
  readonly #writeMs: number;

  constructor(
    private readonly world: World,
    private readonly dice: Dice,
    /** A journal is written anew when it has grown to twice of what it was, but not below this. */
    private readonly compactFrom: number,
  ) {
    this.#writeMs = dice.pick([1, 20, 120]);
  }

  get isLong(): boolean {
    return this.#segment.length > Math.max(this.compactFrom, 2 * this.#sizeBefore);
  }

  store({ records, isWhole }: StoreEffect, confirm: () => void): void {
    this.#waiting.push({ records, isWhole, confirm });
    if (this.#underWay.length === 0) this.#begin();
  }

  /** Calls back in the midst of the next write. */
  ambush(strike: () => void): void {
    this.#ambush = strike;
  }

  /** What was under way is not confirmed any more: all of it is there, or nothing, or a part. */
  crash(): void {
    const writes = this.#underWay;
    this.#crashes += 1;
    this.#waiting = [];
    this.#underWay = [];
    if (writes.length === 0 || this.dice.chance(0.2)) return;
    this.world.counts.add('fault write cut off by a crash');
    // A new segment is put in place in one step.
    if (writes[0]!.isWhole || this.dice.chance(0.2)) return this.#apply(writes);
    this.#segment = Buffer.concat([this.#segment, this.#torn(bytesOf(writes))]);
  }

  /** The records that a relay finds at its start; what stands behind them is cut off. */
  open(): readonly Uint8Array[] {
    const { records, validSize, isDamaged } = readSegment(this.#segment);
    if (isDamaged) throw new Violation('X-7', 'a journal that only a crash has touched counts as damaged');
    if (validSize < this.#segment.length) this.world.counts.add('fault torn journal');
    this.#segment = this.#segment.subarray(0, validSize);
    return records;
  }

  #begin(): void {
    const crashes = this.#crashes;
    const { dice } = this;
    const next = this.#waiting[0]!.isWhole ? 1 : this.#waiting.findIndex(({ isWhole }) => isWhole);
    const writes = (this.#underWay = this.#waiting.splice(0, next < 0 ? Infinity : next));
    const waitMs = dice.chance(0.03) ? dice.between(100, 2_000) : dice.between(0.1, 2) * this.#writeMs;
    if (this.#ambush !== undefined) this.world.timeline.after(waitMs * dice.next(), this.#ambush);
    this.#ambush = undefined;
    this.world.timeline.after(waitMs, () => {
      if (this.#crashes !== crashes) return;
      this.#apply(writes);
      this.#underWay = [];
      if (this.#waiting.length > 0) this.#begin();
      for (const { confirm } of writes) confirm();
    });
  }

  #apply(writes: readonly Write[]): void {
    const isWhole = writes[0]!.isWhole;
    this.#segment = Buffer.concat([isWhole ? segmentStart() : this.#segment, bytesOf(writes)]);
    if (isWhole) this.#sizeBefore = this.#segment.length;
  }

  /** Cut off anywhere, or in its full length with a hole. */
  #torn(bytes: Buffer): Buffer {
    const { dice } = this;
    const at = dice.below(bytes.length);
    if (dice.chance(0.5)) return bytes.subarray(0, at);
    return Buffer.from(bytes).fill(bytes[at]! ^ 0xff, at, Math.min(bytes.length, at + dice.whole(1, 64)));
  }
}

function bytesOf(writes: readonly Write[]): Buffer {
  const records = writes.flatMap((write) => write.records);
  return frameRecords(records, !writes[0]!.isWhole);
}
