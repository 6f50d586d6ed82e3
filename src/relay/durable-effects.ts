import { EffectQueue, type Effects, type RelayEffect } from './events';
import type { SessionJournal } from './session-journal';

/** The effects of a durable relay: what speaks of a change comes out when the change is stored, everything in order. */
export class DurableEffects implements Effects {
  readonly #free = new EffectQueue();
  #waiting: { readonly effect: RelayEffect; readonly needed: number }[] = [];

  constructor(private readonly journal: SessionJournal) {}

  push(effect: RelayEffect): void {
    const { needed, stored } = this.journal;
    if (needed <= stored && this.#waiting.length === 0) this.#free.push(effect);
    else this.#waiting.push({ effect, needed });
  }

  shift(): RelayEffect | undefined {
    return this.journal.takeStore() ?? this.#free.shift();
  }

  /** More is stored. */
  release(): void {
    const { stored } = this.journal;
    const held = this.#waiting.findIndex(({ needed }) => needed > stored);
    const released = held < 0 ? this.#waiting : this.#waiting.splice(0, held);
    if (held < 0) this.#waiting = [];
    for (const { effect } of released) this.#free.push(effect);
  }
}
