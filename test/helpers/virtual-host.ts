import type { FrameHost } from '../../src/frames/byte-stream';

/** A clock that goes when told to. */
export class VirtualHost implements FrameHost {
  #now = 0;
  readonly #due = new Set<{ at: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  maskKey(): number {
    return 0;
  }

  setTimer(run: () => void, afterMs: number): () => void {
    const due = { at: this.#now + afterMs, run };
    this.#due.add(due);
    return () => void this.#due.delete(due);
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#due.size;
  }

  goTo(ms: number): void {
    for (;;) {
      const next = [...this.#due].sort((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > ms) break;
      this.#due.delete(next);
      this.#now = next.at;
      next.run();
    }
    this.#now = ms;
  }
}
