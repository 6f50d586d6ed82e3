import type { Session } from '../core/session';
import type { SessionEffect, SessionInput } from '../core/session-events';
import type { TransportEffect } from '../core/traffic';
import type { Platform } from '../core/transport';

/** Effects that are for the application, not for a transport. */
export type AppEffect = Exclude<SessionEffect, TransportEffect>;

/** An open or opening socket, or a request. */
interface Transport {
  send?(bytes: Uint8Array): void;
  close(): void;
}

/** Joins a session with transports and time: feeds inputs in, carries effects out, owns the one timer. */
export class Driver {
  readonly #session: Session;
  readonly #platform: Platform;
  readonly #toApp: (effect: AppEffect) => void;
  readonly #transports = new Map<number, Transport>();
  #stopTimer: (() => void) | undefined;
  #timerDue: number | undefined;
  #isDraining = false;
  #isWakeAsked = false;

  constructor(session: Session, platform: Platform, toApp: (effect: AppEffect) => void) {
    this.#session = session;
    this.#platform = platform;
    this.#toApp = toApp;
  }

  input(event: SessionInput): void {
    this.#session.input(event, this.#platform.clock.now());
    this.#drain();
  }

  /** Sends what this turn queued, together. */
  wakeSoon(): void {
    if (this.#isWakeAsked) return;
    this.#isWakeAsked = true;
    queueMicrotask(() => {
      this.#isWakeAsked = false;
      this.input({ type: 'wake' });
    });
  }

  /** Carries out effects in their order; inputs that these cause meanwhile only add to the end. */
  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    for (let effect = this.#session.poll(); effect; effect = this.#session.poll()) this.#carryOut(effect);
    this.#isDraining = false;
    this.#setTimer();
  }

  #carryOut(effect: SessionEffect): void {
    switch (effect.type) {
      case 'open':
        return this.#open(effect.id, effect.url);
      case 'transmit':
        return this.#transports.get(effect.id)?.send?.(effect.bytes);
      case 'post':
        return this.#post(effect.id, effect.url, effect.body);
      case 'close':
        this.#transports.get(effect.id)?.close();
        this.#transports.delete(effect.id);
        return;
      default:
        return this.#toApp(effect);
    }
  }

  #open(id: number, url: string): void {
    const closed = (code: number, reason: string): void => {
      this.#transports.delete(id);
      this.input({ type: 'closed', id, code, reason });
    };
    try {
      const socket = this.#platform.openSocket(url, {
        opened: () => this.input({ type: 'opened', id }),
        message: (bytes) => this.input({ type: 'bytes', id, bytes }),
        closed,
      });
      this.#transports.set(id, socket);
    } catch (error) {
      closed(1006, String(error));
    }
  }

  #post(id: number, url: string, body: Uint8Array): void {
    const abort = new AbortController();
    this.#transports.set(id, { close: () => abort.abort() });
    const answered = (status: number, answer: Uint8Array): void => {
      this.#transports.delete(id);
      this.input({ type: 'answer', id, status, body: answer });
    };
    const begun = (): void => this.input({ type: 'begun', id });
    this.#platform.post(url, body, abort.signal, begun).then(
      (answer) => answered(answer.status, answer.body),
      () => answered(0, new Uint8Array(0)),
    );
  }

  #setTimer(): void {
    const due = this.#session.deadline;
    // A timer that comes too soon only asks again: cheaper than to set it anew with every message.
    if (due === this.#timerDue || (due ?? 0) > (this.#timerDue ?? Infinity)) return;
    this.#stopTimer?.();
    this.#timerDue = due;
    const { clock } = this.#platform;
    this.#stopTimer = due === undefined ? undefined : clock.setTimer(() => this.#timeUp(), due - clock.now());
  }

  #timeUp(): void {
    this.#timerDue = undefined;
    this.input({ type: 'wake' });
  }
}
