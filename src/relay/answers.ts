import { joinBytes } from '../core/bytes';
import { convertErrorCodeToString, ErrorCode } from '../core/errors';
import { FieldWriter } from '../core/field-writer';
import { encodeText } from '../core/text';
import { Entry } from './out-queue';

/** Kind of message that a WebSocket answer belongs to: `rt` on the wire. */
export type AnswerKind = 'a' | 'n' | 's' | 'c';

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

/** `~e={code}`, the whole body of most HTTP answers. */
export function httpAnswer(code: number): Uint8Array {
  let body = httpAnswers.get(code);
  if (body === undefined) httpAnswers.set(code, (body = encodeText(`~e=${code}`)));
  return body;
}

/** Texts of all codes, keys in rising order, so that they begin with key `0` (P-38). */
function encodeErrorTexts(): Uint8Array {
  const writer = new FieldWriter();
  const codes = Object.values(ErrorCode).sort((one, other) => one - other);
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
}

/** The answer to a good login: fields in the order that P-37 fixes, the id unescaped (P-5), the texts last (P-38). */
export function credentialsAnswer({ id, ip, dn, wantsErrorTexts }: Credentials): Uint8Array {
  // An id and a host, as `hostFrom` lets it pass, hold nothing to escape.
  const hosts = `~ip=${ip}~ip=${ip}~dn=${dn}~dn=${dn}`;
  const answer = encodeText(`~e=${ErrorCode.SUCCESS}~id=${id}${hosts}~sl=${SUBSCRIPTION_LEVEL}`);
  return wantsErrorTexts ? joinBytes([answer, ERROR_TEXTS]) : answer;
}
