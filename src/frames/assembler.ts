import type { Inflater } from './compression';
import type { FrameDecoder } from './decoder';
import { invalidData, protocolError, tooLarge, tooMany } from './errors';
import { Opcode } from './header';
import type { FrameHeader, MessageOpcode } from './header';
import type { FrameLimits } from './limits';
import { PayloadBuffer } from './payload-buffer';
import { checkUtf8With, UTF8_COMPLETE, UTF8_INVALID } from './utf8';

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
  /** Whether the frame began a compressed message. */
  rsv1: boolean;
  /** Restored when it was compressed. */
  payload: Uint8Array;
}

/** Bytes of a data frame, `bytes` from `start` to `end`: all of it, or what one chunk held of it. @public */
export interface ReceivedPiece {
  type: 'piece';
  bytes: Uint8Array;
  start: number;
  end: number;
}

/** What data comes as; see {@link ConnectionOptions}. @public */
export type Delivery = 'messages' | 'frames' | 'pieces';

type ReceivedData = ReceivedMessage | ReceivedFrame | ReceivedPiece;

/** How data frames become events. @internal */
export interface AssemblyRules {
  readonly limits: FrameLimits;
  readonly validateUtf8: boolean;
  /** A quicker check for whole texts than our own. */
  readonly isUtf8?: ((bytes: Uint8Array) => boolean) | undefined;
  /** A quicker way to memory that is written over than our own. */
  readonly allocate?: ((length: number) => Uint8Array) | undefined;
  readonly deliver: Delivery;
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
  readonly #restores: Inflater | undefined;
  /** Made for the first payload that comes in pieces. */
  #payload: PayloadBuffer | undefined = undefined;
  /** Opcode of the message that is open; `CONTINUATION` when none is. */
  #opcode: Opcode = Opcode.CONTINUATION;
  #fragments = 0;
  #size = 0;
  #utf8 = UTF8_COMPLETE;
  /** What restores the message that is open, when it is compressed. */
  #inflater: Inflater | undefined = undefined;
  /** Bytes that the open frame has restored to. */
  #restored = 0;

  /** @param inflater - Restores compressed messages; without it there are none. */
  constructor(rules: AssemblyRules, inflater?: Inflater) {
    this.#rules = rules;
    this.#restores = inflater;
  }

  /**
   * Takes the piece that the decoder stands at.
   *
   * @returns The message or frame that is whole with it, or the piece; `undefined` when more has to come.
   * @throws {@link FrameError} with 1002 for frames out of order, 1008 for too many, 1009 for too many bytes, 1007 with
   *   the first byte that makes a text invalid, and for compressed data that is damaged.
   */
  take(piece: FrameDecoder): ReceivedData | undefined {
    const { header } = piece;
    if (piece.isFirst) this.#beginFrame(header);
    if (this.#inflater !== undefined) return this.#takeCompressed(piece, this.#inflater);
    if (this.#checksText) {
      this.#checkText(piece.bytes, piece.start, piece.end);
      if (header.fin && piece.missing === 0) this.#endText();
    }
    if (this.#rules.deliver === 'pieces') return this.#deliverPiece(piece);
    const isWhole = piece.missing === 0 && (header.fin || this.#rules.deliver === 'frames');
    if (!isWhole) {
      const more = header.fin ? 0 : this.#rules.limits.maxMessageSize - this.#size;
      this.#pieces.append(piece.bytes, piece.start, piece.end, piece.missing + more);
      return undefined;
    }
    return this.#deliver(header, this.#finishPayload(piece));
  }

  /** Forgets a message that is open. */
  clear(): void {
    this.#payload?.clear();
  }

  #takeCompressed(
    piece: FrameDecoder,
    inflater: Inflater,
  ): ReceivedData | undefined {
    const { header, missing } = piece;
    const isLast = header.fin && missing === 0;
    inflater.decompress(piece.view(), isLast, this.#room, (restored) => this.#append(restored));
    if (isLast && this.#checksText) this.#endText();
    const isWhole = isLast || (missing === 0 && this.#rules.deliver !== 'messages');
    return isWhole ? this.#deliver(header, this.#pieces.take()) : undefined;
  }

  /** Counts and checks what the bytes restore to instead of the bytes. */
  #append(restored: Uint8Array): void {
    if (this.#checksText) this.#checkText(restored, 0, restored.length);
    this.#restored += restored.length;
    this.#size += restored.length;
    this.#pieces.append(restored, 0, restored.length, this.#room);
  }

  /** Bytes that the open frame may still restore to. */
  get #room(): number {
    const { maxFrameSize, maxMessageSize } = this.#rules.limits;
    return Math.min(maxFrameSize - this.#restored, maxMessageSize - this.#size);
  }

  get #pieces(): PayloadBuffer {
    return (this.#payload ??= new PayloadBuffer(this.#rules.allocate));
  }

  get #checksText(): boolean {
    return this.#opcode === Opcode.TEXT && this.#rules.validateUtf8;
  }

  #beginFrame({ opcode, payloadLength, rsv1 }: FrameHeader): void {
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
      this.#inflater = rsv1 ? this.#restores : undefined;
    }
    this.#restored = 0;
    if (this.#inflater === undefined) this.#size += payloadLength;
    this.#fragments += 1;
    if (this.#size > limits.maxMessageSize) {
      throw tooLarge(`A message declares ${this.#size} bytes so far; the limit is ${limits.maxMessageSize}.`);
    }
    if (this.#fragments > limits.maxFragments) {
      throw tooMany(`A message has more than ${limits.maxFragments} frames.`);
    }
  }

  #checkText(bytes: Uint8Array, start: number, end: number): void {
    this.#utf8 = checkUtf8With(this.#rules.isUtf8, this.#utf8, bytes, start, end);
    if (this.#utf8 === UTF8_INVALID) {
      throw invalidData('A text message holds bytes that are not valid UTF-8.');
    }
  }

  #endText(): void {
    if (this.#utf8 !== UTF8_COMPLETE) throw invalidData('A text message ends inside a character.');
  }

  #finishPayload(piece: FrameDecoder): Uint8Array {
    const payload = this.#payload;
    if (payload === undefined || payload.length === 0) return piece.view();
    payload.append(piece.bytes, piece.start, piece.end, 0);
    return payload.take();
  }

  #deliverPiece({ header, bytes, start, end, missing }: FrameDecoder): ReceivedPiece | undefined {
    if (header.fin && missing === 0) this.#opcode = Opcode.CONTINUATION;
    return start === end ? undefined : { type: 'piece', bytes, start, end };
  }

  #deliver({ opcode, fin, rsv1 }: FrameHeader, payload: Uint8Array): ReceivedData {
    const { deliver } = this.#rules;
    const messageOpcode = this.#opcode as MessageOpcode;
    if (fin) this.#opcode = Opcode.CONTINUATION;
    if (deliver === 'messages') return { type: 'message', opcode: messageOpcode, payload };
    if (deliver === 'pieces') return { type: 'piece', bytes: payload, start: 0, end: payload.length };
    return { type: 'frame', opcode: opcode as ReceivedFrame['opcode'], messageOpcode, fin, rsv1, payload };
  }
}
