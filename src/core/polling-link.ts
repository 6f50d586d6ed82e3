import type { Fields } from './codec';
import { ErrorCode } from './errors';
import {
  ANSWER_TIMEOUT_MS,
  Link,
  PROBE_TIMEOUT_MS,
  sendTimeoutMs,
  type Outcome,
  type SessionSettings,
} from './link';
import { readMessages } from './messages';
import {
  cancelRequest,
  DEFAULT_DOWNLOAD_TIMEOUT,
  downloadRequest,
  MIN_DOWNLOAD_TIMEOUT,
  uploadRequest,
  type FirstNumbers,
} from './requests';

/** A download may take this much longer than it asked for before it counts as dead (T-9). */
const DOWNLOAD_SLACK_MS = 30_000;
const QUICK_SLACK_MS = 3000;
const NETWORKS_TIMEOUT_MS = 15_000;
/** An 18 that comes sooner is a real second client, later it is a copy made on the way (T-10, P-111). */
const DUPLICATE_THRESHOLD_MS = 5000;
/** Seconds by which a copied download was too long: decrease and slippage, and the wait after a failure (T-10). */
const TIMEOUT_MARGIN = 12;
const TIMEOUT_ERROR_WAIT = 5;
/** Pause before the next poll when one came back empty sooner than this: a relay in trouble is not hammered. */
const EMPTY_POLL_MS = 1000;
/** A cancel that found no download ends the next one, for about a second (P-75). */
const STICKY_CANCEL_MS = 2000;
/** Re-sends of one upload after the first try (T-11, P-71). */
const MAX_RETRIES = 3;
const RETRY_PAUSE_MS = 1000;
/** An upload may open a connection first; the legacy client has no limit at all (P-43). */
const UPLOAD_TIMEOUT_FACTOR = 3;

/** Codes that end an upload; every other answer is tried again with the same counter, which the relay recognises. */
const FINAL: readonly number[] = [
  ErrorCode.SUCCESS,
  ErrorCode.RECIPIENT_NOT_REACHED,
  ErrorCode.SESSION_EXPIRED,
  ErrorCode.SEQUENCE_GAP,
  ErrorCode.NOT_STORED,
  ErrorCode.RESUME_REFUSED,
  ErrorCode.TOO_LARGE,
];
/**
 * How long a relay with the extension is asked to hold a download: so that a dead link is noticed within 10 seconds
 * and in a page that nobody sees. It holds none for longer than the last.
 */
const HOLD_SECONDS = 6;
const HIDDEN_HOLD_SECONDS = 25;
const MAX_HOLD_SECONDS = 50;
/** Codes that are reported as they are when the retries are used up; others become 3 (P-71). */
const KNOWN: readonly number[] = [ErrorCode.UNKNOWN, ErrorCode.PROTOCOL, ErrorCode.UNREACHABLE];

/** What an upload without the extension comes to. */
function plainOutcome(code: number, isRepeated: boolean): number {
  // 15 answers a cancel; on an upload it says nothing and the legacy client goes on (section 6.2).
  if (code === ErrorCode.DOWNLOAD_CANCELLED) return ErrorCode.SUCCESS;
  // An earlier try may have been delivered before the session ended: in doubt, so not to be sent once more.
  if (code === ErrorCode.SESSION_EXPIRED && isRepeated) return ErrorCode.UNREACHABLE;
  return FINAL.includes(code) || KNOWN.includes(code) ? code : ErrorCode.INVALID_ANSWER;
}

/** A session on long polling (protocol sections 6, 13.2 and 16). */
export class PollingLink extends Link {
  readonly repeatable = true;
  #uploadOrigin = '';
  #downloadOrigin = '';
  /** The networks that the relay has confirmed. */
  #joined: readonly string[] | undefined;
  /** The session has had networks, so an empty set must be said. */
  #hasNetworks = false;
  #uploadCounter = 0;
  /** Counter of the last batch given to `send`. */
  #tried: number | undefined;
  #isDownloading = false;
  /** Bound to the session; with the extension, the first download does it. */
  #isAttached = false;
  /** The networks that the download sets; undefined for a plain poll. */
  #asked: readonly string[] | undefined;
  #startedAt = 0;
  /** Seconds that the download asked for, and what somebody on the way lets pass. */
  #holdSeconds = 0;
  #maxHoldSeconds = Infinity;
  /** Start of the download before, when that failed: what an 18 is measured from (P-110). */
  #failedStart: number | undefined;
  #replaces = false;
  /** The download ends soon: it was cancelled, or has networks, which the relay answers at once. */
  #isEnding = false;
  #cancelledAt = -Infinity;
  #pendingCancels = 0;

  attach(uploadOrigin: string, downloadOrigin: string): void {
    this.#uploadOrigin = uploadOrigin;
    this.#downloadOrigin = downloadOrigin;
    this.closing = undefined;
    this.#pendingCancels = 0;
    this.isBusy = false;
    const { networkNames } = this.settings;
    const hasNone = networkNames.length === 0 && !this.#hasNetworks;
    this.#joined = (this.resume.grant && this.resume.networks) ?? (hasNone ? networkNames : undefined);
    this.#isAttached = !this.resume.grant;
    this.#poll();
    if (hasNone && this.#isAttached) this.report({ type: 'attached' });
  }

  follow({ networkNames, downloadTimeout }: Partial<SessionSettings>): void {
    if (networkNames !== undefined || downloadTimeout !== undefined) this.#pollAnew(ANSWER_TIMEOUT_MS);
  }

  send(groups: Uint8Array, numbers: FirstNumbers, counter: number): void {
    this.isBusy = true;
    // A batch that was tried before the transport failed has one try less.
    const retries = this.#tried === counter ? MAX_RETRIES - 1 : MAX_RETRIES;
    this.#tried = this.#uploadCounter = counter;
    this.#upload(uploadRequest(this.deviceId, groups, numbers, counter, this.resume), retries);
  }

  close(outcome: Outcome): void {
    this.closing = outcome;
    this.#cancel(outcome === 'ended', ANSWER_TIMEOUT_MS);
  }

  /** Cancelling asks for a sign of life without a risk: a living download ends at once, with all its data. */
  probe(): void {
    this.#pollAnew(PROBE_TIMEOUT_MS);
  }

  #upload(body: Uint8Array, retries: number): void {
    const timeoutMs = UPLOAD_TIMEOUT_FACTOR * sendTimeoutMs(body);
    const { grant } = this.resume;
    this.traffic.post(`${this.#uploadOrigin}/Upload`, body, timeoutMs, (code = ErrorCode.UNREACHABLE, fields) => {
      const isOver = FINAL.includes(code) || (!grant && code === ErrorCode.DOWNLOAD_CANCELLED);
      if (!isOver && retries > 0) {
        return this.traffic.after('upload', RETRY_PAUSE_MS, () => this.#upload(body, retries - 1));
      }
      this.isBusy = false;
      // A body that the relay did not read gets 2, and no word on its numbers.
      const isTooLarge = code === ErrorCode.TOO_LARGE || (grant && code === ErrorCode.RECIPIENT_NOT_REACHED);
      if (isTooLarge && !fields?.has('xh')) this.report({ type: 'too-large' });
      else if (!grant) this.report({ type: 'answered', code: plainOutcome(code, retries < MAX_RETRIES) });
      else if (isOver && fields) this.sent(code, fields);
      else this.lose(code);
    });
  }

  #poll(): void {
    const { networkNames } = this.settings;
    this.#isDownloading = true;
    this.#startedAt = this.traffic.now;
    this.#asked = this.#joined === networkNames ? undefined : networkNames;
    this.#isEnding = this.#asked !== undefined;
    const measuredFrom = this.#failedStart ?? this.#startedAt;
    const timeoutMs = this.#chooseHold();
    const wish = {
      networks: this.#asked,
      timeout: this.#holdSeconds,
      replaces: this.#replaces,
      counter: this.traffic.polls++,
      attaches: !this.#isAttached,
    };
    this.#isEnding ||= wish.attaches;
    this.traffic.post(
      `${this.#downloadOrigin}/Download`,
      downloadRequest(this.deviceId, wish, this.resume),
      this.#isEnding ? NETWORKS_TIMEOUT_MS : timeoutMs,
      (code, fields) => this.#downloaded(code, fields, measuredFrom),
    );
    this.#replaces &&= this.#isEnding;
  }

  /** @returns How long the answer may take. */
  #chooseHold(): number {
    const { downloadTimeout, isHidden } = this.settings;
    this.#holdSeconds = downloadTimeout;
    if (!this.resume.grant) return downloadTimeout * 1000 + DOWNLOAD_SLACK_MS;
    const hasChosen = downloadTimeout !== DEFAULT_DOWNLOAD_TIMEOUT;
    const isQuick = !hasChosen && !isHidden();
    if (!hasChosen) this.#holdSeconds = isQuick ? HOLD_SECONDS : HIDDEN_HOLD_SECONDS;
    this.#holdSeconds = Math.min(this.#holdSeconds, this.#maxHoldSeconds);
    return Math.min(this.#holdSeconds, MAX_HOLD_SECONDS) * 1000 + (isQuick ? QUICK_SLACK_MS : DOWNLOAD_SLACK_MS);
  }

  /** Ends the download there is, so that the next one follows the settings. */
  #pollAnew(timeoutMs: number): void {
    if (this.closing) return;
    if (!this.#isDownloading) {
      this.traffic.stop('poll');
      this.#poll();
    } else if (!this.#isEnding) this.#cancel(false, timeoutMs);
  }

  #cancel(endSession: boolean, timeoutMs: number): void {
    this.#isEnding = true;
    this.#cancelledAt = this.traffic.now;
    this.#pendingCancels++;
    // A download that does not end in time: the transport is not to be trusted.
    this.traffic.after('cancel', timeoutMs, () => this.#failed(ErrorCode.SUCCESS));
    const url = `${this.#uploadOrigin}/CancelDownload`;
    const body = cancelRequest(this.deviceId, endSession, this.#uploadCounter);
    const done = (): void => {
      this.#pendingCancels--;
      this.#finishClosing();
    };
    this.traffic.post(url, body, ANSWER_TIMEOUT_MS, done, true);
  }

  /** An end of session also waits for its own answer, so that the relay has surely heard it. */
  #finishClosing(): void {
    if (!this.closing || this.#isDownloading) return;
    if (this.closing === 'detached' || this.#pendingCancels === 0) this.over({ type: this.closing });
  }

  #downloaded(code: number | undefined, fields: Fields | undefined, measuredFrom: number): void {
    this.#isDownloading = false;
    this.traffic.stop('cancel');
    if (fields) this.#takeAnswer(code, fields);
    if (this.closing) return this.#finishClosing();
    switch (code) {
      case ErrorCode.SUCCESS:
        this.traffic.counters.download++;
        break;
      case ErrorCode.NO_DATA:
        if (this.isOvertaken(fields)) return this.leave(ErrorCode.INSTANCE_IN_USE);
        this.traffic.counters.download++;
        return this.#pollSoon();
      case ErrorCode.DOWNLOAD_CANCELLED:
        return this.#pollSoon();
      case ErrorCode.NETWORKS_SET:
      case ErrorCode.SOME_NETWORKS_NOT_SET:
        this.#networksAnswered(code);
        break;
      case ErrorCode.TWO_DOWNLOADS:
        if (this.traffic.now - measuredFrom < DUPLICATE_THRESHOLD_MS) return this.leave(ErrorCode.SESSION_EXPIRED);
        this.#lowerTimeout(measuredFrom);
        break;
      case ErrorCode.SESSION_EXPIRED:
      case ErrorCode.RESUME_REFUSED:
      case ErrorCode.INSTANCE_IN_USE:
        return this.leave(code, fields);
      default:
        return this.#failed(code ?? ErrorCode.SUCCESS);
    }
    this.#failedStart = undefined;
    this.#poll();
  }

  /** What an answer holds beside its code: the relay's acknowledgement, its token, and items (section 5.2). */
  #takeAnswer(code: number | undefined, fields: Fields): void {
    const { grant } = this.resume;
    const first = fields.indexOf('rt');
    if (grant && fields.has('xh')) {
      grant.token = fields.first('xr') ?? grant.token;
      this.sent(ErrorCode.SUCCESS, fields);
    }
    if (grant) this.#takeItems(fields, first);
    else if (code === ErrorCode.SUCCESS) this.report({ type: 'received', messages: readMessages(fields) });
    if (!grant || this.#isAttached || !fields.has('xr')) return;
    this.#isAttached = true;
    if (!this.#asked) this.confirm(ErrorCode.NETWORKS_SET);
  }

  #takeItems(fields: Fields, first: number): void {
    for (let start = first; start >= 0; ) {
      const next = fields.indexOf('rt', start + 1);
      this.takeItem(fields, start, next < 0 ? fields.length : next);
      start = next;
    }
  }

  #pollSoon(): void {
    this.#failedStart = undefined;
    const { now } = this.traffic;
    const isTooSoon = now - this.#startedAt < EMPTY_POLL_MS && now - this.#cancelledAt > STICKY_CANCEL_MS;
    if (isTooSoon) this.traffic.after('poll', EMPTY_POLL_MS, () => this.#poll());
    else this.#poll();
  }

  #networksAnswered(code: number): void {
    const { networkNames } = this.settings;
    if (this.#asked !== networkNames) return;
    this.#joined = this.resume.networks = networkNames;
    this.#hasNetworks ||= networkNames.length > 0;
    this.confirm(code);
  }

  #lowerTimeout(measuredFrom: number): void {
    const { settings } = this;
    const margin = TIMEOUT_MARGIN + (measuredFrom < this.#startedAt ? TIMEOUT_ERROR_WAIT : 0);
    const lowered = Math.floor((this.traffic.now - measuredFrom) / 1000) - margin;
    settings.downloadTimeout = Math.min(settings.downloadTimeout, Math.max(MIN_DOWNLOAD_TIMEOUT, lowered));
    this.#replaces = true;
  }

  #failed(code: number): void {
    this.#failedStart = this.#startedAt;
    // Somebody on the way ends waiting requests early: the next ones are shorter.
    const seconds = Math.floor((this.traffic.now - this.#startedAt) / 1000);
    if (this.resume.grant && seconds > MIN_DOWNLOAD_TIMEOUT && seconds < this.#holdSeconds) {
      this.#maxHoldSeconds = Math.max(MIN_DOWNLOAD_TIMEOUT, seconds - TIMEOUT_MARGIN);
    }
    if (this.closing) this.over({ type: this.closing });
    else this.lose(code);
  }
}
