const CHARSETS: ReadonlyMap<string, BufferEncoding> = new Map([
  ['utf-8', 'utf8'],
  ['utf8', 'utf8'],
  ['us-ascii', 'latin1'],
  ['ascii', 'latin1'],
  ['ansi', 'latin1'],
  ['iso-8859-1', 'latin1'],
  ['latin1', 'latin1'],
  ['utf-16', 'utf16le'],
  ['utf-16le', 'utf16le'],
]);

interface BinaryEncoding {
  readonly name: BufferEncoding;
  /** What a text in it looks like, blanks taken out. */
  readonly pattern: RegExp;
}

const ENCODINGS: ReadonlyMap<string, BinaryEncoding> = new Map([
  ['hex', { name: 'hex', pattern: /^(?:[0-9a-f]{2})*$/i }],
  ['hex_lower', { name: 'hex', pattern: /^(?:[0-9a-f]{2})*$/i }],
  ['base64', { name: 'base64', pattern: /^[A-Za-z0-9+/]*={0,2}$/ }],
  ['base64url', { name: 'base64url', pattern: /^[A-Za-z0-9_-]*={0,2}$/ }],
]);

/** @throws RangeError for a charset that is not known. @internal */
export function textToBytes(text: string, charset: string): Uint8Array {
  return plain(Buffer.from(text, charsetOf(charset)));
}

/** @throws RangeError for a charset that is not known. @internal */
export function bytesToText(bytes: Uint8Array, charset: string): string {
  return view(bytes).toString(charsetOf(charset));
}

/** @throws RangeError for an encoding that is not known; TypeError for a text that is not in it. @internal */
export function decodeBytes(text: string, encoding: string): Uint8Array {
  const { name, pattern } = encodingOf(encoding);
  const dense = text.replace(/\s+/g, '');
  if (!pattern.test(dense)) throw new TypeError(`The text is not ${encoding}.`);
  return plain(Buffer.from(dense, name));
}

/** Hex comes in upper case unless `hex_lower` is asked for. @internal */
export function encodeBytes(bytes: Uint8Array, encoding: string): string {
  const text = view(bytes).toString(encodingOf(encoding).name);
  return encoding.toLowerCase() === 'hex' ? text.toUpperCase() : text;
}

function charsetOf(charset: string): BufferEncoding {
  const found = CHARSETS.get(charset.toLowerCase());
  if (found === undefined) throw new RangeError(`The charset is not known; use utf-8, iso-8859-1 or utf-16.`);
  return found;
}

function encodingOf(encoding: string): BinaryEncoding {
  const found = ENCODINGS.get(encoding.toLowerCase());
  if (found === undefined) throw new RangeError('The encoding is not known; use hex, base64 or base64url.');
  return found;
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
