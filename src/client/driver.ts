import type { Session, SessionEffect, SessionInput } from '../core/session';
import type { Platform, SocketTransport } from '../core/transport';

/** Effects that are for the application, not for a transport. */
export type AppEffect = Exclude<SessionEffect, { type: 'open' | 'transmit' | 'close' | 'post' | 'abort' }>;

/** Joins a session with transports and time: feeds inputs in, carries effects out, owns the one timer. */
export class Driver {
  readonly #sockets = new Map<number, SocketTransport>();
  readonly #requests = new Map<number, AbortController>();
  #stopTimer: (() => void) | undefined;
  #timerDue: number | undefined;
  #isDraining = false;
  #pumpAsked = false;

  readonly #session: Session;
  readonly #platform: Platform;
  readonly #toApp: (effect: AppEffect) => void;

  constructor(
    session: Session,
    platform: Platform,
    toApp: (effect: AppEffect) => void,
  ) {
    this.#session = session;
    this.#platform = platform;
    this.#toApp = toApp;
  }

  input(event: SessionInput): void {
    this.#session.input(event, this.#platform.clock.now());
    this.#drain();
  }

  /** Sends what this turn queued, together. */
  pumpSoon(): void {
    if (this.#pumpAsked) return;
    this.#pumpAsked = true;
    queueMicrotask(() => {
      this.#pumpAsked = false;
      this.input({ type: 'pump' });
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
        return this.#open(effect.socket, effect.url);
      case 'transmit':
        return this.#sockets.get(effect.socket)?.send(effect.bytes, effect.text);
      case 'close':
        this.#sockets.get(effect.socket)?.close();
        this.#sockets.delete(effect.socket);
        return;
      case 'post':
        return this.#post(effect.request, effect.url, effect.body);
      case 'abort':
        this.#requests.get(effect.request)?.abort();
        this.#requests.delete(effect.request);
        return;
      default:
        return this.#toApp(effect);
    }
  }

  #open(socket: number, url: string): void {
    const closed = (code: number, reason: string): void => {
      this.#sockets.delete(socket);
      this.input({ type: 'closed', socket, code, reason });
    };
    try {
      const transport = this.#platform.openSocket(url, {
        opened: () => this.input({ type: 'opened', socket }),
        message: (bytes) => this.input({ type: 'bytes', socket, bytes }),
        closed,
      });
      this.#sockets.set(socket, transport);
    } catch (error) {
      closed(1006, String(error));
    }
  }

  #post(request: number, url: string, body: Uint8Array): void {
    const abort = new AbortController();
    this.#requests.set(request, abort);
    const settled = (event: SessionInput): void => {
      this.#requests.delete(request);
      if (!abort.signal.aborted) this.input(event);
    };
    this.#platform.post(url, body, abort.signal).then(
      (answer) => settled({ type: 'answer', request, ...answer }),
      () => settled({ type: 'failed', request }),
    );
  }

  #setTimer(): void {
    const due = this.#session.deadline;
    if (due === this.#timerDue) return;
    this.#stopTimer?.();
    this.#timerDue = due;
    this.#stopTimer =
      due === undefined ? undefined : this.#platform.clock.setTimer(() => this.#timeUp(), due - this.#platform.clock.now());
  }

  #timeUp(): void {
    this.#timerDue = undefined;
    this.input({ type: 'wake' });
  }
}
