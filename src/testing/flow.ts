import type { Socket } from 'node:net';

/**
 * What happens to the bytes of one direction.
 *
 * - `pass`: they go on.
 * - `hold`: they are read and kept, until they may pass again or the connection is closed by its sender.
 * - `stall`: they are not read, so that the sender feels it, as with a receiver that does not read.
 * - `swallow`: they are read and lost. There is no way back: later bytes would not fit what was lost.
 *
 * @public
 */
export type FlowMode = 'pass' | 'hold' | 'stall' | 'swallow';

/** What one direction of a line does to bytes. @public */
export interface LineFaults {
  /** How long every byte takes, in milliseconds. @defaultValue 0 */
  delayMs?: number;
  /** Up to this is added to the delay, at random; the order of the bytes stays. @defaultValue 0 */
  jitterMs?: number;
  /** @defaultValue no limit */
  bytesPerSecond?: number;
  /** @defaultValue 'pass' */
  mode?: FlowMode;
}

export interface FlowOptions {
  readonly faults: LineFaults;
  readonly random: () => number;
  /** Asked before bytes are written: after how many of them the line is to be cut; undefined when it is not. */
  readonly cutWithin: (length: number) => number | undefined;
  /** The line is to be cut, now that everything before has been written. */
  readonly onCut: () => void;
  readonly onBytes: (length: number) => void;
}

/** Above this a sender is no longer read. */
const MAX_QUEUED = 1_048_576;
/** The same while bytes are held: the bound of what a buffering proxy keeps. */
const MAX_HELD = 16_777_216;
/** From the last bytes to the cut: a reset that a receiver finds along with bytes may look like an ordinary end. */
const CUT_PAUSE_MS = 5;
/** With a rate, bytes go in portions of this time. */
const PORTION_MS = 20;

/** Bytes from one socket to another, each when its time has come. */
export class Flow {
  readonly #queue: { readonly bytes: Buffer; readonly dueMs: number }[] = [];
  #queued = 0;
  #mode: FlowMode;
  #lastDueMs = 0;
  #lineFreeMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isEnded = false;
  #isFinished = false;
  /** Bytes that were read and lost. */
  swallowed = 0;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly options: FlowOptions,
  ) {
    this.#mode = options.faults.mode ?? 'pass';
    from.on('data', (bytes: Buffer) => this.#take(bytes));
    from.on('end', () => this.#end());
    to.on('drain', () => this.#pump());
    if (this.#mode === 'stall') from.pause();
  }

  set(mode: FlowMode): void {
    if (this.#mode === 'swallow') return;
    this.#mode = mode;
    if (mode === 'swallow') this.#swallowQueue();
    this.#pump();
  }

  get isSwallowing(): boolean {
    return this.#mode === 'swallow';
  }

  /** The receiver is told that no more comes. */
  finish(): void {
    this.stop();
    this.to.end();
  }

  /** Nothing is written any more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#isFinished = true;
    this.#queue.length = 0;
  }

  #take(bytes: Buffer): void {
    this.options.onBytes(bytes.length);
    if (this.#isFinished) return;
    if (this.#mode === 'swallow') {
      this.swallowed += bytes.length;
      return;
    }
    const { bytesPerSecond } = this.options.faults;
    const portion = bytesPerSecond === undefined ? bytes.length : Math.ceil((bytesPerSecond * PORTION_MS) / 1000);
    for (let at = 0; at < bytes.length; at += portion) {
      const part = bytes.subarray(at, at + portion);
      this.#queue.push({ bytes: part, dueMs: this.#dueMs(part.length) });
    }
    this.#queued += bytes.length;
    this.#pump();
  }

  #dueMs(length: number): number {
    const { delayMs = 0, jitterMs = 0, bytesPerSecond } = this.options.faults;
    const nowMs = performance.now();
    const transferMs = bytesPerSecond === undefined ? 0 : (length * 1000) / bytesPerSecond;
    this.#lineFreeMs = Math.max(this.#lineFreeMs, nowMs) + transferMs;
    const dueMs = this.#lineFreeMs + delayMs + this.options.random() * jitterMs;
    this.#lastDueMs = Math.max(this.#lastDueMs, dueMs);
    return this.#lastDueMs;
  }

  #swallowQueue(): void {
    this.swallowed += this.#queued;
    this.#queued = 0;
    this.#queue.length = 0;
  }

  /** The sender is done: what a buffering proxy held goes out now. */
  #end(): void {
    this.#isEnded = true;
    if (this.#mode === 'hold') this.#mode = 'pass';
    this.#pump();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    if (this.#isFinished) return;
    if (this.#mode === 'pass' && !this.#write()) return;
    const isFull = this.#queued > (this.#mode === 'hold' ? MAX_HELD : MAX_QUEUED);
    if (isFull || this.#mode === 'stall') this.from.pause();
    else this.from.resume();
    if (this.#isEnded && this.#queue.length === 0 && this.#mode === 'pass') {
      this.finish();
    }
  }

  /** Writes what is due. @returns False when the line was cut on the way. */
  #write(): boolean {
    for (let next = this.#queue[0]; next !== undefined && !this.to.writableNeedDrain; next = this.#queue[0]) {
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), waitMs);
        return true;
      }
      this.#queue.shift();
      this.#queued -= next.bytes.length;
      const last = this.options.cutWithin(next.bytes.length);
      if (last === undefined) this.to.write(next.bytes);
      else {
        this.stop();
        this.to.write(next.bytes.subarray(0, last), () => setTimeout(this.options.onCut, CUT_PAUSE_MS));
        return false;
      }
    }
    return true;
  }
}
