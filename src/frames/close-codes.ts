import { invalidData, protocolError } from './errors';
import { MAX_CONTROL_PAYLOAD } from './header';
import { checkUtf8, UTF8_COMPLETE } from './utf8';

/**
 * Close codes with a name. 1005 and 1006 never travel: they say locally that no code came, or no Close at all.
 *
 * @see RFC 6455, section 7.4.1, and the registry it opened.
 * @public
 */
export const CloseCode = {
  NORMAL: 1000,
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  NO_CODE: 1005,
  LOST: 1006,
  INVALID_TEXT: 1007,
  POLICY: 1008,
  TOO_LARGE: 1009,
  EXTENSION_MISSING: 1010,
  INTERNAL_ERROR: 1011,
  SERVICE_RESTART: 1012,
  TRY_AGAIN_LATER: 1013,
  BAD_GATEWAY: 1014,
} as const;

/** The longest close reason, in bytes of UTF-8. @public */
export const MAX_REASON_LENGTH = MAX_CONTROL_PAYLOAD - 2;

/** The highest code that an unsafe Close may carry. @internal */
const MAX_UNSAFE_CODE = 16_383;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** What a Close said. @public */
export interface CloseBody {
  /** `undefined` when the body was empty. */
  code: number | undefined;
  reason: string;
}

/**
 * True for the codes that may travel: 1000 to 1003, 1007 to 1014, 3000 to 4999.
 *
 * @public
 */
export function isCloseCode(code: number): boolean {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/**
 * Reads the body of a received Close.
 *
 * @throws {@link FrameError} with 1002 for a body of one byte or a code that must not travel, 1007 for a reason that
 *   is no valid UTF-8.
 *
 * @see RFC 6455, sections 5.5.1 and 7.4.
 * @internal
 */
export function parseCloseBody(body: Uint8Array): CloseBody {
  if (body.length === 0) return { code: undefined, reason: '' };
  if (body.length === 1) throw protocolError('The body of a Close is a single byte; a code has two.');
  const code = (body[0]! << 8) | body[1]!;
  if (!isCloseCode(code)) throw protocolError(`Close code ${code} must not be sent.`);
  if (checkUtf8(UTF8_COMPLETE, body, 2, body.length) !== UTF8_COMPLETE) {
    throw invalidData('The reason of a Close is not valid UTF-8.');
  }
  return { code, reason: decoder.decode(body.subarray(2)) };
}

/**
 * Builds the body of a Close.
 *
 * @param code - Without one the body is empty, and there is no reason either.
 * @param reason - At most 123 bytes as UTF-8. A lone surrogate becomes U+FFFD.
 * @param unsafe - Lets every code from 0 to 16383 pass, for tests of other implementations.
 * @throws TypeError for a reason without a code or a reason that is no string; RangeError for a code that must not
 *   travel or a reason that is too long.
 * @internal
 */
export function buildCloseBody(code: number | undefined, reason = '', unsafe = false): Uint8Array {
  if (typeof reason !== 'string') throw new TypeError(`The close reason is ${typeof reason}; give a string.`);
  if (code === undefined) {
    if (reason !== '') throw new TypeError('A close reason needs a close code before it.');
    return new Uint8Array(0);
  }
  if (!(unsafe ? isUnsafeCode(code) : isCloseCode(code) && Number.isInteger(code))) {
    throw new RangeError(`Close code ${code} must not be sent; use 1000 or one from 3000 to 4999.`);
  }
  const text = encoder.encode(reason);
  if (text.length > MAX_REASON_LENGTH) {
    throw new RangeError(`The close reason has ${text.length} bytes; the limit is ${MAX_REASON_LENGTH}.`);
  }
  const body = new Uint8Array(2 + text.length);
  body[0] = code >>> 8;
  body[1] = code;
  body.set(text, 2);
  return body;
}

function isUnsafeCode(code: number): boolean {
  return Number.isInteger(code) && code >= 0 && code <= MAX_UNSAFE_CODE;
}
