import type { FrameClock } from './byte-stream';
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

  /** Resolves with {@link SocketEnd.tell}. @param onTime - Called when that takes longer than `limitMs`. */
  wait(clock: FrameClock, limitMs: number, onTime: () => void): Promise<void> {
    const cancelTimer = clock.setTimer(onTime, limitMs);
    return new Promise((resolve) => {
      this.#waiters.push(() => {
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
