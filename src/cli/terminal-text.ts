/** Controls, format characters such as bidi marks, lone surrogates, line and paragraph separators; joiners stay. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
const MAX_HEX_BYTES = 64;

/** A text in one line that cannot steer a terminal or hide a part of itself (SEC-19). */
export function safeLine(text: string): string {
  return text.replace(UNSAFE, (character) => (character === '\t' ? character : escapeCharacter(character)));
}

/** As {@link safeLine}, with line ends kept; lines after the first are indented, so none can pose as a new message. */
export function safeLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map(safeLine)
    .join('\n    ');
}

/** What a message carries, as text when it is UTF-8 and as hexadecimal when it is not. */
export function safeData(data: string, bytes: Uint8Array): string {
  if (data === '') return '(empty message)';
  return utf8Text(bytes) === undefined ? `(${bytes.length} bytes) ${hexText(bytes)}` : safeLines(data);
}

/** A value as one line of JSON that cannot steer a terminal either. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (character) =>
    Array.from({ length: character.length }, (_, i) => escapeUnit(character.charCodeAt(i))).join(''),
  );
}

/** The text that bytes hold; undefined when they are no valid UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function escapeUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** The first bytes in hexadecimal. */
export function hexText(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, MAX_HEX_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length > MAX_HEX_BYTES ? `${shown} ...` : shown;
}
