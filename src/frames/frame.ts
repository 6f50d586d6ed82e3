import { Opcode } from './header';
import type { MessageOpcode } from './header';

const NAMES = {
  [Opcode.CONTINUATION]: 'Continuation',
  [Opcode.TEXT]: 'Text',
  [Opcode.BINARY]: 'Binary',
  [Opcode.CLOSE]: 'Close',
  [Opcode.PING]: 'Ping',
  [Opcode.PONG]: 'Pong',
} as const;

/** Name of an opcode. @public */
export type OpcodeName = (typeof NAMES)[Opcode];

/** What a message is made of. @public */
export type MessageType = 'Text' | 'Binary';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Bytes as UTF-8, U+FEFF at their beginning included. @internal */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** One received frame. @public */
export class Frame {
  readonly #decode: (bytes: Uint8Array) => string;

  /**
   * @param messageOpcode - Of the message that a data frame belongs to; none for a control frame.
   * @param decode - A quicker way from UTF-8 to a string.
   */
  constructor(
    readonly opcode: Opcode,
    /** Whether the message ends with this frame; always true for a control frame. */
    readonly fin: boolean,
    /** The payload, unmasked. It may share memory with frames received together with it. */
    readonly payload: Uint8Array,
    messageOpcode?: MessageOpcode,
    /** Whether the frame began a compressed message; `payload` is what it restored to. */
    readonly rsv1 = false,
    decode = decodeText,
  ) {
    this.#decode = decode;
    this.messageType =
      messageOpcode === undefined ? undefined : messageOpcode === Opcode.TEXT ? 'Text' : 'Binary';
  }

  /** Text or Binary, also for a Continuation; `undefined` for a control frame. */
  readonly messageType: MessageType | undefined;

  /** Such as `Text`. */
  get opcodeName(): OpcodeName {
    return NAMES[this.opcode];
  }

  /**
   * The payload as UTF-8, U+FEFF at its beginning included.
   *
   * @remarks A character that is split between two fragments shows as U+FFFD in both; `messages()` joins them.
   */
  text(): string {
    return this.#decode(this.payload);
  }
}

/** One whole message, joined from its frames. @public */
export class Message {
  readonly #decode: (bytes: Uint8Array) => string;

  /** @param decode - A quicker way from UTF-8 to a string. */
  constructor(
    readonly messageType: MessageType,
    readonly payload: Uint8Array,
    decode = decodeText,
  ) {
    this.#decode = decode;
  }

  /** The payload as UTF-8, U+FEFF at its beginning included. */
  text(): string {
    return this.#decode(this.payload);
  }
}
