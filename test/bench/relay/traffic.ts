const PATIENCE_MS = 10_000;

/** All deliveries of one measurement: begins, ends after a time, waits for what is still under way. */
export class Traffic {
  /** Set off between two measurements. */
  isRunning = false;
  #sent = 0;
  #delivered = 0;
  #onDone = (): void => undefined;

  /** So many deliveries are on their way. */
  expect(count: number): void {
    this.#sent += count;
  }

  arrive(count: number): void {
    this.#delivered += count;
    if (!this.isRunning && this.#delivered === this.#sent) this.#onDone();
  }

  /** @returns How many deliveries there were; none is missing. */
  async run(timeMs: number, start: () => void): Promise<number> {
    this.#sent = this.#delivered = 0;
    this.isRunning = true;
    const done = new Promise<void>((resolve) => (this.#onDone = resolve));
    start();
    setTimeout(() => {
      this.isRunning = false;
      if (this.#delivered === this.#sent) this.#onDone();
    }, timeMs);
    const stopWaiting = this.#watch();
    await done;
    stopWaiting();
    return this.#delivered;
  }

  /** Whoever loses messages is not measured. */
  #watch(): () => void {
    let before = -1;
    const timer = setInterval(() => {
      if (this.#delivered === before)
        throw new Error(`${this.#sent - before} of ${this.#sent} deliveries did not come.`);
      before = this.#delivered;
    }, PATIENCE_MS);
    return () => clearInterval(timer);
  }
}
