import { webSocketUrl, type SessionSettings } from './link';
import type { Traffic } from './traffic';

/** With long polling in the place of a WebSocket that did not open: time to the next try of one, and from then on. */
const FIRST_CLIMB_MS = 1000;
const MIN_CLIMB_MS = 30_000;
const MAX_CLIMB_MS = 300_000;
const OPEN_TIMEOUT_MS = 10_000;
/** Attempts of a WebSocket that has been open before, until it is the turn of long polling. */
const TRIES = 3;

/** WebSocket as long as it opens, else long polling, with a look from time to time whether one opens by now. */
export class TransportChoice {
  readonly #settings: SessionSettings;
  readonly #traffic: Traffic;
  #isFallback = false;
  #climbMs = FIRST_CLIMB_MS;
  #hasHadSocket = false;

  constructor(settings: SessionSettings, traffic: Traffic) {
    this.#settings = settings;
    this.#traffic = traffic;
  }

  get useWebSocket(): boolean {
    return this.#settings.useWebSocket && !this.#isFallback;
  }

  /** The application has chosen anew. */
  reset(): void {
    this.#isFallback = false;
  }

  /** @param failures - Attempts that failed one after the other. */
  failed(failures: number): void {
    const tries = this.#hasHadSocket ? TRIES : 1;
    this.#isFallback = failures % (tries + 1) === tries;
  }

  /** @param climb - Called when a WebSocket opens in the place of which long polling runs. */
  running(isPolling: boolean, origin: string, climb: () => void): void {
    if (!isPolling) {
      this.#isFallback = false;
      this.#hasHadSocket = true;
      this.#climbMs = FIRST_CLIMB_MS;
    } else if (this.#isFallback) this.#traffic.after('climb', this.#climbMs, () => this.#climb(origin, climb));
  }

  /** Looks beside the running session, which lets nothing go before it is sure. */
  #climb(origin: string, climb: () => void): void {
    this.#climbMs = Math.min(Math.max(2 * this.#climbMs, MIN_CLIMB_MS), MAX_CLIMB_MS);
    const ended = (isOpen: boolean): void => {
      this.#traffic.letGo(id);
      this.#traffic.stop('climb');
      this.#isFallback = !isOpen;
      // One that opens but does not run is not tried again soon: each try is a break.
      if (isOpen) this.#climbMs = MAX_CLIMB_MS;
      if (isOpen) climb();
      else this.running(true, origin, climb);
    };
    const id = this.#traffic.open(webSocketUrl(origin), ({ type }) => ended(type === 'opened'));
    this.#traffic.after('climb', OPEN_TIMEOUT_MS, () => ended(false));
  }
}
