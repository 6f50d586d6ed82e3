import type { Fields } from '../core/codec';
import { ErrorCode } from '../core/errors';
import { encodeText } from '../core/text';
import { codeAnswer } from './answers';
import type { CoreContext } from './core-context';
import type { Deliveries } from './deliveries';
import type { Downloads } from './downloads';
import type { FieldReader } from './field-reader';
import type { NumberedMessages } from './numbered-messages';
import type { AttachClaim, ResumeState } from './resume-state';
import type { Resumption } from './resumption';
import type { SessionLife } from './session-life';
import type { Session } from './sessions';
import { readCounter } from './uploads';

/** Seconds a download is held when it does not say, and at most. */
const HOLD_SECONDS = 25;
const MAX_HOLD_SECONDS = 50;

export interface NumberedPollingParts {
  readonly context: CoreContext;
  readonly downloads: Downloads;
  readonly deliveries: Deliveries;
  readonly life: SessionLife;
  readonly reader: FieldReader;
  readonly resumption: Resumption;
  readonly numbered: NumberedMessages;
}

/** Long polling of sessions with the extension (section 5.2, X-21 to X-24). */
export class NumberedPolling {
  constructor(private readonly parts: NumberedPollingParts) {}

  upload(session: Session, resume: ResumeState, request: number, fields: Fields): void {
    const { context, life, numbered } = this.parts;
    context.counters.uploads += 1;
    life.usePolling(session, false);
    const received = readCounter(fields, 'xh');
    if (received !== undefined) resume.acknowledge(received);
    const first = readCounter(fields, 'xq');
    // One upload is on its way at a time: the answers to all before it have arrived.
    if (first !== undefined && first > 0) resume.up.confirm(Math.min(first - 1, resume.up.last));
    const refused: number[] = [];
    let code: number = ErrorCode.SUCCESS;
    const outcome = numbered.take(
      session,
      resume,
      fields,
      () => undefined,
      (number, refusal) => {
        refused.push(number);
        // One code stands for all of them.
        code = refused.length === 1 || code === refusal ? refusal : ErrorCode.RECIPIENT_NOT_REACHED;
      },
    );
    if (outcome.code !== ErrorCode.SUCCESS) code = outcome.code;
    const upTo = outcome.code === ErrorCode.SUCCESS ? outcome.first + outcome.count - 1 : resume.up.lastSafe;
    const names = refused.map((number) => `~xq=${number}`).join('');
    context.answer(request, encodeText(`~e=${code}~xh=${upTo}${names}`));
  }

  download(session: Session, resume: ResumeState, request: number, fields: Fields): void {
    const claim = this.parts.resumption.claimOf(fields);
    if (claim !== undefined) return this.#attach(session, resume, request, fields, claim);
    const { context, downloads, life, deliveries } = this.parts;
    const counter = readCounter(fields, 'z');
    if (!resume.isPolling) return this.#refuse(session, request, ErrorCode.RESUME_REFUSED);
    if (counter === undefined || counter <= resume.counter)
      return this.#refuse(session, request, ErrorCode.NO_DATA);
    resume.counter = counter;
    downloads.end(session, ErrorCode.NO_DATA);
    life.usePolling(session, true);
    const received = readCounter(fields, 'xh') ?? 0;
    if (received <= resume.ring.highestSent) {
      resume.acknowledge(received);
      resume.ring.rewind(received);
    }
    const isCancelled = context.nowMs < session.cancelledUntilMs;
    session.cancelledUntilMs = -Infinity;
    if (fields.has('n')) return this.#setNetworks(session, request, fields);
    if (isCancelled || context.isDraining)
      return context.answer(request, codeAnswer(session, ErrorCode.DOWNLOAD_CANCELLED));
    const wish = readCounter(fields, 't') ?? HOLD_SECONDS;
    downloads.hold(session, request, counter, Math.min(wish, MAX_HOLD_SECONDS));
    if (resume.ring.hasUnsent) deliveries.touch(session);
  }

  /** The first download binds the session to long polling, and is answered at once. */
  #attach(
    session: Session,
    resume: ResumeState,
    request: number,
    fields: Fields,
    claim: AttachClaim,
  ): void {
    const { context, downloads, life, deliveries, resumption } = this.parts;
    const code = resumption.judge(session, resume, claim);
    if (code !== ErrorCode.SUCCESS) return this.#refuse(session, request, code);
    const token = `~xr=${resumption.accept(session, resume, claim)}`;
    downloads.end(session, ErrorCode.NO_DATA);
    life.usePolling(session, true);
    resume.isPolling = true;
    session.cancelledUntilMs = -Infinity;
    if (fields.has('n')) this.#setNetworks(session, request, fields, token);
    else context.answer(request, deliveries.takeBody(resume, token));
  }

  #setNetworks(session: Session, request: number, fields: Fields, token = ''): void {
    const { context, life, reader } = this.parts;
    const allSet = life.setNetworks(session, reader.all(fields, 'n'));
    const code = allSet ? ErrorCode.NETWORKS_SET : ErrorCode.SOME_NETWORKS_NOT_SET;
    context.answer(request, codeAnswer(session, code, token));
  }

  #refuse(session: Session, request: number, code: number): void {
    const { context, resumption } = this.parts;
    context.answer(request, codeAnswer(session, code, resumption.refusalFields(code, session.resume!)));
  }
}
