import { Fields, MAX_FIELDS, MessageSplitter } from '../core/codec';
import { ErrorCode } from '../core/errors';
import { TERMINATOR } from '../core/fields';
import { decodeText } from '../core/text';
import {
  type AnswerKind,
  KEEP_ALIVE_ANSWER,
  refusedAnswer,
  resumedAnswer,
  takenAnswer,
  webSocketAnswer,
} from './answers';
import { CloseCode } from './close-codes';
import type { CoreContext } from './core-context';
import type { Deliveries } from './deliveries';
import type { FieldReader } from './field-reader';
import type { Entry } from './out-queue';
import type { Publisher } from './publisher';
import { readCounter } from './uploads';
import type { NumberedMessages } from './numbered-messages';
import type { ResumeState } from './resume-state';
import type { Renewals } from './renewals';
import type { LossReason, Resumption } from './resumption';
import type { SessionLife } from './session-life';
import type { Session, Transport } from './sessions';
import type { Transports } from './transports';

export interface WebSocketParts {
  readonly context: CoreContext;
  readonly transports: Transports;
  readonly deliveries: Deliveries;
  readonly life: SessionLife;
  readonly publisher: Publisher;
  readonly reader: FieldReader;
  readonly resumption: Resumption;
  readonly numbered: NumberedMessages;
  readonly renewals: Renewals;
}

type MessageKind = 'auth' | 'networks' | 'close' | 'send' | 'keep-alive' | 'unknown';

/** What arrives over WebSockets: cut into messages, told apart by their keys (P-56), answered. */
export class WebSocketMessages {
  /** Of a message that lies whole in what came. */
  readonly #fields = new Fields(MAX_FIELDS);
  /** Serves all transports that are between two messages; one inside a message keeps its own. */
  #splitter: MessageSplitter;
  #heldBytes = 0;

  constructor(private readonly parts: WebSocketParts) {
    this.#splitter = this.#newSplitter();
  }

  /** Bytes of unfinished messages. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  receive(transport: Transport, bytes: Uint8Array, start: number, end: number): void {
    if (!isReading(transport)) return;
    const at = transport.splitter === undefined ? this.#takeWhole(transport, bytes, start, end) : start;
    if (at < end) this.#takeSplit(transport, bytes.subarray(at, end));
    this.#checkAnonymous(transport, end - start);
  }

  /** Gives up what is held for a transport. */
  forget(transport: Transport): void {
    this.#heldBytes -= transport.heldBytes;
    transport.heldBytes = 0;
    transport.splitter = undefined;
    this.parts.renewals.forget(transport);
  }

  /**
   * Takes messages as long as they lie whole in the bytes and have no fault: no splitter needs to know of them.
   *
   * @returns Where the first other one begins; `end` when nothing is to be read any more.
   */
  #takeWhole(transport: Transport, bytes: Uint8Array, start: number, end: number): number {
    const { maxTransmissionSize } = this.parts.context.limits;
    const fields = this.#fields;
    let at = start;
    while (at < end) {
      const next = fields.readTerminated(bytes, at, end) + TERMINATOR.length;
      if (next < TERMINATOR.length || next - at > maxTransmissionSize) break;
      at = next;
      this.#take(transport, fields);
      if (!isReading(transport)) return end;
    }
    return at;
  }

  #takeSplit(transport: Transport, bytes: Uint8Array): void {
    const splitter = transport.splitter ?? this.#splitter;
    splitter.push(bytes);
    let fields = splitter.next();
    while (fields !== undefined) {
      this.#take(transport, fields);
      if (!isReading(transport)) {
        this.forget(transport);
        if (splitter === this.#splitter) this.#splitter = this.#newSplitter();
        return;
      }
      fields = splitter.next();
    }
    this.#keep(transport, splitter);
  }

  #keep(transport: Transport, splitter: MessageSplitter): void {
    const held = splitter.pendingBytes;
    this.#heldBytes += held - transport.heldBytes;
    transport.heldBytes = held;
    if (held > 0 && transport.splitter === undefined) {
      transport.splitter = splitter;
      this.#splitter = this.#newSplitter();
    } else if (held === 0) {
      transport.splitter = undefined;
    }
    if (this.#heldBytes > this.parts.context.limits.maxHeldInput) {
      this.#close(transport, CloseCode.TRY_LATER, 'too much input at once');
    }
  }

  #checkAnonymous(transport: Transport, length: number): void {
    if (transport.state !== 'open') return;
    transport.anonymousBytes += length;
    if (transport.anonymousBytes <= this.parts.context.limits.maxAnonymousSize) return;
    this.#close(transport, CloseCode.TOO_LARGE, 'too much before authentication');
  }

  #take(transport: Transport, fields: Fields): void {
    if (fields.fault === 'too-large') return this.#close(transport, CloseCode.TOO_LARGE, 'message too large');
    const { session } = transport;
    const resume = session?.resume;
    const kind = kindOf(fields, resume !== undefined);
    if (kind === 'auth') return this.#authenticate(transport, fields);
    if (session !== undefined && resume !== undefined) this.#acknowledge(resume, fields);
    if (session === undefined) this.#takeAnonymous(transport, kind, fields);
    else if (kind === 'close') this.#takeClose(session, transport, fields);
    else if (kind === 'send' && resume !== undefined) this.#publishNumbered(session, resume, fields);
    else if (kind === 'send') this.#publish(session, fields);
    else if (kind === 'keep-alive' && resume !== undefined) this.parts.deliveries.giveSign(session, resume);
    else this.parts.deliveries.answer(session, this.#answerTo(session, kind, fields));
  }

  #publish(session: Session, fields: Fields): void {
    const { publisher, deliveries } = this.parts;
    const code = publisher.publish(session, fields);
    if (code === ErrorCode.SUCCESS) deliveries.owe(session);
    else deliveries.answer(session, webSocketAnswer('s', code));
  }

  /** Everything a client with the extension sends may say what it has received. */
  #acknowledge(resume: ResumeState, fields: Fields): void {
    const received = readCounter(fields, 'xh');
    if (received !== undefined) resume.acknowledge(received);
  }

  #publishNumbered(session: Session, resume: ResumeState, fields: Fields): void {
    const { numbered, deliveries } = this.parts;
    const { code, first, count } = numbered.take(
      session,
      resume,
      fields,
      () => deliveries.settle(session),
      (number, refusal) => deliveries.answer(session, takenAnswer('s', refusal, number, `~xq=${number}`)),
    );
    if (code !== ErrorCode.SUCCESS) deliveries.answer(session, takenAnswer('s', code, resume.up.last));
    else if (resume.up.isRefused(first + count - 1)) return;
    else deliveries.owe(session);
  }

  #answerTo(session: Session, kind: MessageKind, fields: Fields): Entry {
    if (kind === 'keep-alive') return KEEP_ALIVE_ANSWER;
    if (kind !== 'networks') return webSocketAnswer('s', ErrorCode.PROTOCOL);
    const allSet = this.parts.life.setNetworks(session, this.parts.reader.all(fields, 'ns'));
    return webSocketAnswer('n', allSet ? ErrorCode.NETWORKS_SET : ErrorCode.SOME_NETWORKS_NOT_SET);
  }

  #authenticate(transport: Transport, fields: Fields): void {
    const id = fields.indexOf('id');
    if (fields.indexOf('id', id + 1) >= 0) return this.#refuse(transport, 'a', ErrorCode.PROTOCOL);
    const { life } = this.parts;
    const session = life.find(fields.raw(id));
    if (session?.resume !== undefined) this.#resume(session, session.resume, transport, fields);
    else if (session !== undefined) life.attach(session, transport);
    else if (fields.has('xr')) this.#renew(transport, fields, life.lossOf(fields.raw(id)));
    else this.#refuse(transport, 'a', ErrorCode.SESSION_EXPIRED);
  }

  #renew(transport: Transport, fields: Fields, reason: LossReason): void {
    const { renewals, resumption } = this.parts;
    if (renewals.take(transport, fields, reason)) return;
    this.#refuseWith(transport, refusedAnswer(ErrorCode.RESUME_REFUSED, resumption.lossFields(reason)));
  }

  #resume(session: Session, resume: ResumeState, transport: Transport, fields: Fields): void {
    const { life, resumption, deliveries } = this.parts;
    const claim = resumption.claimOf(fields);
    // The client has not seen the answer in time, and asks once more on the same socket.
    if (claim !== undefined && transport.session === session && claim.counter === resume.counter)
      return deliveries.answer(session, resumedAnswer(resume.up.last, decodeText(resume.token)));
    const code = resumption.judge(session, resume, claim);
    if (claim !== undefined && code === ErrorCode.SUCCESS)
      return life.resume(session, resume, transport, claim);
    this.#refuseWith(transport, refusedAnswer(code, resumption.refusalFields(code, resume)));
  }

  #takeAnonymous(transport: Transport, kind: MessageKind, fields: Fields): void {
    const { transports } = this.parts;
    if (kind === 'keep-alive') transports.writeAnswers(transport, [KEEP_ALIVE_ANSWER]);
    else if (kind === 'networks') this.#refuse(transport, 'n', ErrorCode.SESSION_EXPIRED);
    else if (kind === 'send') this.#refuse(transport, 's', ErrorCode.SESSION_EXPIRED);
    else if (kind === 'unknown')
      transports.writeAnswers(transport, [webSocketAnswer('s', ErrorCode.PROTOCOL)]);
    else this.#takeAnonymousClose(transport, fields);
  }

  #takeAnonymousClose(transport: Transport, fields: Fields): void {
    const { transports, context } = this.parts;
    const command = this.parts.reader.first(fields, 'c');
    const isKnown = command === 't' || command === 'c';
    transports.writeAnswers(transport, [
      webSocketAnswer('c', isKnown ? ErrorCode.SUCCESS : ErrorCode.PROTOCOL),
    ]);
    if (command === 't') this.#close(transport, CloseCode.NORMAL, 'session ended');
    if (command === 'c') transports.awaitClose(transport, context.limits.restartCloseMs);
  }

  /** `t`: answer, then close (P-8). `c`: answer, and leave closing to the client (P-7). */
  #takeClose(session: Session, transport: Transport, fields: Fields): void {
    const { deliveries, transports, life, context, reader } = this.parts;
    const command = reader.first(fields, 'c');
    if (command === 't') {
      deliveries.writeOut(session, transport, webSocketAnswer('c', ErrorCode.SUCCESS));
      life.end(session, 'closed by the client');
    } else if (command === 'c') {
      deliveries.writeOut(session, transport, webSocketAnswer('c', ErrorCode.SUCCESS));
      transports.detach(transport, session.resume === undefined ? 'restarting' : 'detached');
      transports.awaitClose(transport, context.limits.restartCloseMs);
    } else {
      deliveries.answer(session, webSocketAnswer('c', ErrorCode.PROTOCOL));
    }
  }

  #refuse(transport: Transport, kind: AnswerKind, code: number): void {
    this.#refuseWith(transport, webSocketAnswer(kind, code));
  }

  #refuseWith(transport: Transport, answer: Entry): void {
    const { transports, deliveries } = this.parts;
    const { session } = transport;
    if (session !== undefined) {
      deliveries.writeAnswers(session, transport);
      transports.detach(transport, 'detached');
    }
    transports.refuse(transport, answer);
  }

  #close(transport: Transport, code: number, reason: string): void {
    const { transports, deliveries } = this.parts;
    if (transport.session !== undefined) deliveries.writeAnswers(transport.session, transport);
    transports.detach(transport, 'detached');
    this.forget(transport);
    transports.close(transport, code, reason);
  }

  #newSplitter(): MessageSplitter {
    return new MessageSplitter({ maxSize: this.parts.context.limits.maxTransmissionSize });
  }
}

function isReading({ state }: Transport): boolean {
  return state === 'open' || state === 'attached';
}

/** @param hasExtension - What was received may stand alone, as a keep-alive. */
function kindOf(fields: Fields, hasExtension: boolean): MessageKind {
  if (fields.fault !== undefined && fields.fault !== 'cut') return 'unknown';
  let kind: MessageKind = fields.length === 0 && fields.fault === undefined ? 'keep-alive' : 'unknown';
  for (let i = 0; i < fields.length; i++) {
    const key = fields.keys[i];
    if (key === 'id') return 'auth';
    if (key === 'nc') kind = 'networks';
    else if (key === 'c' && kind !== 'networks') kind = 'close';
    else if (key === 'd' && (kind === 'unknown' || kind === 'keep-alive')) kind = 'send';
    else if (key === 'xh' && hasExtension && kind === 'unknown') kind = 'keep-alive';
  }
  return kind;
}
