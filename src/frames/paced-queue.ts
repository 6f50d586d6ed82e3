import type { FrameHost } from './byte-stream';
import { Fifo } from './fifo';
import { TokenBucket } from './token-bucket';

/** Bytes that wait, and who takes them. @internal */
export interface PacedItem {
  readonly bytes: Uint8Array;
  /** Called with one piece after the other; without bytes once. */
  pass(piece: Uint8Array, isLast: boolean): void;
}

/** Bytes that pass in order, no faster than told. @internal */
export class PacedQueue {
  readonly #host: FrameHost;
  readonly #bucket: TokenBucket | undefined;
  readonly #waiting = new Fifo<PacedItem>();
  /** The item under way, and how much of it has passed. */
  #item: PacedItem | undefined = undefined;
  #offset = 0;
  #isPassing = false;
  #isPaused = false;
  #cancelTimer: (() => void) | undefined = undefined;

  /** @param bytesPerSecond - 0 for no limit. */
  constructor(host: FrameHost, bytesPerSecond: number) {
    this.#host = host;
    this.#bucket = bytesPerSecond === 0 ? undefined : new TokenBucket(bytesPerSecond, host.now());
  }

  get isEmpty(): boolean {
    return this.#item === undefined && this.#waiting.length === 0;
  }

  push(item: PacedItem): void {
    this.#waiting.push(item);
    this.#run();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#run();
  }

  /** Drops what waits. */
  clear(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#waiting.takeAll();
    this.#item = undefined;
    this.#offset = 0;
  }

  #run(): void {
    if (this.#isPassing) return;
    this.#isPassing = true;
    while (!this.#isPaused && this.#cancelTimer === undefined && this.#passNext());
    this.#isPassing = false;
  }

  /** @returns False when nothing can pass now. */
  #passNext(): boolean {
    this.#item ??= this.#waiting.shift();
    const item = this.#item;
    if (item === undefined) return false;
    const left = item.bytes.length - this.#offset;
    const count = this.#bucket === undefined ? left : this.#bucket.take(left, this.#host.now());
    if (count === 0 && left > 0) return this.#waitFor(left);
    const piece = item.bytes.subarray(this.#offset, this.#offset + count);
    this.#offset += count;
    const isLast = count === left;
    if (isLast) {
      this.#item = undefined;
      this.#offset = 0;
    }
    item.pass(piece, isLast);
    return true;
  }

  #waitFor(count: number): false {
    const waitMs = this.#bucket?.waitMs(count, this.#host.now()) ?? 0;
    this.#cancelTimer = this.#host.setTimer(() => {
      this.#cancelTimer = undefined;
      this.#run();
    }, waitMs);
    return false;
  }
}
