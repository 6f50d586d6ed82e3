/** Below this length single bytes are quicker than words, with the set-up that words need. */
const WORD_THRESHOLD = 64;

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * All whole 32-bit words of the memory under `bytes`. Making one costs about as much as masking 100 bytes, so whoever
 * masks many payloads in one chunk makes it once.
 *
 * @internal
 */
export function wordsUnder(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, 0, bytes.buffer.byteLength >>> 2);
}

/** Whether {@link applyMask} would use words for a payload of this length. @internal */
export function wantsWords(length: number): boolean {
  return length >= WORD_THRESHOLD;
}

/**
 * Masks or unmasks `bytes` from `start` to `end` in place; both are the same operation.
 *
 * @param maskKey - The four key bytes as one 32-bit number, first byte on top.
 * @param position - Place of the byte at `start` within the payload, so that a payload may come in parts.
 * @param words - What {@link wordsUnder} gave for the same memory; made here when absent and needed.
 *
 * @see RFC 6455, section 5.3.
 * @internal
 */
export function applyMask(
  bytes: Uint8Array,
  start: number,
  end: number,
  maskKey: number,
  position = 0,
  words?: Int32Array,
): void {
  const key = rotate(maskKey, position);
  if (!wantsWords(end - start)) {
    maskBytes(bytes, start, end, key);
    return;
  }
  maskLong(bytes, start, end, key, words ?? wordsUnder(bytes));
}

/** Single bytes up to the first whole word and from the last one on: in one function, which is half the time. */
function maskLong(bytes: Uint8Array, start: number, end: number, key: number, words: Int32Array): void {
  const { byteOffset } = bytes;
  let turned = key;
  let i = start;
  for (; ((byteOffset + i) & 3) !== 0; i++) {
    bytes[i]! ^= turned >>> 24;
    turned = rotate(turned, 1);
  }
  const tail = (byteOffset + end) & 3;
  maskWords(
    words,
    (byteOffset + i) >>> 2,
    (byteOffset + end) >>> 2,
    isLittleEndian ? swapBytes(turned) : turned,
  );
  for (i = end - tail; i < end; i++) {
    bytes[i]! ^= turned >>> 24;
    turned = rotate(turned, 1);
  }
}

/** Copies the first bytes of a payload, a short one, to `target[offset]` and masks them on the way. @internal */
export function copyMasked(
  payload: Uint8Array,
  length: number,
  target: Uint8Array,
  offset: number,
  maskKey: number,
): void {
  xorBytes(payload, 0, length, target, offset, maskKey);
}

function maskBytes(bytes: Uint8Array, start: number, end: number, key: number): void {
  xorBytes(bytes, start, end, bytes, start, key);
}

function xorBytes(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  offset: number,
  key: number,
): void {
  const key0 = key >>> 24;
  const key1 = (key >>> 16) & 0xff;
  const key2 = (key >>> 8) & 0xff;
  const key3 = key & 0xff;
  const shift = offset - start;
  let i = start;
  for (; i + 3 < end; i += 4) {
    to[i + shift] = from[i]! ^ key0;
    to[i + shift + 1] = from[i + 1]! ^ key1;
    to[i + shift + 2] = from[i + 2]! ^ key2;
    to[i + shift + 3] = from[i + 3]! ^ key3;
  }
  if (i < end) to[i + shift] = from[i]! ^ key0;
  if (i + 1 < end) to[i + shift + 1] = from[i + 1]! ^ key1;
  if (i + 2 < end) to[i + shift + 2] = from[i + 2]! ^ key2;
}

/** Eight per step: half the time of one per step. */
function maskWords(words: Int32Array, start: number, end: number, key: number): void {
  let i = start;
  for (; i + 7 < end; i += 8) {
    words[i]! ^= key;
    words[i + 1]! ^= key;
    words[i + 2]! ^= key;
    words[i + 3]! ^= key;
    words[i + 4]! ^= key;
    words[i + 5]! ^= key;
    words[i + 6]! ^= key;
    words[i + 7]! ^= key;
  }
  for (; i < end; i++) words[i]! ^= key;
}

/** Turns the key so that the byte for `position` comes first. */
function rotate(key: number, position: number): number {
  const bits = (position & 3) << 3;
  return bits === 0 ? key : (key << bits) | (key >>> (32 - bits));
}

function swapBytes(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
