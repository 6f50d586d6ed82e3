import { Fifo } from './fifo';
import type { Frame } from './frame';

/** How far ahead of its reader a connection may go. */
const MAX_FRAMES = 64;
const MAX_BYTES = 1_048_576;

/** A frame that waits, and whether a Pong was passed over on the way to it. @internal */
export interface WaitingFrame {
  readonly frame: Frame;
  readonly afterPong: boolean;
}

/**
 * Frames that came before they were asked for. Bounded by its owner, which stops reading while it is full.
 *
 * @internal
 */
export class ReadQueue {
  readonly #frames = new Fifo<WaitingFrame>();
  #bytes = 0;

  get length(): number {
    return this.#frames.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  get isFull(): boolean {
    return this.#frames.length >= MAX_FRAMES || this.#bytes >= MAX_BYTES;
  }

  push(waiting: WaitingFrame): void {
    this.#frames.push(waiting);
    this.#bytes += waiting.frame.payload.length;
  }

  shift(): WaitingFrame | undefined {
    const waiting = this.#frames.shift();
    if (waiting !== undefined) this.#bytes -= waiting.frame.payload.length;
    return waiting;
  }

  clear(): void {
    this.#frames.takeAll();
    this.#bytes = 0;
  }
}
