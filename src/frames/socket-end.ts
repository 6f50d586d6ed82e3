import type { FrameClock } from './byte-stream';
import type { OutgoingQueue } from './frame-writer';
import { FrameSocketError } from './socket-errors';

/** The end of a connection: why it came, and who waits for it. @internal */
export class SocketEnd {
  #error: FrameSocketError | undefined = undefined;
  #waiters: (() => void)[] = [];

  /** What reads and sends fail with; `undefined` before the end. */
  get error(): FrameSocketError | undefined {
    return this.#error;
  }

  get isThere(): boolean {
    return this.#error !== undefined;
  }

  /** The end has come. @returns False when it had come before: the first reason stays. */
  come(error: FrameSocketError): boolean {
    if (this.#error !== undefined) return false;
    this.#error = error;
    return true;
  }

  /** The first read learns what happened; those after it, that the connection is gone. */
  take(): FrameSocketError {
    const error = this.#error ?? new FrameSocketError('CONNECTION_LOST');
    if (error.closeCode !== undefined) this.#error = new FrameSocketError('CONNECTION_LOST', { cause: error });
    return error;
  }

  /**
   * Resolves with {@link SocketEnd.tell}. The time counts from when all of ours has left, or, as long as some has not,
   * from when some last did (F-62).
   *
   * @param onTime - Called when it takes longer than `limitMs`.
   */
  wait(clock: FrameClock, limitMs: number, outgoing: OutgoingQueue, onTime: () => void): Promise<void> {
    let left = outgoing.bufferedAmount;
    const look = (): void => {
      const before = left;
      left = outgoing.bufferedAmount;
      if (left > 0 && left < before) begin();
      else onTime();
    };
    let cancelTimer = clock.setTimer(look, limitMs);
    let isOver = false;
    const begin = (): void => {
      cancelTimer();
      if (!isOver) cancelTimer = clock.setTimer(look, limitMs);
    };
    if (left > 0) outgoing.drain(undefined).then(begin, begin);
    return new Promise((resolve) => {
      this.#waiters.push(() => {
        isOver = true;
        cancelTimer();
        resolve();
      });
    });
  }

  /** Nothing is open any more. */
  tell(): void {
    for (const tell of this.#waiters.splice(0)) tell();
  }
}
