import { protocolError, tooLarge } from './errors';

/**
 * Opcodes that have a meaning. 3 to 7 and 11 to 15 are reserved.
 *
 * @see RFC 6455, section 11.8.
 * @public
 */
export const Opcode = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

/** A value of {@link Opcode}. @public */
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** Opcode of the first frame of a message. @public */
export type MessageOpcode = typeof Opcode.TEXT | typeof Opcode.BINARY;

/** The longest header: 2 bytes, 8 of length, 4 of mask key. @internal */
export const MAX_HEADER_LENGTH = 14;

/** The longest payload of a control frame. @see RFC 6455, section 5.5. @public */
export const MAX_CONTROL_PAYLOAD = 125;

/** First reserved bit, in the first byte: the message is compressed. @internal */
export const RSV1 = 0x40;

/** What one frame header says. @internal */
export interface FrameHeader {
  fin: boolean;
  /** First reserved bit: the message is compressed. */
  rsv1: boolean;
  opcode: Opcode;
  /** Key bytes as one 32-bit number, first byte on top; 0 without a mask. */
  maskKey: number;
  payloadLength: number;
}

/** What a header must keep to, beside the rules that hold for all. @internal */
export interface HeaderRules {
  /** Whether the peer masks: true when the peer is a client. */
  readonly masked: boolean;
  /** Whether a length in more bytes than it needs is a fault. */
  readonly strictLength: boolean;
  /** Bytes of payload in a data frame. At most 2^53 - 1: above it lengths are no longer exact. */
  readonly maxFrameSize: number;
  /** Whether compression was agreed, which gives the first reserved bit a meaning. @defaultValue false */
  readonly rsv1?: boolean;
}

/** True for Close, Ping and Pong. @internal */
export function isControl(opcode: number): boolean {
  return opcode >= Opcode.CLOSE;
}

/** True for an opcode that has a meaning. @internal */
export function isOpcode(opcode: number): opcode is Opcode {
  return Number.isInteger(opcode) && ((opcode >= 0 && opcode <= 2) || (opcode >= 8 && opcode <= 10));
}

/**
 * Reads one frame header from `bytes[start]` on. Faults are reported with the byte that makes them certain, also when
 * the rest of the header is still missing.
 *
 * @param header - Filled in place once the whole header is there; half-filled content means nothing.
 * @returns Length of the header, 2 to 14; 0 when bytes are missing before `end`.
 * @throws {@link FrameError} with 1002 for a reserved bit, a reserved opcode, a mask where there must be none or none
 *   where there must be one, a control frame that is fragmented or longer than 125 bytes, a length that is not in its
 *   shortest form (unless the rules allow it) or has its top bit set; 1009 for a length above the limit.
 *
 * @see RFC 6455, sections 5.2 and 5.5.
 * @internal
 */
export function readFrameHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
  rules: HeaderRules,
  header: FrameHeader,
): number {
  if (end - start < 2) return 0;
  const first = bytes[start]!;
  const second = bytes[start + 1]!;
  const short = second & 0x7f;
  checkFirstBytes(first, second, rules);
  const lengthEnd = start + (short < 126 ? 2 : short === 126 ? 4 : 10);
  if (lengthEnd > end) return 0;
  const payloadLength = short < 126 ? short : readLongLength(bytes, start + 2, short, rules);
  if (payloadLength > rules.maxFrameSize && !isControl(first & 0x0f)) {
    throw tooLarge(`A frame declares ${payloadLength} bytes; the limit is ${rules.maxFrameSize}.`);
  }
  const headerEnd = rules.masked ? lengthEnd + 4 : lengthEnd;
  if (headerEnd > end) return 0;
  header.fin = first >= 0x80;
  header.rsv1 = (first & RSV1) !== 0;
  header.opcode = (first & 0x0f) as Opcode;
  header.payloadLength = payloadLength;
  header.maskKey = rules.masked ? readWord(bytes, lengthEnd) : 0;
  return headerEnd - start;
}

function checkFirstBytes(first: number, second: number, rules: HeaderRules): void {
  const opcode = first & 0x0f;
  if ((first & 0x70) !== 0) checkReserved(first, rules);
  if (!isOpcode(opcode)) throw protocolError(`Opcode ${opcode} is reserved.`);
  if (isControl(opcode)) {
    if (first < 0x80) throw protocolError(`A control frame (opcode ${opcode}) is fragmented.`);
    if ((second & 0x7f) > MAX_CONTROL_PAYLOAD) {
      throw protocolError(`A control frame (opcode ${opcode}) is longer than ${MAX_CONTROL_PAYLOAD} bytes.`);
    }
  }
  if (second >= 0x80 !== rules.masked) {
    throw protocolError(
      rules.masked ? 'A frame of the client is not masked.' : 'A frame of the server is masked.',
    );
  }
}

function checkReserved(first: number, rules: HeaderRules): void {
  const opcode = first & 0x0f;
  if ((first & 0x70) !== RSV1 || rules.rsv1 !== true) {
    throw protocolError(`A reserved bit is set in the frame header (first byte ${first}).`);
  }
  if (opcode === Opcode.CONTINUATION || isControl(opcode)) {
    throw protocolError(
      `A frame with opcode ${opcode} says that it is compressed; only the first of a message can.`,
    );
  }
}

function readLongLength(bytes: Uint8Array, offset: number, short: number, rules: HeaderRules): number {
  if (short === 126) {
    const length = (bytes[offset]! << 8) | bytes[offset + 1]!;
    if (rules.strictLength && length < 126) throw notShortest(length);
    return length;
  }
  if (bytes[offset]! >= 0x80) throw protocolError('The top bit of a 64-bit payload length is set.');
  const length = readWord(bytes, offset) * 0x1_0000_0000 + readWord(bytes, offset + 4);
  if (rules.strictLength && length < 0x1_0000) throw notShortest(length);
  return length;
}

function notShortest(length: number): Error {
  return protocolError(`Payload length ${length} is not in its shortest form.`);
}

function readWord(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>>
    0
  );
}
