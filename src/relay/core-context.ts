import type { RelayCounters } from './counters';
import { createCounters } from './counters';
import { Deadlines, Timed } from './deadlines';
import { DurableEffects } from './durable-effects';
import { EffectQueue, type Effects } from './events';
import type { LogEffect, RelayInput } from './events';
import type { Allocate } from './joiner';
import type { RelayLimits } from './limits';
import { type Entry, type OutQueue, QueueTotals } from './out-queue';
import { type RunBounds, runBounds } from './runs';
import { SessionJournal } from './session-journal';
import type { Session, Transport } from './sessions';

/** An error answer to a broken download, held back so that the client does not repeat it at once (P-13). */
export class HeldAnswer extends Timed {
  readonly kind = 'held';

  constructor(
    readonly request: number,
    readonly code: number,
    public dueAtMs: number,
  ) {
    super();
  }
}

/** Everything in the core that has a deadline. */
export type TimedTarget = Session | Transport | HeldAnswer;

/** What the parts of the core share. */
export class CoreContext {
  readonly counters: RelayCounters = createCounters();
  /** Of a durable relay. */
  readonly journal: SessionJournal | undefined;
  readonly effects: Effects;
  readonly deadlines = new Deadlines<TimedTarget>();
  readonly totals = new QueueTotals();
  readonly runBounds: RunBounds;
  /** Time of the input that is being worked on. */
  nowMs = 0;
  isDraining = false;

  readonly #held: DurableEffects | undefined;

  constructor(
    readonly limits: RelayLimits,
    readonly allocate: Allocate,
    /** What its own epoch was is known to a durable relay only. */
    readonly savedEpoch: string | undefined,
  ) {
    this.journal = savedEpoch === undefined ? undefined : new SessionJournal();
    this.#held = this.journal && new DurableEffects(this.journal);
    this.effects = this.#held ?? new EffectQueue();
    this.runBounds = runBounds(limits, this.journal !== undefined);
  }

  /** The oldest store is on disk. */
  confirmStore(): void {
    this.journal?.confirm();
    this.#held?.release();
  }

  /** Whether a queue takes one more entry. */
  hasRoom({ length, bytes }: OutQueue, entry: Entry): boolean {
    const { maxQueuedMessages, maxQueuedBytes, maxQueuedTotal } = this.limits;
    if (this.totals.bytes + entry.numberedLength > maxQueuedTotal) return false;
    return length === 0 || (length < maxQueuedMessages && bytes + entry.numberedLength <= maxQueuedBytes);
  }

  answer(request: number, body: Uint8Array): void {
    this.effects.push({ type: 'answer', request, body });
  }

  log(level: LogEffect['level'], event: string, fields: LogEffect['fields'] = {}): void {
    this.effects.push({ type: 'log', level, event, fields });
  }
}

/** An input of one type. */
export type InputOf<T extends RelayInput['type']> = Extract<RelayInput, { readonly type: T }>;
