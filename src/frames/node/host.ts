import { Buffer, isAscii, isUtf8 } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import type { FrameHost } from '../byte-stream';
import { decodeText } from '../frame';

/** Keys made at one go: asking the system for each would cost more than the frame. */
const KEYS = new Int32Array(1_024);
let used = KEYS.length;

function maskKey(): number {
  if (used === KEYS.length) {
    randomFillSync(KEYS);
    used = 0;
  }
  const key = KEYS[used] ?? 0;
  // A key that was used is of no use to who reads memory later.
  KEYS[used++] = 0;
  return key;
}

/** From this length on it pays to ask first whether a text is ASCII: then it is copied, not decoded. */
const LONG_TEXT = 16_384;

function decodeLong(bytes: Uint8Array): string {
  if (bytes.length < LONG_TEXT || !isAscii(bytes)) return decodeText(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** Where a text that is not ASCII mostly shows it: asking about all of it would cost a quarter of encoding it. */
const TEXT_BEGINNING = 64;

function encodeLong(text: string): Uint8Array {
  const beginning = text.slice(0, TEXT_BEGINNING);
  const isAsciiText = isAsciiString(beginning) && isAsciiString(text);
  return Buffer.from(text, isAsciiText ? 'latin1' : 'utf8');
}

function isAsciiString(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

/** Without the zeros, which take longer than the copy that comes after them. */
function allocate(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

/** Time, chance and checks of this process. @internal */
export const nodeHost: FrameHost = {
  now: () => performance.now(),
  setTimer(run, afterMs) {
    const timer = setTimeout(run, afterMs);
    return () => clearTimeout(timer);
  },
  maskKey,
  isUtf8,
  decodeText: decodeLong,
  encodeText: encodeLong,
  allocate,
};
