import { Opcode } from './header';
import type { FrameSender } from './sender';

/**
 * Answers Pings: up to the limit each by itself, of those beyond only the last. A peer that floods us with Pings in
 * one go gets a bounded number of Pongs, and the last one, which is all it may count on.
 *
 * @see RFC 6455, section 5.5.3.
 * @internal
 */
export class PongSender {
  readonly #sender: FrameSender;
  readonly #limit: number;
  #count = 0;
  /** Payload of the last Ping beyond the limit. */
  #held: Uint8Array | undefined = undefined;

  constructor(sender: FrameSender, limit: number) {
    this.#sender = sender;
    this.#limit = limit;
  }

  answer(ping: Uint8Array): void {
    this.#count += 1;
    if (this.#count > this.#limit) this.#held = ping;
    else this.#sender.control(Opcode.PONG, ping);
  }

  /** Sends the answer that was held back, if any, and counts anew: everything received has been read. */
  settle(): void {
    const held = this.#held;
    this.clear();
    if (held !== undefined) this.#sender.control(Opcode.PONG, held);
  }

  clear(): void {
    this.#count = 0;
    this.#held = undefined;
  }
}
