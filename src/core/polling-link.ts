import { parseBody } from './codec';
import { ErrorCode } from './errors';
import {
  ANSWER_TIMEOUT_MS,
  earlier,
  isDue,
  PROBE_TIMEOUT_MS,
  type Link,
  type LinkBatch,
  type LinkHost,
  type LinkTarget,
  type TransportEvent,
} from './link';
import { cancelRequest, downloadRequest, MAX_ANSWER_SIZE, readCode, readMessages } from './messages';
import { Upload } from './upload';

/** A download may take this much longer than it asked for before it counts as dead (T-9). */
const DOWNLOAD_SLACK_MS = 30_000;
const NETWORKS_TIMEOUT_MS = 15_000;
/** An 18 that comes sooner is a real second client, later it is a copy made on the way (T-10, P-111). */
const DUPLICATE_THRESHOLD_MS = 5000;
const TIMEOUT_DECREASE = 10;
const TIMEOUT_SLIPPAGE = 2;
const TIMEOUT_ERROR_WAIT = 5;
/** Least download timeout, in seconds (P-68, P-112). */
export const MIN_DOWNLOAD_TIMEOUT = 10;
/** Pause before the next poll when one came back empty sooner than this: a relay in trouble is not hammered. */
const EMPTY_POLL_MS = 1000;
/** A cancel that found no download ends the next one, for about a second (P-75). */
const STICKY_CANCEL_MS = 2000;

/** What long polling has to remember from one link to the next (P-110, section 6.1 on `z`). */
export interface PollingMemory {
  downloadCounter: number;
  previousStart: number;
  previousFailed: boolean;
  replaces: boolean;
  /** The session has had networks, so an empty set must be said. */
  hasNetworks: boolean;
}

export function newPollingMemory(): PollingMemory {
  return { downloadCounter: 0, previousStart: 0, previousFailed: false, replaces: false, hasNetworks: false };
}

interface Download {
  request: number;
  /** The networks it sets; undefined for a plain poll. */
  networks: readonly string[] | undefined;
  /** Start of this request, or of the one before when that failed: what an 18 is measured from (P-110). */
  measuredFrom: number;
  afterFailure: boolean;
  startedAt: number;
}

type Phase = 'joining' | 'polling' | 'closing' | 'dead';

/** A session on long polling (protocol sections 6, 13.2 and 16). */
export class PollingLink implements Link {
  readonly repeatable = true;
  #phase: Phase = 'joining';
  #target!: LinkTarget;
  #networks: readonly string[] = [];
  #joined = false;
  #attached = false;
  #closing: 'detached' | 'ended' = 'detached';
  #download: Download | undefined;
  #cancelling: number | undefined;
  readonly #upload: Upload;
  #downloadDue: number | undefined;
  #pollDue: number | undefined;
  #cancelDue: number | undefined;
  #cancelledAt = -Infinity;

  readonly #host: LinkHost;
  readonly #memory: PollingMemory;
  #timeout: number;

  constructor(
    host: LinkHost,
    memory: PollingMemory,
    timeout: number,
  ) {
    this.#host = host;
    this.#memory = memory;
    this.#timeout = timeout;
    this.#upload = new Upload(host);
  }

  attach(target: LinkTarget, now: number): void {
    this.#target = target;
    this.#networks = target.networks;
    this.#joined = target.networks.length === 0 && !this.#memory.hasNetworks;
    this.#poll(now);
    if (this.#joined) this.#confirm(ErrorCode.NETWORKS_SET);
  }

  join(networks: readonly string[], now: number): void {
    this.#networks = networks;
    this.#joined = false;
    this.#cancelPoll(now);
  }

  send(batch: LinkBatch, now: number): void {
    this.#upload.start(this.#target, batch, now);
  }

  detach(now: number): void {
    this.#close('detached', now);
  }

  end(now: number): void {
    this.#close('ended', now);
  }

  /** Cancelling asks for a sign of life without a risk: a living download ends at once, with all its data. */
  probe(now: number): void {
    if (this.#phase !== 'polling' || this.#cancelling !== undefined) return;
    this.#cancelPoll(now);
    if (this.#isCancelling()) this.#cancelDue = now + PROBE_TIMEOUT_MS;
  }

  #isCancelling(): boolean {
    return this.#cancelling !== undefined;
  }

  drop(): void {
    this.#phase = 'dead';
    this.#upload.drop();
    if (this.#download) this.#host.effect({ type: 'abort', request: this.#download.request });
    // A cancel on its way is left to arrive.
    this.#download = this.#cancelling = undefined;
    this.#downloadDue = this.#pollDue = this.#cancelDue = undefined;
  }

  setDownloadTimeout(seconds: number, now: number): void {
    this.#timeout = seconds;
    this.#cancelPoll(now);
  }

  get deadline(): number | undefined {
    const own = earlier(earlier(this.#downloadDue, this.#pollDue), this.#cancelDue);
    return earlier(own, this.#upload.deadline);
  }

  wake(now: number): void {
    this.#upload.wake(now);
    if (isDue(this.#cancelDue, now)) return this.#cancelFailed();
    if (isDue(this.#downloadDue, now)) return this.#pollFailed(ErrorCode.SUCCESS);
    if (isDue(this.#pollDue, now)) this.#poll(now);
  }

  input(event: TransportEvent, now: number): void {
    if (!('request' in event) || this.#phase === 'dead') return;
    if (event.request === this.#download?.request) return this.#downloadEnded(event, now);
    if (event.request === this.#cancelling) return this.#cancelEnded(event);
    if (this.#upload.input(event, now) === 'gone') this.#gone();
  }

  #poll(now: number): void {
    const memory = this.#memory;
    const networks = this.#joined ? undefined : this.#networks;
    this.#download = {
      request: this.#host.nextId(),
      networks,
      measuredFrom: memory.previousFailed ? memory.previousStart : now,
      afterFailure: memory.previousFailed,
      startedAt: now,
    };
    memory.previousStart = now;
    this.#pollDue = undefined;
    this.#downloadDue = now + (networks ? NETWORKS_TIMEOUT_MS : this.#timeout * 1000 + DOWNLOAD_SLACK_MS);
    const wish = networks ? { networks } : { timeout: this.#timeout, replaces: memory.replaces };
    const body = downloadRequest(this.#target.deviceId, wish, memory.downloadCounter++);
    if (!networks) memory.replaces = false;
    const url = `${this.#target.downloadOrigin}/Download`;
    this.#host.effect({ type: 'post', request: this.#download.request, url, body });
  }

  #cancelPoll(now: number): void {
    const cancellable = this.#download && !this.#download.networks && this.#cancelling === undefined;
    if (cancellable && this.#phase === 'polling') this.#cancel(false, now);
    else if (this.#pollDue !== undefined) this.#poll(now);
  }

  #cancel(endSession: boolean, now: number): void {
    this.#cancelling = this.#host.nextId();
    this.#cancelDue = now + ANSWER_TIMEOUT_MS;
    this.#cancelledAt = now;
    const body = cancelRequest(this.#target.deviceId, endSession, this.#upload.counter);
    const url = `${this.#target.uploadOrigin}/CancelDownload`;
    this.#host.effect({ type: 'post', request: this.#cancelling, url, body });
  }

  #close(outcome: 'detached' | 'ended', now: number): void {
    this.#phase = 'closing';
    this.#closing = outcome;
    this.#cancel(outcome === 'ended', now);
  }

  #finishClosing(): void {
    this.drop();
    this.#host.report({ type: this.#closing });
  }

  #cancelEnded(event: TransportEvent): void {
    this.#cancelling = undefined;
    if (event.type === 'failed') return this.#cancelFailed();
    if (this.#phase === 'closing' && !this.#download) this.#finishClosing();
  }

  /** The download did not end in time, or the relay was not reached: the transport is not to be trusted. */
  #cancelFailed(): void {
    if (this.#phase === 'closing') return this.#finishClosing();
    this.#pollFailed(ErrorCode.SUCCESS);
  }

  #downloadEnded(event: TransportEvent, now: number): void {
    const ended = this.#download;
    this.#download = this.#downloadDue = undefined;
    if (!ended || event.type !== 'answer') return this.#pollFailed(ErrorCode.UNREACHABLE);
    if (event.status !== 200) return this.#pollFailed(ErrorCode.UNREACHABLE);
    const fields = parseBody(event.body, { maxSize: MAX_ANSWER_SIZE });
    const code = readCode(fields);
    if (fields.fault || code === undefined) return this.#pollFailed(ErrorCode.INVALID_ANSWER);
    this.#memory.previousFailed = false;
    if (code === ErrorCode.SUCCESS) this.#host.report({ type: 'received', messages: readMessages(fields) });
    this.#answered(code, ended, now);
  }

  #answered(code: number, ended: Download, now: number): void {
    switch (code) {
      case ErrorCode.SUCCESS:
      case ErrorCode.NO_DATA:
        this.#host.report({ type: 'downloaded' });
        return this.#next(now, code === ErrorCode.NO_DATA && now - ended.startedAt < EMPTY_POLL_MS);
      case ErrorCode.NETWORKS_SET:
      case ErrorCode.SOME_NETWORKS_NOT_SET:
        return this.#networksAnswered(code, ended, now);
      case ErrorCode.DOWNLOAD_CANCELLED:
        return this.#next(now, now - this.#cancelledAt > STICKY_CANCEL_MS && now - ended.startedAt < EMPTY_POLL_MS);
      case ErrorCode.SESSION_EXPIRED:
        return this.#phase === 'closing' ? this.#finishClosing() : this.#gone();
      case ErrorCode.TWO_DOWNLOADS:
        return this.#duplicated(ended, now);
      default:
        return this.#pollFailed(code);
    }
  }

  #next(now: number, pause: boolean): void {
    if (this.#phase === 'closing') {
      // An end of session also waits for its own answer, so that the relay has surely heard it.
      if (this.#closing === 'detached' || this.#cancelling === undefined) this.#finishClosing();
      return;
    }
    this.#cancelDue = undefined;
    if (pause) this.#pollDue = now + EMPTY_POLL_MS;
    else this.#poll(now);
  }

  #networksAnswered(code: number, ended: Download, now: number): void {
    if (ended.networks === this.#networks) {
      this.#joined = true;
      this.#memory.hasNetworks ||= this.#networks.length > 0;
      this.#confirm(code);
    }
    this.#next(now, false);
  }

  #confirm(code: number): void {
    if (this.#phase === 'joining') this.#phase = 'polling';
    this.#host.report({ type: this.#attached ? 'joined' : 'attached', code });
    this.#attached = true;
  }

  #duplicated(ended: Download, now: number): void {
    const elapsed = now - ended.measuredFrom;
    if (elapsed < DUPLICATE_THRESHOLD_MS) return this.#gone();
    const margin = TIMEOUT_DECREASE + TIMEOUT_SLIPPAGE + (ended.afterFailure ? TIMEOUT_ERROR_WAIT : 0);
    const lowered = Math.max(MIN_DOWNLOAD_TIMEOUT, Math.floor(elapsed / 1000) - margin);
    if (lowered <= this.#timeout) {
      this.#timeout = lowered;
      this.#host.report({ type: 'lowered', downloadTimeout: lowered });
    }
    this.#memory.replaces = true;
    this.#next(now, false);
  }

  #pollFailed(code: number): void {
    if (this.#phase === 'closing') return this.#finishClosing();
    this.#memory.previousFailed = true;
    this.drop();
    this.#host.report({ type: 'lost', code });
  }

  #gone(): void {
    this.drop();
    this.#host.report({ type: 'gone' });
  }
}
