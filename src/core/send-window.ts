import { ErrorCode } from './errors';
import type { Grant } from './login';
import { joinBytes } from './bytes';
import type { OutgoingMessage, SendMode } from './messages';
import { NOBODY, rewrite, SendQueue, TAKEN, type Batch } from './send-queue';
import { encodeText } from './text';

/** What says the mode of a message, in front of it. */
const MODE_FIELDS: Readonly<Partial<Record<SendMode, string>>> = { delivered: '~xa=d', volatile: '~xv=1' };
/** To a session id that nobody has: takes a number and nothing else. */
const EMPTY_GROUP = encodeText('~s=0~d=');

export interface QueueBounds {
  /** Messages, and their bytes, that may wait. */
  maxQueuedMessages: number;
  maxQueuedBytes: number;
}

export type SendEffect =
  | { type: 'error'; code: number }
  /** There is room in the queue again. */
  | { type: 'drain' }
  /** The fate of a message whose sender awaits it. */
  | { type: 'settled'; token: number; code: number };

/**
 * Messages from `send` to the relay's word on them: first in the queue, then on their way until they are answered. With
 * the extension they are numbered, and what has no answer is sent again by the next link; a number that was used stays
 * with its place for as long as the session lives.
 */
export class SendWindow {
  readonly #effects: { push(effect: SendEffect): unknown };
  readonly #bounds: QueueBounds;
  readonly #queue = new SendQueue();
  /** Sent over this link, without an answer yet; and what waits to be sent again. */
  #sent: Batch[] = [];
  #again: Batch[] = [];
  /** Messages in both, and bytes of what was sent over this link. */
  #messages = 0;
  #openBytes = 0;
  /** Number of the last message that the relay has taken, and of the next one to send (`xq`). */
  #acknowledged = 0;
  #next = 1;
  /** This client's number of its last message (`xn`). */
  #lastNumber = 0;
  /** Messages whose receivers have still to acknowledge them: token by number. */
  readonly #receipts = new Map<number, number>();
  #isFull = false;
  #lastToken = 0;

  constructor(effects: { push(effect: SendEffect): unknown }, bounds: QueueBounds) {
    this.#effects = effects;
    this.#bounds = bounds;
  }

  /** Messages waiting, those on their way not counted (section 14). */
  get queued(): number {
    return this.#queue.length;
  }

  get isEmpty(): boolean {
    return this.#messages === 0;
  }

  /** Messages to be sent again. */
  get replayed(): number {
    return this.#again.flatMap(({ tokens }) => tokens.filter((token) => token !== TAKEN)).length;
  }

  /** Whether the queue has no room for so many bytes. */
  isFullFor(size: number): boolean {
    const { length, bytes } = this.#queue;
    const { maxQueuedMessages, maxQueuedBytes } = this.#bounds;
    return length >= maxQueuedMessages || (length > 0 && bytes + size > maxQueuedBytes);
  }

  /** The application was told that there is no room: `drain` follows. */
  noteFull(): void {
    this.#isFull = true;
  }

  /** @returns The token of the message. */
  push(message: OutgoingMessage, awaited: boolean): number {
    this.#queue.push(message, ++this.#lastToken, awaited);
    return this.#lastToken;
  }

  /** Takes a waiting message back; false when it is on its way. */
  remove(token: number): boolean {
    return this.#queue.remove(token);
  }

  /** What goes out next. One batch may always be on its way, whatever its size; over a plain relay only one. */
  take(grant: Grant | undefined, counters: { upload: number }): Batch | undefined {
    const open = this.#next - 1 - this.#acknowledged;
    const isFull = grant && (open >= grant.windowMessages || this.#openBytes >= grant.windowBytes);
    if (isFull && open > 0) return undefined;
    const batch = this.#again.shift() ?? (grant || this.isEmpty ? this.#takeNew(grant, counters) : undefined);
    if (!batch) return undefined;
    batch.first = this.#next;
    this.#next += batch.tokens.length;
    this.#openBytes += batch.groups.length;
    this.#sent.push(batch);
    return batch;
  }

  #takeNew(grant: Grant | undefined, counters: { upload: number }): Batch | undefined {
    let batch = this.#queue.take(grant?.maxMessageBytes);
    if (!batch) return undefined;
    const { mode, tokens } = batch;
    const field = grant && encodeText(MODE_FIELDS[mode] ?? '');
    if (field?.length) batch = rewrite(batch, (group) => joinBytes([field, group]));
    batch.counter = counters.upload++;
    batch.number = this.#lastNumber + 1;
    this.#lastNumber += tokens.length;
    this.#messages += tokens.length;
    if (grant && mode === 'delivered') {
      for (const [i, token] of tokens.entries()) this.#receipts.set(batch.number + i, token);
    }
    return batch;
  }

  /** Tells that there is room again, after it was told that there is none. */
  tellRoom(): void {
    const { maxQueuedMessages, maxQueuedBytes } = this.#bounds;
    if (!this.#isFull || 2 * this.queued > maxQueuedMessages || 2 * this.#queue.bytes > maxQueuedBytes) return;
    this.#isFull = false;
    this.#effects.push({ type: 'drain' });
  }

  /** The relay has taken everything up to this number. */
  acknowledge(upTo: number): void {
    let count = upTo - this.#acknowledged;
    if (!(count > 0 && count <= this.#messages)) return;
    this.#acknowledged = upTo;
    this.#next = Math.max(this.#next, upTo + 1);
    while (count > 0) {
      const isOpen = this.#sent.length > 0;
      const from = isOpen ? this.#sent : this.#again;
      const batch = from.shift()!;
      const taken = batch.tokens.slice(0, count);
      if (taken.length < batch.tokens.length) from.unshift(this.#from(batch, taken.length));
      if (isOpen) this.#openBytes -= batch.ends[taken.length - 1]!;
      this.#messages -= taken.length;
      count -= taken.length;
      if (batch.mode !== 'delivered') this.#settle(ErrorCode.SUCCESS, taken);
    }
  }

  /** A batch from its message `start` on. */
  #from(batch: Batch, start: number): Batch {
    const rest = rewrite(batch, (group, i) => (i < start ? undefined : group));
    return { ...rest, number: batch.number + start };
  }

  /** The relay has refused the message with this number. */
  refuse(number: number, code: number): void {
    let index = number - this.#acknowledged - 1;
    for (const batch of [...this.#sent, ...this.#again]) {
      const { tokens } = batch;
      if (index >= 0 && index < tokens.length) {
        this.#receipts.delete(batch.number + index);
        return this.#settle(code, tokens.splice(index, 1, TAKEN));
      }
      index -= tokens.length;
    }
  }

  /** What became of a message that was to be delivered, by this client's number. It may come before the acknowledgement. */
  receipt(number: number, code: number): void {
    const token = this.#receipts.get(number) ?? TAKEN;
    this.#receipts.delete(number);
    for (const { number: first, tokens } of [...this.#sent, ...this.#again]) {
      if (tokens[number - first] === token) tokens[number - first] = TAKEN;
    }
    this.#settle(code, [token]);
  }

  /** Everything without an answer goes out again. */
  rewind(): void {
    this.#again = [...this.#sent, ...this.#again];
    this.#sent = [];
    this.#openBytes = 0;
    this.#next = this.#acknowledged + 1;
  }

  /** After a break: what is not worth it any more leaves its number, which may be on its way still, to an empty place. */
  giveUpVolatile(): void {
    for (const [i, { mode }] of this.#again.entries()) if (mode === 'volatile') this.#empty(i, ErrorCode.UNREACHABLE);
  }

  /**
   * The first batch on its way was too large for something on the way: it goes again in halves; one message is given up.
   *
   * @returns False when there is nothing to make smaller.
   */
  shrink(isNumbered: boolean, counters: { upload: number }): boolean {
    this.rewind();
    const batch = this.#again[0];
    if (!batch || (batch.tokens.length === 1 && batch.tokens[0] === TAKEN)) return false;
    const half = batch.tokens.length >> 1;
    if (half > 0) {
      const second = { ...this.#from(batch, half), counter: counters.upload++ };
      const first = rewrite(batch, (group, i) => (i < half ? group : undefined));
      this.#again.splice(0, 1, first, second);
    } else if (isNumbered) this.#empty(0, ErrorCode.TOO_LARGE);
    else this.settleAll(ErrorCode.TOO_LARGE);
    return true;
  }

  /** Tells the senders of a batch that is given up. */
  #giveUp({ tokens, number }: Batch, code: number): void {
    this.#settle(code, tokens);
    for (const i of tokens.keys()) this.#receipts.delete(number + i);
  }

  /** Leaves nothing of a batch but its numbers. */
  #empty(place: number, code: number): void {
    const batch = this.#again[place]!;
    this.#giveUp(batch, code);
    batch.tokens.fill(TAKEN);
    this.#again[place] = rewrite(batch, () => EMPTY_GROUP);
  }

  /** A plain relay does not know the session: one batch is tried once more with the next one (S-17). */
  putBack(): void {
    const [batch] = this.#sent;
    if (batch?.requeued !== false) return;
    this.#queue.putBack(batch);
    this.#forget();
  }

  /** A new session, where numbers begin anew and no receipts come for what the one before has taken. */
  begin(isNumbered: boolean): void {
    this.#acknowledged = 0;
    this.rewind();
    if (!isNumbered) this.settleAll(ErrorCode.UNREACHABLE);
    this.loseReceipts();
  }

  /** The receipts of all that was sent over this link, or one before, may be lost. */
  loseReceipts(): void {
    const next = this.#again[0]?.number ?? Infinity;
    for (const number of this.#receipts.keys()) if (number < next) this.receipt(number, ErrorCode.RESUME_REFUSED);
  }

  /** Ends what is on its way, in doubt or answered. */
  settleAll(code: number): void {
    const batches = [...this.#sent, ...this.#again];
    this.#forget();
    for (const batch of batches) this.#giveUp(batch, code);
  }

  #forget(): void {
    this.#sent = [];
    this.#again = [];
    this.#messages = this.#openBytes = 0;
  }

  /** Ends everything, or leaves what waits and nobody awaits. */
  end(code: number, awaitedOnly: boolean): void {
    this.settleAll(code);
    this.loseReceipts();
    this.#settle(code, this.#queue.clear(awaitedOnly));
  }

  /** Tells each awaiting sender the code, and the error callback once for those that nobody awaits. */
  #settle(code: number, tokens: readonly number[]): void {
    for (const token of tokens) if (token > NOBODY) this.#effects.push({ type: 'settled', token, code });
    if (code !== ErrorCode.SUCCESS && tokens.includes(NOBODY)) this.#effects.push({ type: 'error', code });
  }
}
