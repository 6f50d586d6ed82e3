import { encodeFrame, frameHeaderLength, requireBytes, writeFrameHeader } from './encoder';
import { Opcode } from './header';
import type { MessageOpcode } from './header';

/** From this length on a payload goes out behind its header as it is; below, copying is as quick as two chunks. */
const NO_COPY_LENGTH = 4096;

/**
 * Turns what is sent into chunks for the wire, in order, and knows which data frame may come next.
 *
 * @see RFC 6455, section 5.4.
 * @internal
 */
export class FrameSender {
  readonly #maskKey: (() => number) | undefined;
  #chunks: Uint8Array[] = [];
  /** Opcode of the message that is open; `CONTINUATION` when none is. */
  #opcode: Opcode = Opcode.CONTINUATION;

  /** @param maskKey - Source of keys for a client; a server has none. */
  constructor(maskKey: (() => number) | undefined) {
    this.#maskKey = maskKey;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** Adds one data frame, as a Continuation when a message is open. */
  data(opcode: MessageOpcode, payload: Uint8Array, fin: boolean): void {
    const isOpen = this.#opcode !== Opcode.CONTINUATION;
    if (isOpen && opcode !== this.#opcode) {
      throw new TypeError(
        `A message with opcode ${this.#opcode} is open; end it before one with opcode ${opcode}.`,
      );
    }
    this.#add(isOpen ? Opcode.CONTINUATION : opcode, payload, fin);
    this.#opcode = fin ? Opcode.CONTINUATION : opcode;
  }

  /** Adds one control frame. */
  control(opcode: Opcode, payload: Uint8Array): void {
    this.#add(opcode, payload, true);
  }

  /** All chunks since the last call, if any. */
  take(): Uint8Array[] | undefined {
    if (this.#chunks.length === 0) return undefined;
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  #add(opcode: Opcode, payload: Uint8Array, fin: boolean): void {
    requireBytes(payload);
    if (this.#maskKey !== undefined) {
      this.#chunks.push(encodeFrame(opcode, payload, { fin, maskKey: this.#maskKey() }));
    } else if (payload.length < NO_COPY_LENGTH) {
      this.#chunks.push(encodeFrame(opcode, payload, { fin }));
    } else {
      const header = new Uint8Array(frameHeaderLength(payload.length, false));
      writeFrameHeader(header, 0, { opcode, fin, payloadLength: payload.length });
      this.#chunks.push(header, payload);
    }
  }
}
