import { joinBytes } from './bytes';
import { FieldWriter } from './field-writer';
import { writeGroup, type OutgoingMessage, type SendMode } from './messages';

/** Largest transmission, unless one message alone is larger: on a narrow line it must not look like a dead link. */
const MAX_BATCH_BYTES = 64 * 1024;
/** And the most messages in one, so that telling their senders takes no long turn. */
const MAX_BATCH_MESSAGES = 4096;
/** What a mode adds to a message. */
const MODE_SIZE = 5;
/** In the place of a token: nobody awaits the message. */
export const NOBODY = 0;
/** In the place of a token: the message was taken out. */
export const TAKEN = -1;
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Messages of one transmission, encoded one behind the other. Each stays a message of its own (P-82). */
export interface Batch {
  /** Token of the first message; those of the others follow one by one, until it is taken. */
  readonly firstToken: number;
  /**
   * Messages to session ids share a transmission only with messages to the same targets, so that code 2 (not reached)
   * names the right ones; undefined for messages to networks, which may share.
   */
  readonly target: string | undefined;
  readonly mode: SendMode;
  /** For each message its token, and where its bytes end. */
  tokens: number[];
  ends: number[];
  /** The messages as fields, once no more are added. */
  groups: Uint8Array;
  /** Was sent before and refused with 12; it gets one more try (section 11.1). */
  requeued: boolean;
  /** The relay's count of its uploads, kept when it is sent again (P-71). */
  counter: number;
  /** Numbers of its first message: within the session, and of this client; 0 before it is sent. */
  first: number;
  number: number;
}

/** Messages in the order they were sent, encoded when they are queued, in batches as they will go out. */
export class SendQueue {
  readonly #batches: Batch[] = [];
  /** Has the bytes of the last batch as long as that takes messages, else nothing. */
  readonly #writer = new FieldWriter();
  #length = 0;
  /** Encoded bytes of all that waits. */
  bytes = 0;

  /** Number of messages waiting, those in flight not counted (section 14). */
  get length(): number {
    return this.#length;
  }

  /** @param token - One more than the one before. */
  push(message: OutgoingMessage, token: number, awaited: boolean): void {
    const { toNetworks, toSessionIds, mode = 'reliable' } = message;
    const target = toSessionIds.length > 0 ? JSON.stringify([toNetworks, toSessionIds]) : undefined;
    const writer = this.#writer;
    let batch = writer.length > 0 ? this.#batches.at(-1) : undefined;
    if (batch?.target !== target || batch?.mode !== mode || batch.ends.length === MAX_BATCH_MESSAGES) {
      batch = this.#begin(token, target, mode);
    }
    const start = writer.length;
    writeGroup(writer, message);
    if (start > 0 && writer.length > MAX_BATCH_BYTES) {
      const group = writer.finish(start);
      batch = this.#begin(token, target, mode);
      writer.append(group);
    }
    this.bytes += writer.length - (batch.ends.at(-1) ?? 0);
    batch.tokens.push(awaited ? token : NOBODY);
    batch.ends.push(writer.length);
    this.#length++;
  }

  /** Takes what may go out in one transmission: at most so many bytes, or one message. */
  take(maxBytes = Infinity): Batch | undefined {
    for (;;) {
      if (this.#batches.length === 1) this.#close();
      let batch = this.#batches.shift();
      if (!batch) return undefined;
      const isLarge = batch.groups.length + MODE_SIZE * batch.ends.length > maxBytes;
      const over = isLarge ? batch.ends.findIndex((end, i) => i > 0 && end + MODE_SIZE * (i + 1) > maxBytes) : 0;
      if (over > 0) {
        const rest = rewrite(batch, (group, i) => (i < over ? undefined : group));
        this.#batches.unshift({ ...rest, firstToken: batch.firstToken + over });
        batch = rewrite(batch, (group, i) => (i < over ? group : undefined));
      }
      this.bytes -= batch.groups.length;
      const { tokens } = batch;
      const left = tokens.includes(TAKEN) ? rewrite(batch, (group, i) => (tokens[i] === TAKEN ? undefined : group)) : batch;
      this.#length -= left.tokens.length;
      if (left.tokens.length > 0) return left;
    }
  }

  /** Puts a refused batch back in front, for one more try. */
  putBack(batch: Batch): void {
    batch.requeued = true;
    this.#batches.unshift(batch);
    this.#length += batch.tokens.length;
    this.bytes += batch.groups.length;
  }

  /** Takes one awaited message back; false when it is on its way already. */
  remove(token: number): boolean {
    for (const batch of this.#batches) {
      const index = batch.requeued ? batch.tokens.indexOf(token) : token - batch.firstToken;
      if (batch.tokens[index] !== token) continue;
      batch.tokens[index] = TAKEN;
      this.#length--;
      return true;
    }
    return false;
  }

  /** Takes out everything, or only what somebody awaits; gives the tokens. */
  clear(awaitedOnly: boolean): number[] {
    const taken: number[] = [];
    for (const batch of this.#batches) {
      for (const [i, token] of batch.tokens.entries()) {
        if (token === TAKEN || (awaitedOnly && token === NOBODY)) continue;
        taken.push(token);
        batch.tokens[i] = TAKEN;
      }
    }
    this.#length -= taken.length;
    return taken;
  }

  #begin(firstToken: number, target: string | undefined, mode: SendMode): Batch {
    this.#close();
    const numbers = { counter: 0, first: 0, number: 0 };
    const batch: Batch = { firstToken, target, mode, tokens: [], ends: [], groups: NO_BYTES, requeued: false, ...numbers };
    this.#batches.push(batch);
    return batch;
  }

  #close(): void {
    const last = this.#batches.at(-1);
    if (last && this.#writer.length > 0) last.groups = this.#writer.finish();
  }
}

/** A batch whose messages are written anew; those that `change` gives nothing for are left out. */
export function rewrite(
  batch: Batch,
  change: (group: Uint8Array, place: number) => Uint8Array | undefined,
): Batch {
  const tokens: number[] = [];
  const ends: number[] = [];
  const groups: Uint8Array[] = [];
  let end = 0;
  for (const [i, token] of batch.tokens.entries()) {
    const group = change(batch.groups.subarray(batch.ends[i - 1] ?? 0, batch.ends[i]), i);
    if (!group) continue;
    tokens.push(token);
    groups.push(group);
    ends.push((end += group.length));
  }
  return { ...batch, tokens, ends, groups: joinBytes(groups) };
}
