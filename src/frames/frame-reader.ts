import { aborted, onAbort } from './abort';
import type { AbortSignalLike } from './abort';
import type { FrameClock } from './byte-stream';
import type { Frame } from './frame';
import type { Timing } from './frame-writer';
import { IdleTimer } from './idle-timer';
import { ReadQueue } from './read-queue';
import { FrameSocketError, ReadFailReason } from './socket-errors';
import { findTimeFault } from './socket-options';

/** How long one read waits. @public */
export interface ReadOptions {
  /** Ends this read. No byte is lost: the next read goes on where this one stood. */
  signal?: AbortSignalLike;
  /**
   * The longest time for this read as a whole, beside the idle timeout, which begins anew with every byte. Unit:
   * milliseconds; 0 for no limit.
   *
   * @defaultValue 0
   */
  timeoutMs?: number;
}

interface PendingRead {
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: FrameSocketError) => void;
  forgetSignal?: () => void;
  cancelTimer?: () => void;
}

/** What the reader needs from its socket. @internal */
export interface ReaderOwner {
  readonly timing: Timing;
  /** A frame is asked for or was taken: goes on reading. */
  onMoved(): void;
  /** A frame reaches the application. */
  onTaken(frame: Frame): void;
  /** A read fails. */
  note(error: FrameSocketError): void;
}

/**
 * The reading side of a socket: frames that wait for a reader, or the one reader that waits for a frame.
 *
 * @internal
 */
export class FrameReader {
  /** Whether the last read passed a Pong over. */
  pongConsumed = false;
  lastFailReason: ReadFailReason = ReadFailReason.NONE;
  readonly #clock: FrameClock;
  readonly #owner: ReaderOwner;
  readonly #queue = new ReadQueue();
  readonly #idle: IdleTimer;
  #pending: PendingRead | undefined = undefined;
  /** Whether a Pong was passed over since the last frame that was queued or read. */
  #afterPong = false;

  constructor(clock: FrameClock, owner: ReaderOwner) {
    this.#clock = clock;
    this.#owner = owner;
    this.#idle = new IdleTimer(clock, () => this.#fail(new FrameSocketError('READ_TIMEOUT')));
  }

  get isWaiting(): boolean {
    return this.#pending !== undefined;
  }

  get isEmpty(): boolean {
    return this.#queue.isEmpty;
  }

  get isFull(): boolean {
    return this.#queue.isFull;
  }

  /** Frames that wait to be read. */
  get waitingFrames(): number {
    return this.#queue.length;
  }

  /** Bytes of payload in them. */
  get waitingBytes(): number {
    return this.#queue.bytes;
  }

  read({ signal, timeoutMs = 0 }: ReadOptions): Promise<Frame> {
    const fault = timeoutMs === 0 ? undefined : findTimeFault('timeoutMs', timeoutMs);
    if (fault !== undefined) return Promise.reject(fault);
    if (this.#pending !== undefined) {
      const error = new FrameSocketError('READ_IN_PROGRESS');
      this.#owner.note(error);
      return Promise.reject(error);
    }
    this.pongConsumed = false;
    if (signal?.aborted === true) return Promise.reject(this.#note(aborted(signal)));
    const waiting = this.#queue.shift();
    if (waiting === undefined) return this.#wait(signal, timeoutMs);
    this.pongConsumed = waiting.afterPong;
    this.lastFailReason = ReadFailReason.NONE;
    this.#owner.onTaken(waiting.frame);
    this.#owner.onMoved();
    return Promise.resolve(waiting.frame);
  }

  /** Gives a frame to the reader that waits, or keeps it for the next. */
  deliver(frame: Frame): void {
    const pending = this.#takePending();
    if (pending === undefined) {
      this.#queue.push({ frame, afterPong: this.#afterPong });
      this.#afterPong = false;
      return;
    }
    this.lastFailReason = ReadFailReason.NONE;
    this.#owner.onTaken(frame);
    pending.resolve(frame);
  }

  /** A Pong came that is not delivered. */
  passPong(): void {
    if (this.#pending === undefined) this.#afterPong = true;
    else this.pongConsumed = true;
  }

  /** A byte came. */
  touch(): void {
    this.#idle.touch();
  }

  /** No more bytes will come: no time is kept any more. */
  settle(): void {
    this.#idle.cancel();
  }

  /** Nothing more can be read. @param error - Made only when somebody waits for it. */
  end(error: () => FrameSocketError): void {
    if (this.#pending !== undefined) this.#fail(error());
  }

  clear(): void {
    this.#queue.clear();
  }

  #wait(signal: AbortSignalLike | undefined, timeoutMs: number): Promise<Frame> {
    this.pongConsumed = this.#afterPong;
    this.#afterPong = false;
    return new Promise((resolve, reject) => {
      const pending: PendingRead = { resolve, reject };
      this.#pending = pending;
      this.#owner.onMoved();
      if (this.#pending !== pending) return;
      this.#idle.start(this.#owner.timing.idleTimeoutMs);
      if (timeoutMs > 0) {
        pending.cancelTimer = this.#clock.setTimer(
          () => this.#fail(new FrameSocketError('READ_TIMEOUT')),
          timeoutMs,
        );
      }
      if (signal !== undefined) pending.forgetSignal = onAbort(signal, () => this.#fail(aborted(signal)));
    });
  }

  #takePending(): PendingRead | undefined {
    const pending = this.#pending;
    if (pending === undefined) return undefined;
    this.#pending = undefined;
    this.#idle.stop();
    pending.forgetSignal?.();
    pending.cancelTimer?.();
    return pending;
  }

  #fail(error: FrameSocketError): void {
    this.#takePending()?.reject(this.#note(error));
  }

  #note(error: FrameSocketError): FrameSocketError {
    this.lastFailReason = error.failReason;
    this.#owner.note(error);
    return error;
  }
}
