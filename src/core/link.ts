import { ErrorCode } from './errors';
import type { IncomingMessage } from './messages';
import type { Traffic } from './traffic';

export const ANSWER_TIMEOUT_MS = 5000;
export const PROBE_TIMEOUT_MS = 3000;

/** What the session follows and the application may change at any time. */
export interface SessionSettings {
  name: string;
  networkNames: readonly string[];
  discoverable: boolean;
  /** Seconds, 10 to 600. */
  downloadTimeout: number;
  useEncryption: boolean;
  useWebSocket: boolean;
}

/** What a link tells its session. */
export type LinkEvent =
  /** Bound and its networks set, for the first time or anew. */
  | { type: 'attached' }
  | { type: 'sent'; code: number }
  | { type: 'received'; messages: IncomingMessage[] }
  /** `gone`: the relay does not know the session any more (12). */
  | { type: Outcome | 'gone' }
  /** The transport failed; the session may live. `spreadMs`: the time over which the relay wants its clients back. */
  | { type: 'lost'; code: number; spreadMs: number | undefined }
  | { type: 'error'; code: number };

/** What a link is closed for: to keep the session, or to end it. */
export type Outcome = 'detached' | 'ended';

/**
 * A way to bind a session to a transport: what long polling and WebSocket have in common. Pure: what it wants it
 * puts into the traffic, what it knows into the reports. Lasts as long as the session on the relay, and may be
 * attached again.
 */
export abstract class Link {
  /** An unanswered batch may be sent again: the relay knows it by its counter (P-107). */
  abstract readonly repeatable: boolean;
  protected readonly traffic: Traffic;
  protected readonly settings: SessionSettings;
  readonly #reports: LinkEvent[];
  protected readonly deviceId: string;
  protected closing: Outcome | undefined;

  constructor(traffic: Traffic, settings: SessionSettings, reports: LinkEvent[], deviceId: string) {
    this.traffic = traffic;
    this.settings = settings;
    this.#reports = reports;
    this.deviceId = deviceId;
  }

  /**
   * Binds the session and sets its networks; `attached` follows, or `lost`, or `gone`.
   *
   * @param uploadOrigin - Scheme and host for WebSocket or upload, such as `http://host:port`.
   * @param downloadOrigin - The same for download.
   */
  abstract attach(uploadOrigin: string, downloadOrigin: string): void;
  /** Follows changed settings; after new networks `attached` comes again. */
  abstract follow(change: Partial<SessionSettings>): void;
  /**
   * Sends one batch of encoded messages; `sent` follows. Only one at a time (P-76). The counter stays the same when
   * the same batch is tried again (P-71).
   */
  abstract send(groups: Uint8Array, counter: number): void;
  /** Ends the transport after everything on its way has arrived, and with `ended` the session; `outcome` follows. */
  abstract close(outcome: Outcome): void;
  /** Finds out soon whether the transport still works, after a wake signal. */
  abstract probe(): void;

  protected report(event: LinkEvent): void {
    this.#reports.push(event);
  }

  /** Networks were answered with `code`: running, whatever it is (S-14). */
  protected confirm(code: number): void {
    if (code !== ErrorCode.NETWORKS_SET) this.report({ type: 'error', code });
    this.report({ type: 'attached' });
  }

  /** Lets go of the transport; `type` is its last word. */
  protected finish(type: Outcome | 'gone'): void {
    this.traffic.clear();
    this.report({ type });
  }

  /** The transport failed; `code` is to be reported, 0 when there is nothing to say. */
  protected lose(code: number, spreadMs?: number): void {
    this.traffic.clear();
    this.report({ type: 'lost', code, spreadMs });
  }
}

/** Makes the links of one session on the relay; the result gives the one for the chosen transport. */
export type MakeLinks = (...host: ConstructorParameters<typeof Link>) => (useWebSocket: boolean) => Link;

/** Time for the relay to answer a batch: the bytes have to travel first, at no less than 20 KB/s. */
export function sendTimeoutMs(bytes: Uint8Array): number {
  return ANSWER_TIMEOUT_MS + bytes.length / 20;
}
