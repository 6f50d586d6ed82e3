import type { Fields } from '../core/codec';
import { ErrorCode } from '../core/errors';
import type { CoreContext } from './core-context';
import type { Deliveries } from './deliveries';
import { GroupEncoder, type Stamp } from './group-encoder';
import { Receipt } from './receipt';
import { Recipients } from './router';
import type { Session } from './sessions';

const TILDE = 0x7e;

/** A group of a numbered frame, by the indices of its fields. */
export interface NumberedGroup extends Stamp {
  readonly start: number;
  readonly type: number;
  readonly data: number;
}

/** Takes the message groups of a client apart, finds their recipients and hands them out. */
export class Publisher {
  readonly #encoder: GroupEncoder;
  /** Filled anew for every group. */
  readonly #recipients = new Recipients<Session>();

  constructor(
    private readonly context: CoreContext,
    private readonly deliveries: Deliveries,
  ) {
    this.#encoder = new GroupEncoder(context.counters);
  }

  /**
   * Delivers all groups of one message, in order; nothing carries over from one to the next (P-80, P-83).
   *
   * @returns 0; 2 when a named recipient is unknown, a message is too large or a recipient's queue is full, the rest
   *   being delivered (P-92); 7 when nothing was delivered because a group has two data types (SEC-11).
   */
  publish(sender: Session, fields: Fields): number {
    if (hasTwoTypes(fields)) return ErrorCode.PROTOCOL;
    let code: number = ErrorCode.SUCCESS;
    let start = 0;
    let type = -1;
    for (let i = 0; i < fields.length; i++) {
      const key = fields.keys[i];
      if (key === 'dt') type = i;
      if (key !== 'd') continue;
      const isTaken = this.#publishGroup(sender, fields, start, type, i) === ErrorCode.SUCCESS;
      if (!isTaken) code = ErrorCode.RECIPIENT_NOT_REACHED;
      start = i + 1;
      type = -1;
    }
    return code;
  }

  /** Delivers one numbered group. @returns 0, or 2 as for {@link Publisher.publish}; 26 when it is too large. */
  publishNumbered(sender: Session, fields: Fields, group: NumberedGroup): number {
    return this.#publishGroup(sender, fields, group.start, group.type, group.data, group);
  }

  /** Ends the turn: nothing keeps the memory of this one. */
  endTurn(): void {
    this.#encoder.settle();
    this.#recipients.forget();
  }

  #publishGroup(
    sender: Session,
    fields: Fields,
    start: number,
    type: number,
    data: number,
    stamp?: Stamp,
  ): number {
    this.context.counters.messagesReceived += 1;
    const { limits, journal } = this.context;
    if (isDataAbove(limits.maxDataSize, fields, data)) return ErrorCode.TOO_LARGE;
    if (journal?.isBehind === true) return ErrorCode.NOT_STORED;
    const recipients = this.#recipients;
    const allKnown = sender.router.findRecipients(sender, fields, start, data, recipients);
    const receipt = allKnown ? receiptOf(sender, recipients, stamp) : undefined;
    if (recipients.isEmpty) return codeOf(allKnown);
    const entry = this.#encoder.encode(sender, fields, type, data, stamp);
    entry.receipt = receipt;
    const allTaken = this.deliveries.handOut(entry, sender, recipients);
    recipients.clear();
    if (!allTaken) receipt?.cancel();
    return codeOf(allKnown && allTaken);
  }
}

function codeOf(isReached: boolean): number {
  return isReached ? ErrorCode.SUCCESS : ErrorCode.RECIPIENT_NOT_REACHED;
}

/** What notes who has acknowledged a message, when its sender asks for it. Nobody there to get it is told at once. */
function receiptOf(sender: Session, recipients: Recipients<Session>, stamp: Stamp | undefined): Receipt | undefined {
  if (sender.resume === undefined || stamp?.wantsReceipt !== true) return undefined;
  const count = recipients.count(sender);
  if (count > 0) return new Receipt(sender.resume, stamp.number, count);
  sender.resume.takeReceipt(stamp.number, false);
  return undefined;
}

function hasTwoTypes({ keys }: Fields): boolean {
  let types = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    if (key === 'd') types = 0;
    else if (key === 'dt' && ++types > 1) return true;
  }
  return false;
}

/** Whether the data, without its escapes, is longer than the limit. */
function isDataAbove(limit: number, fields: Fields, data: number): boolean {
  const start = fields.starts[data]!;
  const end = fields.ends[data]!;
  if (end - start <= limit) return false;
  if (!fields.escaped[data]) return true;
  let escapes = 0;
  for (let i = start; i < end; i++) {
    if (fields.bytes[i] !== TILDE) continue;
    escapes += 1;
    i += 1;
  }
  return end - start - escapes > limit;
}
