import { within } from './raw-connection';

/** Items in order of arrival; a failure is kept and given to every later reader. */
export class Queue<T> {
  private readonly items: T[] = [];
  private failure: Error | undefined;
  private wake: (() => void) | undefined;

  push(item: T): void {
    this.items.push(item);
    this.wake?.();
  }

  fail(failure: Error): void {
    this.failure ??= failure;
    this.wake?.();
  }

  async next(what: string, deadlineMs?: number): Promise<T> {
    await within(this.untilChanged(), what, deadlineMs);
    const item = this.items.shift();
    if (item === undefined) throw this.failure ?? new Error(`${what}: none`);
    return item;
  }

  private async untilChanged(): Promise<void> {
    while (this.items.length === 0 && !this.failure) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }
}
