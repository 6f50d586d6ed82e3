import { viewOf } from './payload-buffer';

/**
 * Where a check stands: {@link UTF8_COMPLETE}, {@link UTF8_INVALID}, or inside a sequence of several bytes.
 *
 * @internal
 */
export type Utf8State = number;

/** No sequence is open: what came so far is whole. Also where a check begins. @internal */
export const UTF8_COMPLETE: Utf8State = 0;

/** A byte came that cannot stand where it stands. @internal */
export const UTF8_INVALID: Utf8State = 1;

/**
 * Inside a sequence: which bytes may come next, and the state after one of them. Second bytes have a narrower range
 * after E0, ED, F0 and F4: that is what keeps out overlong forms, surrogates and everything above U+10FFFF.
 */
const SEQUENCE_STATES = [
  { state: 2, from: 0x80, to: 0xbf, next: UTF8_COMPLETE },
  { state: 3, from: 0x80, to: 0xbf, next: 2 },
  { state: 4, from: 0x80, to: 0xbf, next: 3 },
  { state: 5, from: 0xa0, to: 0xbf, next: 2 },
  { state: 6, from: 0x80, to: 0x9f, next: 2 },
  { state: 7, from: 0x90, to: 0xbf, next: 3 },
  { state: 8, from: 0x80, to: 0x8f, next: 3 },
] as const;

/** First bytes of a sequence; all others from 80 on are invalid there. */
const LEADS = [
  { from: 0xc2, to: 0xdf, next: 2 },
  { from: 0xe0, to: 0xe0, next: 5 },
  { from: 0xe1, to: 0xec, next: 3 },
  { from: 0xed, to: 0xed, next: 6 },
  { from: 0xee, to: 0xef, next: 3 },
  { from: 0xf0, to: 0xf0, next: 7 },
  { from: 0xf1, to: 0xf3, next: 4 },
  { from: 0xf4, to: 0xf4, next: 8 },
] as const;

/** Next state, at index `state * 256 + byte`. */
const NEXT_STATE = buildTable();

function buildTable(): Uint8Array {
  const table = new Uint8Array(9 * 256).fill(UTF8_INVALID);
  table.fill(UTF8_COMPLETE, 0, 0x80);
  for (const lead of LEADS) table.fill(lead.next, lead.from, lead.to + 1);
  for (const { state, from, to, next } of SEQUENCE_STATES)
    table.fill(next, state * 256 + from, state * 256 + to + 1);
  return table;
}

/**
 * Goes on with a check of UTF-8 over `bytes` from `start` to `end`. The text may come in any parts: the result after
 * all of them is the same.
 *
 * @param state - What the call before returned, {@link UTF8_COMPLETE} at the beginning.
 * @returns The new state. {@link UTF8_INVALID} with the first byte that no valid text could have there, and from then
 *   on. At the end of the text everything but {@link UTF8_COMPLETE} means a fault.
 *
 * @see RFC 3629, section 4.
 * @internal
 */
export function checkUtf8(state: Utf8State, bytes: Uint8Array, start: number, end: number): Utf8State {
  let i = start;
  while (i < end) {
    if (state === UTF8_COMPLETE) {
      i = skipAscii(bytes, i, end);
      if (i === end) return UTF8_COMPLETE;
    }
    state = NEXT_STATE[(state << 8) | bytes[i]!]!;
    if (state === UTF8_INVALID) return UTF8_INVALID;
    i++;
  }
  return state;
}

/** From this length on the check of the host is quicker, with the view that it needs; for ASCII later. */
const HOST_LENGTH = 48;
const HOST_ASCII_LENGTH = 256;

/**
 * Like {@link checkUtf8}, and gives the whole characters in the middle of a long piece to a quicker check.
 *
 * @param isUtf8 - Whether bytes are whole, valid UTF-8.
 * @internal
 */
export function checkUtf8With(
  isUtf8: ((bytes: Uint8Array) => boolean) | undefined,
  state: Utf8State,
  bytes: Uint8Array,
  start: number,
  end: number,
): Utf8State {
  const isShort = state === UTF8_COMPLETE && end - start < HOST_ASCII_LENGTH;
  const first = isShort ? skipAscii(bytes, start, end) : start;
  if (isUtf8 === undefined || end - first < HOST_LENGTH) return checkUtf8(state, bytes, first, end);
  const from = state === UTF8_COMPLETE ? first : skipContinuations(bytes, first);
  const to = lastCharacter(bytes, end);
  if (checkUtf8(state, bytes, first, from) !== UTF8_COMPLETE) return UTF8_INVALID;
  if (!isUtf8(viewOf(bytes, from, to))) return UTF8_INVALID;
  return checkUtf8(UTF8_COMPLETE, bytes, to, end);
}

/** Where the character that was open at `start` ends at the latest. */
function skipContinuations(bytes: Uint8Array, start: number): number {
  let i = start;
  while (i < start + 3 && isContinuation(bytes[i]!)) i++;
  return i;
}

/** Where the last character begins, unless it is a single byte: its end may be still to come. */
function lastCharacter(bytes: Uint8Array, end: number): number {
  let i = end;
  while (i > end - 3 && isContinuation(bytes[i - 1]!)) i--;
  return bytes[i - 1]! >= 0xc0 ? i - 1 : end;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function skipAscii(bytes: Uint8Array, start: number, end: number): number {
  let i = start;
  for (; i + 7 < end; i += 8) {
    const four = bytes[i]! | bytes[i + 1]! | bytes[i + 2]! | bytes[i + 3]!;
    if ((four | bytes[i + 4]! | bytes[i + 5]! | bytes[i + 6]! | bytes[i + 7]!) >= 0x80) break;
  }
  while (i < end && bytes[i]! < 0x80) i++;
  return i;
}
