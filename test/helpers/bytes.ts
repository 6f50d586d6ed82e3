export { seededRandom } from '../../src/testing/random';

/** Bytes of a test vector in which `\xNN` is one byte and every other character is its Latin-1 byte. */
export function vector(text: string): Uint8Array {
  const plain = text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

/** The inverse of {@link vector}, for readable failures. */
export function show(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
  ).join('');
}

export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Cuts bytes at random places, empty chunks included. */
export function randomSplit(bytes: Uint8Array, random: () => number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Math.floor(random() * random() * (bytes.length - at + 1));
    chunks.push(bytes.slice(at, at + length));
    at += length;
  }
  return chunks;
}
