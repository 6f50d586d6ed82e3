import type { Dice } from './dice';
import type { Moment, Timeline } from './timeline';

/** How bytes travel between a device and the relays, now. */
export interface Path {
  latencyMs: number;
  jitterMs: number;
  bytesPerMs: number;
}

export function delayOf(path: Path, dice: Dice, bytes: number): number {
  return path.latencyMs + dice.next() * path.jitterMs + bytes / path.bytesPerMs;
}

/** The end of a stream: in order, or broken off. */
export interface StreamEnd {
  readonly isBroken: boolean;
  readonly code: number;
  readonly reason: string;
}

interface Item {
  content: Uint8Array | StreamEnd;
  dueMs: number;
}

export interface PipeOptions {
  readonly timeline: Timeline;
  readonly dice: Dice;
  readonly path: Path;
  /** Whether nothing comes out now: the network is silent, or nobody reads. */
  readonly isHeld: () => boolean;
  readonly onBytes: (bytes: Uint8Array) => void;
  readonly onEnd: (end: StreamEnd) => void;
}

/** One direction of a TCP connection: bytes in order, cut into chunks anywhere. */
export class Pipe {
  /** Bytes that were put in and have not come out. */
  buffered = 0;
  #items: Item[] = [];
  #lastDueMs = 0;
  #waiting: Moment | undefined;
  #isClosed = false;

  constructor(private readonly options: PipeOptions) {}

  write(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    const { dice } = this.options;
    this.buffered += bytes.length;
    // TCP keeps the order and nothing else.
    if (bytes.length > 1 && dice.chance(0.2)) {
      const middle = 1 + dice.below(bytes.length - 1);
      this.#put(bytes.subarray(0, middle), middle);
      this.#put(bytes.subarray(middle), bytes.length - middle);
    } else this.#put(bytes, bytes.length);
  }

  end(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#put({ isBroken: false, code, reason }, 0);
    this.#isClosed = true;
  }

  /** Loses a suffix of what is under way, wherever it begins, and breaks off behind the rest. */
  cut(): void {
    this.lose();
    this.#put({ isBroken: true, code: 1006, reason: '' }, 0);
  }

  /** Loses a suffix of what is under way and takes no more, but nobody learns of it. */
  lose(): void {
    let rest = this.options.dice.below(this.buffered + 1);
    const kept: Item[] = [];
    for (const item of this.#items) {
      if (!(item.content instanceof Uint8Array) || rest === 0) break;
      const { length } = item.content;
      kept.push(length > rest ? { content: item.content.subarray(0, rest), dueMs: item.dueMs } : item);
      rest -= Math.min(rest, length);
    }
    this.#items = kept;
    this.buffered = kept.reduce((sum, { content }) => sum + (content as Uint8Array).length, 0);
    this.#lastDueMs = kept.at(-1)?.dueMs ?? 0;
    this.#isClosed = true;
  }

  /** Nothing comes out any more. */
  drop(): void {
    this.#items = [];
    this.buffered = 0;
    this.#isClosed = true;
  }

  /** Goes on, if it is not held any more. */
  pump(): void {
    const head = this.#items[0];
    if (this.#waiting !== undefined || head === undefined || this.options.isHeld()) return;
    this.#waiting = this.options.timeline.at(head.dueMs, () => {
      this.#waiting = undefined;
      this.#arrive();
      this.pump();
    });
  }

  /** The link is quick again, also for what was put in before. */
  hurry(): void {
    const { timeline, path } = this.options;
    const latestMs = timeline.nowMs + path.latencyMs + path.jitterMs;
    for (const item of this.#items) item.dueMs = Math.min(item.dueMs, latestMs);
    this.#lastDueMs = Math.min(this.#lastDueMs, latestMs);
    this.#waiting?.cancel();
    this.#waiting = undefined;
    this.pump();
  }

  #put(content: Item['content'], bytes: number): void {
    const { timeline, path, dice } = this.options;
    this.#lastDueMs = Math.max(this.#lastDueMs + bytes / path.bytesPerMs, timeline.nowMs + delayOf(path, dice, bytes));
    this.#items.push({ content, dueMs: this.#lastDueMs });
    this.pump();
  }

  #arrive(): void {
    const { timeline, isHeld, onBytes, onEnd } = this.options;
    const head = this.#items[0];
    // A cut may have taken what was waited for.
    if (head === undefined || head.dueMs > timeline.nowMs || isHeld()) return;
    this.#items.shift();
    if (!(head.content instanceof Uint8Array)) return onEnd(head.content);
    this.buffered -= head.content.length;
    onBytes(head.content);
  }
}
