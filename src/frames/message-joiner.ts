import { CloseCode } from './close-codes';
import { Message } from './frame';
import type { Frame } from './frame';
import { FrameSocketError } from './socket-errors';

/** How much one message may make us hold. @internal */
export interface JoinLimits {
  readonly maxBuffered: number;
  readonly maxFragments: number;
}

/**
 * Joins data frames to whole messages; control frames are passed over.
 *
 * @internal
 */
export class MessageJoiner {
  readonly #limits: JoinLimits;
  readonly #decode: ((bytes: Uint8Array) => string) | undefined;
  #parts: Uint8Array[] = [];
  #length = 0;

  /** @param decode - A quicker way from UTF-8 to a string. */
  constructor(limits: JoinLimits, decode?: (bytes: Uint8Array) => string) {
    this.#limits = limits;
    this.#decode = decode;
  }

  /**
   * @returns The message that is whole with this frame.
   * @throws {@link FrameSocketError} `MESSAGE_TOO_LARGE` when a limit would be gone over; the frame is not taken then.
   */
  take({ messageType, payload, fin }: Frame): Message | undefined {
    if (messageType === undefined) return undefined;
    this.#add(payload);
    if (!fin) return undefined;
    const message = new Message(messageType, this.#join(), this.#decode);
    this.#parts = [];
    this.#length = 0;
    return message;
  }

  #add(payload: Uint8Array): void {
    const { maxBuffered, maxFragments } = this.#limits;
    const length = this.#length + payload.length;
    if (length > maxBuffered) throw tooLarge(`it has more than ${maxBuffered} bytes (maxBuffered)`);
    if (this.#parts.length >= maxFragments) {
      throw tooLarge(`it has more than ${maxFragments} frames (maxFragments)`);
    }
    this.#parts.push(payload);
    this.#length = length;
  }

  #join(): Uint8Array {
    const [first] = this.#parts;
    if (first !== undefined && this.#parts.length === 1) return first;
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

function tooLarge(detail: string): FrameSocketError {
  return new FrameSocketError('MESSAGE_TOO_LARGE', { detail, closeCode: CloseCode.TOO_LARGE });
}
