import { parseBody } from './codec';
import { ErrorCode } from './errors';
import { isDue, sendTimeoutMs, type LinkBatch, type LinkHost, type LinkTarget, type TransportEvent } from './link';
import { MAX_ANSWER_SIZE, readCode, uploadRequest } from './messages';

/** Re-sends of one upload after the first try (T-11, P-71). */
const MAX_RETRIES = 3;
const RETRY_PAUSE_MS = 1000;
/** An upload may open a connection first; the legacy client has no limit at all (P-43). */
const UPLOAD_TIMEOUT_FACTOR = 3;

/** Codes that end an upload; every other answer is tried again with the same counter, which the relay recognises. */
const FINAL = new Set<number>([ErrorCode.SUCCESS, ErrorCode.RECIPIENT_NOT_REACHED, ErrorCode.SESSION_EXPIRED]);
/** Codes that are reported as they are when the retries are used up; others become 3 (P-71). */
const KNOWN = new Set<number>([ErrorCode.UNKNOWN, ErrorCode.PROTOCOL, ErrorCode.UNREACHABLE]);

/** One upload at a time, with its re-sends (protocol section 6.2). */
export class Upload {
  #url = '';
  #body: Uint8Array | undefined;
  #request: number | undefined;
  #retries = 0;
  #due: number | undefined;
  /** Counter of the last upload, which a cancel repeats (section 6.3). */
  counter = 0;

  readonly #host: LinkHost;

  constructor(host: LinkHost) {
    this.#host = host;
  }

  start(target: LinkTarget, batch: LinkBatch, now: number): void {
    this.#url = `${target.uploadOrigin}/Upload`;
    this.#body = uploadRequest(target.deviceId, batch.groups, batch.counter);
    this.counter = batch.counter;
    this.#retries = 0;
    this.#post(now);
  }

  get deadline(): number | undefined {
    return this.#due;
  }

  wake(now: number): void {
    if (!isDue(this.#due, now)) return;
    if (this.#request === undefined) return this.#post(now);
    this.#host.effect({ type: 'abort', request: this.#request });
    this.#failed(ErrorCode.UNREACHABLE, now);
  }

  /** `gone` when the relay does not know the session any more. */
  input(event: TransportEvent, now: number): 'gone' | undefined {
    if (!('request' in event) || event.request !== this.#request) return undefined;
    const code = event.type === 'answer' ? answerCode(event.status, event.body) : ErrorCode.UNREACHABLE;
    // 15 answers a cancel; on an upload it says nothing and the legacy client goes on (section 6.2).
    if (FINAL.has(code) || code === ErrorCode.DOWNLOAD_CANCELLED) {
      this.#settle(code === ErrorCode.DOWNLOAD_CANCELLED ? ErrorCode.SUCCESS : code);
      return code === ErrorCode.SESSION_EXPIRED ? 'gone' : undefined;
    }
    this.#failed(code, now);
    return undefined;
  }

  drop(): void {
    if (this.#request !== undefined) this.#host.effect({ type: 'abort', request: this.#request });
    this.#body = this.#request = this.#due = undefined;
  }

  #post(now: number): void {
    const body = this.#body;
    if (!body) return;
    this.#request = this.#host.nextId();
    this.#due = now + UPLOAD_TIMEOUT_FACTOR * sendTimeoutMs(body.length);
    this.#host.effect({ type: 'post', request: this.#request, url: this.#url, body });
  }

  #failed(code: number, now: number): void {
    this.#request = undefined;
    if (this.#retries++ >= MAX_RETRIES) return this.#settle(KNOWN.has(code) ? code : ErrorCode.INVALID_ANSWER);
    this.#due = now + RETRY_PAUSE_MS;
  }

  #settle(code: number): void {
    this.#body = this.#request = this.#due = undefined;
    this.#host.report({ type: 'sent', code });
  }
}

function answerCode(status: number, body: Uint8Array): number {
  if (status !== 200) return ErrorCode.UNREACHABLE;
  const fields = parseBody(body, { maxSize: MAX_ANSWER_SIZE });
  return (fields.fault ? undefined : readCode(fields)) ?? ErrorCode.INVALID_ANSWER;
}
