import { isControl, isOpcode, MAX_CONTROL_PAYLOAD } from './header';
import { applyMask } from './mask';

/**
 * Header bits beside the opcode.
 *
 * @public
 */
export interface EncodeOptions {
  /** Whether this is the last frame of its message. @defaultValue true */
  fin?: boolean;
  /** First reserved bit. Only an extension gives it a meaning. @defaultValue false */
  rsv1?: boolean;
  /**
   * 32-bit mask key, first byte on top. A client needs a fresh unpredictable one for every frame; a server none.
   *
   * @defaultValue no mask
   */
  maskKey?: number;
}

/** Everything in a frame header. @public */
export interface FrameHeaderFields extends EncodeOptions {
  opcode: number;
  /** Bytes of payload, an integer from 0 to 2^53 - 1. */
  payloadLength: number;
}

/**
 * Builds one whole frame in one new buffer. The payload is copied and not altered.
 *
 * @param opcode - 0, 1, 2, 8, 9 or 10.
 * @param payload - At most 125 bytes in a control frame (8, 9, 10).
 * @returns Header and payload, the payload masked when a key is given.
 * @throws TypeError when the payload is no `Uint8Array`; RangeError for an opcode without meaning or a control frame
 *   that is too long or not final.
 *
 * @example
 * ```ts
 * encodeFrame(1, new TextEncoder().encode('Hi')); // 81 02 48 69
 * ```
 *
 * @see RFC 6455, section 5.2.
 * @public
 */
export function encodeFrame(opcode: number, payload: Uint8Array, options: EncodeOptions = {}): Uint8Array {
  const { maskKey } = options;
  const first = firstByte(opcode, options.fin, options.rsv1);
  requireBytes(payload);
  checkFields(first, payload.length, maskKey);
  const start = frameHeaderLength(payload.length, maskKey !== undefined);
  const frame = new Uint8Array(start + payload.length);
  putHeader(frame, 0, first, payload.length, maskKey);
  frame.set(payload, start);
  if (maskKey !== undefined) applyMask(frame, start, frame.length, maskKey);
  return frame;
}

/**
 * Length of the header that {@link writeFrameHeader} writes: 2, 4 or 10, and 4 more with a mask.
 *
 * @public
 */
export function frameHeaderLength(payloadLength: number, masked: boolean): number {
  const length = payloadLength < 126 ? 2 : payloadLength < 0x1_0000 ? 4 : 10;
  return masked ? length + 4 : length;
}

/**
 * Writes one frame header at `target[offset]`, the length in its shortest form. The payload, which the caller masks
 * if there is a key, may stand anywhere.
 *
 * @returns Number of bytes written.
 * @throws RangeError for an opcode without meaning, a control frame that is too long or not final, a payload length
 *   that is no length, or when the header does not fit into `target`.
 *
 * @see RFC 6455, section 5.2.
 * @public
 */
export function writeFrameHeader(target: Uint8Array, offset: number, header: FrameHeaderFields): number {
  const { payloadLength, maskKey } = header;
  const first = firstByte(header.opcode, header.fin, header.rsv1);
  checkFields(first, payloadLength, maskKey);
  const length = frameHeaderLength(payloadLength, maskKey !== undefined);
  if (!(offset >= 0 && offset + length <= target.length)) {
    throw new RangeError(
      `A header of ${length} bytes does not fit at ${offset} into ${target.length} bytes.`,
    );
  }
  putHeader(target, offset, first, payloadLength, maskKey);
  return length;
}

/**
 * First byte of a header.
 *
 * @throws RangeError for an opcode without meaning, or a control frame that is not final.
 */
function firstByte(opcode: number, fin = true, rsv1 = false): number {
  if (!isOpcode(opcode)) throw new RangeError(`Opcode ${opcode} has no meaning; use 0, 1, 2, 8, 9 or 10.`);
  if (isControl(opcode) && !fin) throw new RangeError(`A control frame (opcode ${opcode}) is always final.`);
  return (fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode;
}

/** Writes a header whose fields were checked and that fits: the hot path. @internal */
export function putHeader(
  target: Uint8Array,
  offset: number,
  first: number,
  payloadLength: number,
  maskKey: number | undefined,
): void {
  const maskBit = maskKey === undefined ? 0 : 0x80;
  target[offset] = first;
  if (payloadLength < 126) {
    target[offset + 1] = maskBit | payloadLength;
  } else if (payloadLength < 0x1_0000) {
    target[offset + 1] = maskBit | 126;
    target[offset + 2] = payloadLength >>> 8;
    target[offset + 3] = payloadLength;
  } else {
    target[offset + 1] = maskBit | 127;
    putWord(target, offset + 2, payloadLength / 0x1_0000_0000);
    putWord(target, offset + 6, payloadLength);
  }
  if (maskKey !== undefined) putWord(target, offset + frameHeaderLength(payloadLength, false), maskKey);
}

/** Guards the frame functions against callers that types do not reach. @internal */
export function requireBytes(bytes: Uint8Array): void {
  const given: unknown = bytes;
  if (!(given instanceof Uint8Array)) throw new TypeError(`Got ${typeof given}; give a Uint8Array.`);
}

/** @throws RangeError for what is no 32-bit number, `undefined` included. @internal */
export function requireKey(maskKey: number): number {
  if (Number.isInteger(maskKey)) return maskKey;
  throw new RangeError(`Mask key ${maskKey} is no 32-bit integer.`);
}

/** @throws RangeError for more than a control frame may carry. @internal */
export function checkControlLength(length: number): void {
  if (length <= MAX_CONTROL_PAYLOAD) return;
  throw new RangeError(`A control frame has at most ${MAX_CONTROL_PAYLOAD} bytes; got ${length}.`);
}

function checkFields(first: number, payloadLength: number, maskKey: number | undefined): void {
  if (!Number.isSafeInteger(payloadLength) || payloadLength < 0) {
    throw new RangeError(`Payload length ${payloadLength} is no integer from 0 to 2^53 - 1.`);
  }
  if (isControl(first & 0x0f)) checkControlLength(payloadLength);
  if (maskKey !== undefined) requireKey(maskKey);
}

function putWord(target: Uint8Array, offset: number, word: number): void {
  target[offset] = word >>> 24;
  target[offset + 1] = word >>> 16;
  target[offset + 2] = word >>> 8;
  target[offset + 3] = word;
}
