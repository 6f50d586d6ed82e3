import type { AbortSignalLike } from './abort';
import type { FrameSink, OutgoingFrame } from './frame-writer';
import { MAX_CONTROL_PAYLOAD, Opcode } from './header';
import type { MessageOpcode } from './header';
import { encodeShort, encodeText, OutgoingText, SHORT_TEXT } from './outgoing-text';

/** How one frame is sent. @public */
export interface SendOptions {
  /** Whether the message ends with this frame. @defaultValue true */
  fin?: boolean;
  /**
   * Takes the frame back while it waits. Once its bytes may be on the wire, or when more frames of its message wait
   * behind it, the connection is ended instead, since the peer could not make sense of the rest.
   */
  signal?: AbortSignalLike;
}

/** The messages that we send: which type is open, and the half of a surrogate pair that waits for the other. @internal */
export class OutgoingData {
  readonly #text = new OutgoingText();
  #open: MessageOpcode | undefined = undefined;

  /** True while a message has begun and not ended. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /**
   * The next frame.
   *
   * @throws TypeError for data that is neither text nor bytes, or of another type than the message that is open.
   */
  next(data: string | Uint8Array, fin: boolean): OutgoingFrame {
    const before = this.#open;
    const { held } = this.#text;
    const opcode = opcodeOf(data);
    if (before !== undefined && before !== opcode) {
      throw new TypeError(
        'A message is text or binary: end the one that is open before one of the other type.',
      );
    }
    const frame = new DataFrame(opcode, typeof data === 'string' ? this.#text.next(data, fin) : data, fin);
    this.#open = fin ? undefined : opcode;
    if (before === undefined && fin) return frame;
    frame.takeBack = () => {
      this.#open = before;
      this.#text.held = held;
    };
    return frame;
  }
}

/** A data frame. A short text is kept as it is, to be encoded straight into what is written. */
class DataFrame implements OutgoingFrame {
  readonly isData = true;
  takeBack?: () => void;
  readonly #opcode: MessageOpcode;
  readonly #fin: boolean;
  #payload: Uint8Array | string;
  #length: number | undefined = undefined;

  constructor(opcode: MessageOpcode, payload: Uint8Array | string, fin: boolean) {
    this.#opcode = opcode;
    this.#payload = payload;
    this.#fin = fin;
  }

  get length(): number {
    return (this.#length ??= this.#measure());
  }

  put(sink: FrameSink): boolean {
    return sink.send(this.#opcode, this.#payload, this.#fin);
  }

  #measure(): number {
    if (typeof this.#payload !== 'string') return this.#payload.length;
    if (this.#payload.length <= SHORT_TEXT) return encodeShort(this.#payload).length;
    this.#payload = encodeText(this.#payload);
    return this.#payload.length;
  }
}

function opcodeOf(data: unknown): MessageOpcode {
  if (typeof data === 'string') return Opcode.TEXT;
  if (data instanceof Uint8Array) return Opcode.BINARY;
  throw new TypeError(`A frame holds a string or a Uint8Array; got ${data === null ? 'null' : typeof data}.`);
}

/** The payload of a Ping. @throws TypeError for neither text nor bytes; RangeError above 125 bytes. @internal */
export function controlPayload(data: string | Uint8Array): Uint8Array {
  const payload = opcodeOf(data) === Opcode.TEXT ? encodeText(data as string) : (data as Uint8Array);
  if (payload.length <= MAX_CONTROL_PAYLOAD) return payload;
  throw new RangeError(`A Ping holds at most ${MAX_CONTROL_PAYLOAD} bytes; got ${payload.length}.`);
}
