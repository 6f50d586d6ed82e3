const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Bytes per call of `fromCharCode`: engines limit the number of arguments. */
const LATIN1_STEP = 8192;

/** UTF-8 bytes of a text (P-24). A lone surrogate becomes U+FFFD, as everywhere on the web platform. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Writes the UTF-8 bytes of a text where there is room for them; gives their number. */
export function encodeTextInto(text: string, bytes: Uint8Array): number {
  return encoder.encodeInto(text, bytes).written;
}

/** Text of received bytes: UTF-8, or Latin-1 when they are not valid UTF-8, never with replacement characters (P-25). */
export function decodeText(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? decodeLatin1(bytes);
}

/** One byte, one character: the form that some older peers use (P-25, P-26). */
export function decodeLatin1(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += LATIN1_STEP) {
    text += String.fromCharCode(...bytes.subarray(i, i + LATIN1_STEP));
  }
  return text;
}

/**
 * Bytes of a binary string (P-26).
 *
 * @throws RangeError when a character is above U+00FF.
 */
export function encodeLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) {
      throw new RangeError(`Character ${i} is U+${code.toString(16)}, no byte; send such text as UTF-8.`);
    }
    bytes[i] = code;
  }
  return bytes;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}
