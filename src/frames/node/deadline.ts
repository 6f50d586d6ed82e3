import { FrameSocketError } from '../socket-errors';
import type { FrameSocketErrorCode } from '../socket-errors';

/** A signal that fires when the caller's does, or when the time is over. @internal */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #outer: AbortSignal | undefined;
  readonly #onOuter = (): void =>
    this.#controller.abort(new FrameSocketError('ABORTED', { cause: this.#outer?.reason }));

  /** @param ms - 0 for no limit. @param code - What the time being over is called. */
  constructor(ms: number, code: FrameSocketErrorCode, outer: AbortSignal | undefined) {
    this.#outer = outer;
    if (ms > 0) {
      const onTime = (): void =>
        this.#controller.abort(new FrameSocketError(code, { detail: `the limit is ${ms} ms` }));
      this.#timer = setTimeout(onTime, ms);
    }
    if (outer?.aborted === true) this.#onOuter();
    else outer?.addEventListener('abort', this.#onOuter);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Lets timer and listener go. */
  release(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#onOuter);
  }
}

/** Throws what the signal of a {@link Deadline} was fired with. @internal */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw reasonOf(signal);
}

/** @internal */
export function reasonOf(signal: AbortSignal): FrameSocketError {
  const reason: unknown = signal.reason;
  return reason instanceof FrameSocketError ? reason : new FrameSocketError('ABORTED', { cause: reason });
}
