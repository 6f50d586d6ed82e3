const encoder = new TextEncoder();

/**
 * Turns the strings of one text message, sent frame by frame, into UTF-8. A surrogate pair that is split between two
 * strings comes out whole: its first half waits for the next call.
 *
 * @see RFC 6455, section 5.6.
 * @public
 */
export class OutgoingText {
  #waiting = '';

  /**
   * Bytes of the next frame.
   *
   * @param text - Any string. A surrogate without its other half becomes U+FFFD.
   * @param fin - Whether the message ends here; then nothing is held back.
   */
  encode(text: string, fin: boolean): Uint8Array {
    const whole = this.#waiting + text;
    const end = !fin && endsInHalfPair(whole) ? whole.length - 1 : whole.length;
    this.#waiting = whole.slice(end);
    return encoder.encode(whole.slice(0, end));
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
  const bytes = encoder.encode(text);
  if (bytes.length <= maxLength) return bytes;
  let end = maxLength;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

function endsInHalfPair(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff;
}
