import type { FrameDecoder } from './decoder';
import { invalidText, protocolError, tooLarge, tooMany } from './errors';
import { Opcode } from './header';
import type { FrameHeader, MessageOpcode } from './header';
import type { FrameLimits } from './limits';
import { PayloadBuffer, viewOf } from './payload-buffer';
import { checkUtf8, UTF8_COMPLETE, UTF8_INVALID } from './utf8';

/** A whole message. @public */
export interface ReceivedMessage {
  type: 'message';
  opcode: MessageOpcode;
  payload: Uint8Array;
}

/** A whole data frame. @public */
export interface ReceivedFrame {
  type: 'frame';
  opcode: typeof Opcode.CONTINUATION | MessageOpcode;
  /** Text or Binary, also for a Continuation. */
  messageOpcode: MessageOpcode;
  fin: boolean;
  payload: Uint8Array;
}

/** How data frames become events. @internal */
export interface AssemblyRules {
  readonly limits: FrameLimits;
  readonly validateUtf8: boolean;
  /** Whether each frame is given out by itself. */
  readonly deliverFrames: boolean;
}

/**
 * Joins the data frames of a message and holds them to the rules: their order, their number, their size, and UTF-8 in
 * a text. Control frames never come here, so they may stand between the frames of a message.
 *
 * @see RFC 6455, sections 5.4, 5.6 and 8.1.
 * @internal
 */
export class MessageAssembler {
  readonly #rules: AssemblyRules;
  readonly #payload = new PayloadBuffer();
  /** Opcode of the message that is open; `CONTINUATION` when none is. */
  #opcode: Opcode = Opcode.CONTINUATION;
  #fragments = 0;
  #size = 0;
  #utf8 = UTF8_COMPLETE;

  constructor(rules: AssemblyRules) {
    this.#rules = rules;
  }

  /**
   * Takes the piece that the decoder stands at.
   *
   * @returns The message or frame that is whole with it; `undefined` when more has to come.
   * @throws {@link FrameError} with 1002 for frames out of order, 1008 for too many, 1009 for too many bytes, 1007 with
   *   the first byte that makes a text invalid.
   */
  take(piece: FrameDecoder): ReceivedMessage | ReceivedFrame | undefined {
    const { header } = piece;
    if (piece.isFirst) this.#beginFrame(header);
    if (this.#opcode === Opcode.TEXT && this.#rules.validateUtf8) this.#checkText(piece);
    const isWhole = piece.missing === 0 && (header.fin || this.#rules.deliverFrames);
    if (!isWhole) {
      const more = header.fin ? 0 : this.#rules.limits.maxMessageSize - this.#size;
      this.#payload.append(piece.bytes, piece.start, piece.end, piece.missing + more);
      return undefined;
    }
    return this.#deliver(header, this.#finishPayload(piece));
  }

  /** Forgets a message that is open. */
  clear(): void {
    this.#payload.clear();
  }

  #beginFrame({ opcode, payloadLength }: FrameHeader): void {
    const { limits } = this.#rules;
    if (opcode === Opcode.CONTINUATION) {
      if (this.#opcode === Opcode.CONTINUATION) {
        throw protocolError('A Continuation came, but no message is open.');
      }
    } else {
      if (this.#opcode !== Opcode.CONTINUATION) {
        throw protocolError(`Opcode ${opcode} came inside a message; only a Continuation can follow.`);
      }
      this.#opcode = opcode;
      this.#fragments = this.#size = 0;
    }
    this.#size += payloadLength;
    this.#fragments += 1;
    if (this.#size > limits.maxMessageSize) {
      throw tooLarge(`A message declares ${this.#size} bytes so far; the limit is ${limits.maxMessageSize}.`);
    }
    if (this.#fragments > limits.maxFragments) {
      throw tooMany(`A message has more than ${limits.maxFragments} frames.`);
    }
  }

  #checkText({ bytes, start, end, missing, header }: FrameDecoder): void {
    this.#utf8 = checkUtf8(this.#utf8, bytes, start, end);
    if (this.#utf8 === UTF8_INVALID) {
      throw invalidText('A text message holds bytes that are not valid UTF-8.');
    }
    if (header.fin && missing === 0 && this.#utf8 !== UTF8_COMPLETE) {
      throw invalidText('A text message ends inside a character.');
    }
  }

  #finishPayload({ bytes, start, end }: FrameDecoder): Uint8Array {
    if (this.#payload.length === 0) return viewOf(bytes, start, end);
    this.#payload.append(bytes, start, end, 0);
    return this.#payload.take();
  }

  #deliver({ opcode, fin }: FrameHeader, payload: Uint8Array): ReceivedMessage | ReceivedFrame {
    const messageOpcode = this.#opcode as MessageOpcode;
    if (fin) this.#opcode = Opcode.CONTINUATION;
    return this.#rules.deliverFrames
      ? { type: 'frame', opcode: opcode as ReceivedFrame['opcode'], messageOpcode, fin, payload }
      : { type: 'message', opcode: messageOpcode, payload };
  }
}
