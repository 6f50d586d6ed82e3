/** One encoded message waiting to be sent. */
export interface QueuedMessage {
  /** Handed back when the relay has answered, or when the message is given up. */
  readonly token: number;
  readonly group: Uint8Array;
  /** Whether the bytes are valid UTF-8 and may travel in a TEXT frame (P-54). */
  readonly text: boolean;
  /**
   * Messages to session ids share a transmission only with messages to the same targets, so that code 2 (not reached)
   * names the right ones; undefined for messages to networks, which may share.
   */
  readonly target: string | undefined;
  /** Somebody awaits the outcome. */
  readonly awaited: boolean;
  /** Was sent before and refused with 12; it gets one more try (section 11.1). */
  requeued: boolean;
}

/** Largest transmission, unless one message alone is larger: well under the relay's limit of 1 MiB. */
const MAX_BATCH_BYTES = 128 * 1024;

/**
 * Messages in the order they were sent. One transmission may carry several, but each stays a message of its own (P-82).
 */
export class SendQueue {
  #messages: QueuedMessage[] = [];
  #head = 0;

  /** Number of messages waiting, those in flight not counted (section 14). */
  get length(): number {
    return this.#messages.length - this.#head;
  }

  push(message: QueuedMessage): void {
    this.#messages.push(message);
  }

  /** Takes what may go out in one transmission. */
  takeBatch(): QueuedMessage[] {
    const batch: QueuedMessage[] = [];
    let bytes = 0;
    for (let next = this.#messages[this.#head]; next; next = this.#messages[this.#head]) {
      const first = batch[0];
      if (first && (bytes + next.group.length > MAX_BATCH_BYTES || first.target !== next.target)) break;
      batch.push(next);
      bytes += next.group.length;
      this.#head++;
    }
    this.#compact();
    return batch;
  }

  /** Puts a refused batch back in front, for one more try. */
  putBack(batch: QueuedMessage[]): void {
    this.#messages = batch.concat(this.#messages.slice(this.#head));
    for (const message of batch) message.requeued = true;
    this.#head = 0;
  }

  /** Takes one message back; false when it is on its way already. */
  remove(token: number): boolean {
    const index = this.#messages.findIndex((message, i) => i >= this.#head && message.token === token);
    if (index < 0) return false;
    this.#messages.splice(index, 1);
    return true;
  }

  /** Takes out everything that `drop` chooses. */
  clear(drop: (message: QueuedMessage) => boolean): QueuedMessage[] {
    const waiting = this.#messages.slice(this.#head);
    this.#messages = waiting.filter((message) => !drop(message));
    this.#head = 0;
    return waiting.filter(drop);
  }

  #compact(): void {
    if (this.#head < 1024 && this.#head < this.#messages.length) return;
    this.#messages = this.#messages.slice(this.#head);
    this.#head = 0;
  }
}
