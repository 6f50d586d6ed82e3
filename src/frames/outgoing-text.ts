/** The longest text for {@link encodeShort}, above which memory of its own costs less than the text. @internal */
export const SHORT_TEXT = 4_096;
/** The longest character for each unit of a string. */
const MAX_UNIT_BYTES = 3;

const encoder = new TextEncoder();
const short = { bytes: new Uint8Array(MAX_UNIT_BYTES * SHORT_TEXT), length: 0 };

/** The text as UTF-8. @internal */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * The text as UTF-8, for one who copies it at once or wants its length: memory or a view of its own would cost more
 * than the rest.
 *
 * @returns `bytes` up to `length`, until the next call.
 * @internal
 */
export function encodeShort(text: string): { readonly bytes: Uint8Array; readonly length: number } {
  short.length = encoder.encodeInto(text, short.bytes).written;
  return short;
}

/**
 * Turns the strings of one text message, sent frame by frame, into UTF-8. A surrogate pair that is split between two
 * strings comes out whole: its first half waits for the next call.
 *
 * @see RFC 6455, section 5.6.
 * @public
 */
export class OutgoingText {
  #waiting = '';

  /** Bytes of the next frame, from what {@link OutgoingText.next} gives. */
  encode(text: string, fin: boolean): Uint8Array {
    return encodeText(this.next(text, fin));
  }

  /**
   * Text of the next frame.
   *
   * @param text - Any string. A surrogate without its other half becomes U+FFFD.
   * @param fin - Whether the message ends here; then nothing is held back.
   */
  next(text: string, fin: boolean): string {
    if (fin && this.#waiting === '') return text;
    const whole = this.#waiting + text;
    const end = !fin && endsInHalfPair(whole) ? whole.length - 1 : whole.length;
    this.#waiting = whole.slice(end);
    return whole.slice(0, end);
  }

  /** First half of a pair that waits for its other half; set to take a call of `encode` back. */
  get held(): string {
    return this.#waiting;
  }

  set held(half: string) {
    this.#waiting = half;
  }
}

/**
 * UTF-8 of a text, cut to at most `maxLength` bytes in front of a character, never inside one.
 *
 * @public
 */
export function encodeCut(text: string, maxLength: number): Uint8Array {
  const bytes = encodeText(text);
  if (bytes.length <= maxLength) return bytes;
  let end = maxLength;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

function endsInHalfPair(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff;
}
