import type { Fields } from './codec';
import type { FieldWriter } from './field-writer';

/**
 * - `reliable`: kept until the relay has taken it, over any break.
 * - `delivered`: kept until all who get it have acknowledged it.
 * - `volatile`: given up when the link breaks, or a receiver is away or behind.
 *
 * @public
 */
export type SendMode = 'reliable' | 'delivered' | 'volatile';

/** One message on its way out. */
export interface OutgoingMessage {
  readonly data: string | Uint8Array;
  readonly mode?: SendMode | undefined;
  readonly dataType: string;
  readonly toNetworks: readonly string[];
  readonly toSessionIds: readonly string[];
}

/** One received message, its bytes owned by the receiver. */
export interface IncomingMessage {
  readonly bytes: Uint8Array;
  readonly dataType: string;
  /** Session id of the sender. */
  readonly from: string;
  /** The sender's instance and its number for the message; empty and 0 from a sender without the extension. */
  readonly origin: string;
  readonly number: number;
}

/** Largest message or body taken from a relay: its largest transmission (section 21) with room for the fields. */
export const MAX_ANSWER_SIZE = 65 * 1024 * 1024;

/** The `e` field as a number, or undefined when there is none. */
export function readCode(fields: Fields): number | undefined {
  const code = readNumber(fields, 'e');
  return code < 100_000 ? code : undefined;
}

/** The first field with this key from `start` on, as a number; NaN when it is none. */
export function readNumber(fields: Fields, key: string, start = 0): number {
  const index = fields.indexOf(key, start);
  const text = index < 0 ? '' : fields.text(index);
  return /^\d{1,16}$/.test(text) ? Number(text) : NaN;
}

/** The messages of a receive or of a download answer: each `d` completes one and resets the rest (P-35). */
export function readMessages(fields: Fields, start = 0, end = fields.length): IncomingMessage[] {
  const messages: IncomingMessage[] = [];
  let from = '-1';
  let dataType = '';
  let origin = '';
  let number = 0;
  for (let i = start; i < end; i++) {
    const key = fields.keys[i];
    if (key === 'f') from = fields.text(i);
    else if (key === 'dt') dataType = fields.text(i);
    else if (key === 'xo') origin = fields.text(i);
    else if (key === 'xn') number = readNumber(fields, key, i);
    else if (key === 'd') {
      // A copy: the fields point into memory that the next chunk may take.
      messages.push({ bytes: fields.value(i).slice(), dataType, from, origin, number });
      from = '-1';
      dataType = origin = '';
      number = 0;
    }
  }
  return messages;
}

/** Writes one message as a group of fields (section 5.2); without targets it goes to the sender's own networks (P-87). */
export function writeGroup(writer: FieldWriter, message: OutgoingMessage): void {
  const { toNetworks, toSessionIds, dataType, data } = message;
  for (const network of toNetworks) writer.field('n', network);
  for (const sessionId of toSessionIds) writer.field('s', sessionId);
  if (dataType !== '') writer.field('dt', dataType);
  writer.field('d', data);
}
