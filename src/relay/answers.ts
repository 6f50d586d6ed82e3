import { joinBytes } from '../core/bytes';
import { convertErrorCodeToString, ErrorCode } from '../core/errors';
import { FieldWriter } from '../core/field-writer';
import { encodeText } from '../core/text';
import { Entry } from './out-queue';
import type { Session } from './sessions';
import { joinNumber } from './spans';

/** Kind of message that a WebSocket answer belongs to: `rt` on the wire. */
export type AnswerKind = 'a' | 'n' | 's' | 'c';

const END = encodeText('~t=1');
/** By kind and code. */
const webSocketAnswers: Record<AnswerKind, (Entry | undefined)[]> = { a: [], n: [], s: [], c: [] };
const httpAnswers = new Map<number, Uint8Array>();

/** `~rt={kind}~e={code}~t=1`; the same object every time. */
export function webSocketAnswer(kind: AnswerKind, code: number): Entry {
  const answers = webSocketAnswers[kind];
  return (answers[code] ??= new Entry('answer', encodeText(`~rt=${kind}~e=${code}~t=1`)));
}

/** So many answers to messages that were delivered, one behind the other. */
export function deliveredAnswers(count: number): Entry {
  if (count === 1) return webSocketAnswer('s', ErrorCode.SUCCESS);
  return (deliveredBy[count] ??= new Entry('answer', encodeText('~rt=s~e=0~t=1'.repeat(count))));
}
const deliveredBy: (Entry | undefined)[] = [];

/** Answer to a keep-alive; it has no code. */
export const KEEP_ALIVE_ANSWER = new Entry('answer', encodeText('~rt=k~t=1'));

/**
 * An answer of the extension, `~rt={kind}~e={code}[~xq=..]~xh={number}~t=1`: what was taken, up to a number.
 *
 * @param more - Fields in between, encoded.
 */
export function takenAnswer(kind: AnswerKind, code: number, upTo: number, more = ''): Entry {
  return new Entry('answer', encodeText(`~rt=${kind}~e=${code}${more}~xh=${upTo}~t=1`));
}

/** What was taken, up to a number. */
export function allTakenAnswer(upTo: number): Entry {
  return new Entry('answer', joinNumber(ALL_TAKEN, upTo, END));
}
const ALL_TAKEN = encodeText(`~rt=s~e=${ErrorCode.SUCCESS}~xh=`);

/** The answer to a good attach of the extension (section 5.1). */
export function resumedAnswer(upTo: number, token: string): Entry {
  return new Entry('answer', encodeText(`~rt=a~e=${ErrorCode.SUCCESS}~xh=${upTo}~xr=${token}~t=1`));
}

/** The answer to a refused attach. @param more - Fields that say why, encoded. */
export function refusedAnswer(code: number, more: string): Entry {
  return new Entry('answer', encodeText(`~rt=a~e=${code}${more}~t=1`));
}

/** The same, with a new session in the place of the one that is gone. @param grant - As in a login answer. */
export function renewedAnswer(id: string, grant: string, more: string): Entry {
  return refusedAnswer(ErrorCode.RESUME_REFUSED, `~id=${id}${grant}${more}`);
}

/** As {@link takenAnswer}, to a keep-alive. */
export function keepAliveAnswer(upTo: number): Entry {
  return new Entry('answer', joinNumber(KEEPS_ALIVE, upTo, END));
}

const KEEPS_ALIVE = encodeText('~rt=k~xh=');

/** `~e={code}`, the whole body of most HTTP answers. */
export function httpAnswer(code: number): Uint8Array {
  let body = httpAnswers.get(code);
  if (body === undefined) httpAnswers.set(code, (body = encodeText(`~e=${code}`)));
  return body;
}

/** The same for a request of a session: with the extension it says what was taken. */
export function codeAnswer(session: Session | undefined, code: number, more = ''): Uint8Array {
  const resume = session?.resume;
  return resume === undefined ? httpAnswer(code) : encodeText(`~e=${code}~xh=${resume.up.lastSafe}${more}`);
}

/** Texts of all codes, keys in rising order, so that they begin with key `0` (P-38). */
function encodeErrorTexts(): Uint8Array {
  const writer = new FieldWriter();
  // Those of the extension mean nothing to other clients, and its own clients know them.
  const codes = Object.values(ErrorCode).filter((code) => code < ErrorCode.QUEUE_FULL);
  codes.sort((one, other) => one - other);
  for (const code of codes) writer.field(String(code), convertErrorCodeToString(code));
  return writer.finish().slice();
}

const ERROR_TEXTS = encodeErrorTexts();
const SUBSCRIPTION_LEVEL = 1;

/** What a login answer says. */
export interface Credentials {
  readonly id: string;
  readonly ip: string;
  readonly dn: string;
  readonly wantsErrorTexts: boolean;
  /** Fields of the extension, encoded; they stand before the texts. */
  readonly grant?: string | undefined;
}

/** The answer to a good login: fields in the order that P-37 fixes, the id unescaped (P-5), the texts last (P-38). */
export function credentialsAnswer({ id, ip, dn, wantsErrorTexts, grant = '' }: Credentials): Uint8Array {
  // An id and a host, as `hostFrom` lets it pass, hold nothing to escape.
  const hosts = `~ip=${ip}~ip=${ip}~dn=${dn}~dn=${dn}`;
  const answer = encodeText(`~e=${ErrorCode.SUCCESS}~id=${id}${hosts}~sl=${SUBSCRIPTION_LEVEL}${grant}`);
  return wantsErrorTexts ? joinBytes([answer, ERROR_TEXTS]) : answer;
}
