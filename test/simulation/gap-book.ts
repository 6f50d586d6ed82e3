import type { Gap } from '../../src/core/resume';

/** What one device was told to be missing. */
export class GapBook {
  /** Everything sent up to here may be missing: the session is a new one. */
  #allUntilMs = -Infinity;
  #sessions = 0;
  readonly #counted: { readonly atMs: number; readonly gap: number; open: number }[] = [];

  /** Whether anything was told to be missing: receipts may be among it. */
  get isUsed(): boolean {
    return this.#counted.length > 0 || this.#sessions > 1;
  }

  /** A new session has begun: nothing of the one before comes any more. */
  coverAll(atMs: number): void {
    this.#allUntilMs = atMs;
    this.#sessions += 1;
  }

  add({ count }: Gap, atMs: number): void {
    if (count === undefined) this.coverAll(atMs);
    else this.#counted.push({ atMs, gap: count, open: count });
  }

  /** Takes the place of one lost message in a gap; to be asked for the latest ones first. */
  covers(sentAtMs: number): boolean {
    if (sentAtMs <= this.#allUntilMs) return true;
    const gap = this.#counted.find(({ atMs, open }) => atMs >= sentAtMs && open > 0);
    if (gap !== undefined) gap.open -= 1;
    return gap !== undefined;
  }

  /** All messages that were told to be missing, those of lost sessions not counted. */
  get total(): number {
    return this.#counted.reduce((sum, { gap }) => sum + gap, 0);
  }
}
