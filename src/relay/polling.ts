import { type Fields, parseBody } from '../core/codec';
import { ErrorCode } from '../core/errors';
import { encodeText } from '../core/text';
import { httpAnswer } from './answers';
import type { CoreContext } from './core-context';
import type { Deliveries } from './deliveries';
import type { Downloads } from './downloads';
import type { RequestInput } from './events';
import type { FieldReader } from './field-reader';
import type { NumberedPolling } from './numbered-polling';
import type { Resumption } from './resumption';
import type { SessionLife } from './session-life';
import type { PendingDownload, Session } from './sessions';
import { hasRepeatedKey } from './singular-keys';
import { readCounter, type Uploads } from './uploads';

export interface PollingParts {
  readonly context: CoreContext;
  readonly downloads: Downloads;
  readonly deliveries: Deliveries;
  readonly life: SessionLife;
  readonly uploads: Uploads;
  readonly resumption: Resumption;
  readonly numberedPolling: NumberedPolling;
  readonly reader: FieldReader;
}

/** `/Upload`, `/Download` and `/CancelDownload` (section 6 of the protocol). */
export class Polling {
  constructor(private readonly parts: PollingParts) {}

  take({ route, request, body, fault }: RequestInput): void {
    const isTooLarge = body.length > this.parts.context.limits.maxTransmissionSize;
    const fields = parseBody(body, { maxSize: body.length });
    const session = this.#sessionOf(fields);
    const code = findFault(fields, session, fault ?? (isTooLarge ? 'too-large' : undefined));
    // A session does not outlive its relay: its client logs in elsewhere and sends again. What is stored outlives it.
    const { isDraining, journal } = this.parts.context;
    if (route === 'upload' && isDraining && (journal === undefined || session?.resume === undefined))
      this.#refuse(route, request, ErrorCode.SESSION_EXPIRED);
    else if (session === undefined && code === ErrorCode.SESSION_EXPIRED && fields.has('xr'))
      this.#refuseResume(request, fields);
    else if (code !== undefined || session === undefined)
      this.#refuse(route, request, code ?? ErrorCode.SESSION_EXPIRED);
    else if (session.resume !== undefined && route !== 'cancel')
      this.parts.numberedPolling[route === 'upload' ? 'upload' : 'download'](session, session.resume, request, fields);
    else if (route === 'upload') this.#upload(session, request, fields);
    else if (route === 'cancel') this.#cancel(session, request, fields);
    else this.#download(session, request, fields);
  }

  #sessionOf(fields: Fields): Session | undefined {
    const id = fields.indexOf('id');
    return id < 0 ? undefined : this.parts.life.find(fields.raw(id));
  }

  #refuseResume(request: number, fields: Fields): void {
    const { context, life, resumption } = this.parts;
    const loss = resumption.lossFields(life.lossOf(fields.raw(fields.indexOf('id'))));
    context.answer(request, encodeText(`~e=${ErrorCode.RESUME_REFUSED}${loss}`));
  }

  #refuse(route: RequestInput['route'], request: number, code: number): void {
    const { context, downloads } = this.parts;
    const isHeld = route === 'download' && code !== ErrorCode.SESSION_EXPIRED;
    if (isHeld) downloads.holdError(request, code);
    else context.answer(request, httpAnswer(code));
  }

  #upload(session: Session, request: number, fields: Fields): void {
    const { context, life, uploads } = this.parts;
    life.usePolling(session, false);
    context.answer(request, httpAnswer(uploads.take(session, fields)));
  }

  #cancel(session: Session, request: number, fields: Fields): void {
    const { context, downloads, life, reader } = this.parts;
    context.answer(request, httpAnswer(ErrorCode.DOWNLOAD_CANCELLED));
    if (reader.first(fields, 'ts') === '1') return life.end(session, 'closed by the client');
    if (session.download === undefined)
      session.cancelledUntilMs = context.nowMs + context.limits.stickyCancelMs;
    downloads.end(session, ErrorCode.DOWNLOAD_CANCELLED);
    life.usePolling(session, false);
  }

  #download(session: Session, request: number, fields: Fields): void {
    const { context, downloads, life } = this.parts;
    const counter = readCounter(fields, 'z');
    const { download } = session;
    if (download !== undefined && !this.#mayReplace(download, counter, fields)) {
      const code = counter === download.counter ? ErrorCode.TWO_DOWNLOADS : ErrorCode.DOWNLOAD_CANCELLED;
      return context.answer(request, httpAnswer(code));
    }
    downloads.end(session, ErrorCode.DOWNLOAD_CANCELLED);
    life.usePolling(session, true);
    const isCancelled = context.nowMs < session.cancelledUntilMs;
    session.cancelledUntilMs = -Infinity;
    if (fields.has('n')) this.#setNetworks(session, request, fields);
    else if (isCancelled) context.answer(request, httpAnswer(ErrorCode.DOWNLOAD_CANCELLED));
    else this.#hold(session, request, counter, fields);
  }

  /** A newer request takes the place of the pending one; a copy that some box in between made does not (P-113). */
  #mayReplace(pending: PendingDownload, counter: number | undefined, fields: Fields): boolean {
    if (this.parts.reader.first(fields, 'r') === '1') return true;
    return counter === undefined || pending.counter === undefined || counter > pending.counter;
  }

  #setNetworks(session: Session, request: number, fields: Fields): void {
    const { context, life, reader } = this.parts;
    const allSet = life.setNetworks(session, reader.all(fields, 'n'));
    const code = allSet ? ErrorCode.NETWORKS_SET : ErrorCode.SOME_NETWORKS_NOT_SET;
    context.answer(request, httpAnswer(code));
  }

  #hold(session: Session, request: number, counter: number | undefined, fields: Fields): void {
    const { context, downloads, deliveries } = this.parts;
    if (context.isDraining) return context.answer(request, httpAnswer(ErrorCode.DOWNLOAD_CANCELLED));
    downloads.hold(session, request, counter, this.#timeoutOf(fields));
    if (session.queue.length > 0) deliveries.touch(session);
  }

  #timeoutOf(fields: Fields): number {
    const { defaultDownloadTimeout, minDownloadTimeout, maxDownloadTimeout } = this.parts.context.limits;
    const wish = readCounter(fields, 't') ?? defaultDownloadTimeout;
    return Math.min(Math.max(wish, minDownloadTimeout), maxDownloadTimeout);
  }
}

function findFault(
  fields: Fields,
  session: Session | undefined,
  fault: RequestInput['fault'],
): number | undefined {
  if (hasRepeatedKey(fields)) return ErrorCode.PROTOCOL;
  if (session === undefined) return fields.has('id') ? ErrorCode.SESSION_EXPIRED : ErrorCode.PROTOCOL;
  if (fault === 'too-large') return ErrorCode.RECIPIENT_NOT_REACHED;
  if (fault === 'anonymous') return ErrorCode.PROTOCOL;
  return fields.fault === undefined || fields.fault === 'cut' ? undefined : ErrorCode.PROTOCOL;
}
