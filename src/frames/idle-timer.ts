import type { FrameHost } from './byte-stream';

/**
 * Tells when nothing has moved for a time. A sign of life only notes the time: the timer looks at it when it fires, so
 * that a busy connection sets no timers.
 *
 * @internal
 */
export class IdleTimer {
  readonly #host: FrameHost;
  readonly #onIdle: () => void;
  #cancel: (() => void) | undefined = undefined;
  #limitMs = 0;
  #lastMs = 0;

  constructor(host: FrameHost, onIdle: () => void) {
    this.#host = host;
    this.#onIdle = onIdle;
  }

  /** Begins anew. @param limitMs - 0 for no limit. */
  start(limitMs: number): void {
    this.stop();
    if (limitMs === 0) return;
    this.#limitMs = limitMs;
    this.#lastMs = this.#host.now();
    this.#arm(limitMs);
  }

  touch(): void {
    if (this.#cancel !== undefined) this.#lastMs = this.#host.now();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(afterMs: number): void {
    this.#cancel = this.#host.setTimer(() => {
      const restMs = this.#lastMs + this.#limitMs - this.#host.now();
      if (restMs > 0) return this.#arm(restMs);
      this.#cancel = undefined;
      this.#onIdle();
    }, afterMs);
  }
}
