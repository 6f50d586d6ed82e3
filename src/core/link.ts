import type { Fields } from './codec';
import { ErrorCode } from './errors';
import { readMessages, readNumber, type IncomingMessage } from './messages';
import type { FirstNumbers } from './requests';
import type { Gap, Resume } from './resume';
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
  /** Whether nobody looks: then a dead link may be noticed later, for less traffic. */
  readonly isHidden: () => boolean;
}

/** What a link tells its session. */
export type LinkEvent = StateEvent | TrafficEvent;

/** What moves the session to another state. */
export type StateEvent =
  /** Bound and its networks set, for the first time or anew. */
  | { type: 'attached' }
  | { type: Outcome }
  /** The relay does not know the session any more (12, 32). */
  | { type: 'gone'; code: number; reason: string }
  /** The transport failed; the session may live. `spreadMs`: the time over which the relay wants its clients back. */
  | { type: 'lost'; code: number; spreadMs: number | undefined };

/** What was sent, and what came. */
export type TrafficEvent =
  /** What a relay without the extension says of the batch under way. */
  | { type: 'answered'; code: number }
  /** With the extension: the last message that the relay has taken (NaN: nothing new), and those that `code` is about. */
  | { type: 'taken'; code: number; upTo: number; refused: number[] }
  /** Something on the way does not let the batch under way through. */
  | { type: 'too-large' }
  /** What became of a message that was to be delivered, by the number this client gave it. */
  | { type: 'receipt'; number: number; code: number }
  | { type: 'gap'; gap: Gap }
  | { type: 'received'; messages: IncomingMessage[] }
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
  protected readonly resume: Resume;
  protected closing: Outcome | undefined;
  /** Takes no further batch before the answer to the last one. */
  isBusy = false;

  constructor(traffic: Traffic, settings: SessionSettings, reports: LinkEvent[], deviceId: string, resume: Resume) {
    this.traffic = traffic;
    this.settings = settings;
    this.#reports = reports;
    this.deviceId = deviceId;
    this.resume = resume;
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
   * Sends one batch of encoded messages; `sent` follows. Only while the link is not busy (P-76). The counter stays the same
   * when the same batch is tried again (P-71).
   */
  abstract send(groups: Uint8Array, numbers: FirstNumbers, counter: number): void;
  /** Ends the transport after everything on its way has arrived, and with `ended` the session; `outcome` follows. */
  abstract close(outcome: Outcome): void;
  /** Finds out soon whether the transport still works, after a wake signal. */
  abstract probe(): void;

  protected report(event: LinkEvent): void {
    this.#reports.push(event);
  }

  /** An answer to what was sent: without the extension to the one batch under way, with it up to a number. */
  protected sent(code: number, fields: Fields): void {
    if (!this.resume.grant) return this.report({ type: 'answered', code });
    // Beside success, as in a download, `xq` numbers what the relay sends.
    const refused = code === ErrorCode.SUCCESS ? [] : fields.all('xq').map(Number);
    this.report({ type: 'taken', code, upTo: readNumber(fields, 'xh'), refused });
  }

  /** What the relay sends of its own accord: messages, gaps and receipts. `start` is the place of its `rt` field. */
  protected takeItem(fields: Fields, start: number, end: number): void {
    const type = fields.text(start);
    if (type === 'r') {
      const messages = readMessages(fields, start, end);
      const first = readNumber(fields, 'xq', start);
      this.report({ type: 'received', messages: first ? this.resume.accept(first, messages) : messages });
    } else if (type === 'g') {
      const gap = this.resume.skip(fields.text(fields.indexOf('xg', start)));
      if (gap) this.report({ type: 'gap', gap });
    } else if (type === 'd' && this.resume.take(readNumber(fields, 'xq', start))) {
      const code = readNumber(fields, 'e', start);
      this.report({ type: 'receipt', number: readNumber(fields, 'xn', start), code });
    }
  }

  /** Networks were answered with `code`: running, whatever it is (S-14). */
  protected confirm(code: number): void {
    if (code !== ErrorCode.NETWORKS_SET) this.report({ type: 'error', code });
    this.report({ type: 'attached' });
  }

  /** Lets go of the transport, with its last word. */
  protected over(event: LinkEvent): void {
    this.traffic.clear();
    this.report(event);
  }

  /** Whether a number was refused because somebody else has counted on: whoever has the token. */
  protected isOvertaken(fields: Fields | undefined): boolean {
    return fields !== undefined && readNumber(fields, 'z') > this.resume.attaches;
  }

  /** The session is not there any more. */
  protected leave(code: number, fields?: Fields): void {
    const lost = this.resume.grant ? 'expired' : 'plain';
    this.over({ type: 'gone', code, reason: fields?.first('xg')?.split(':')[1] ?? lost });
  }

  /** The transport failed; `code` is to be reported, 0 when there is nothing to say. */
  protected lose(code: number, spreadMs?: number): void {
    this.over({ type: 'lost', code, spreadMs });
  }
}

/** Makes the links of one session on the relay; the result gives the one for the chosen transport. */
export type MakeLinks = (...host: ConstructorParameters<typeof Link>) => (useWebSocket: boolean) => Link;

export function webSocketUrl(origin: string): string {
  return `${origin.replace('http', 'ws')}/api/WebSocket`;
}

/** Time for the relay to answer a batch: the bytes have to travel first, at no less than 20 KB/s. */
export function sendTimeoutMs(bytes: Uint8Array): number {
  return ANSWER_TIMEOUT_MS + bytes.length / 20;
}
