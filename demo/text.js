/* global TextDecoder */

// Text for people. Everything that comes from the network is hostile and ends up in a text node, never in markup.

const TEXT_LIMIT = 4_000;
const HEX_LIMIT = 256;
const LABEL_LIMIT = 200;

/** Codes that a person at this page can do something about, by their names in `Webifi.ErrorCode`. */
const EXPLANATIONS = {
  RECIPIENT_NOT_REACHED: 'Not everybody was reached: a recipient is no longer there. Find the devices again.',
  SOME_NETWORKS_NOT_SET: 'The account does not allow some of these networks; the others are set.',
  WRONG_CREDENTIALS: 'Wrong connect name or password. Correct them and connect again.',
  UNREACHABLE: 'The relay cannot be reached. The page keeps trying.',
};

/** Makes an element whose content is text. */
export function element(tag, className, text = '') {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

/** A short text such as a name: control characters written out, cut at a bounded length. */
export function label(text) {
  return readable(text, LABEL_LIMIT);
}

/** A text of any length, as {@link label}. */
export function paragraph(text) {
  return readable(text, TEXT_LIMIT);
}

/** The data of a message as the log shows it: text, bytes that are no text, or visibly nothing. */
export function dataElement(data, bytes) {
  if (data === '') return element('div', 'entry-text empty', '(empty message)');
  if (bytes !== undefined && !isUtf8(bytes)) return element('div', 'entry-text hex', hexText(bytes));
  return element('div', 'entry-text', paragraph(data));
}

/** An error of the client in words that help at this page. */
export function explain(error) {
  const known = Object.keys(EXPLANATIONS).find((name) => Webifi.ErrorCode[name] === error.code);
  if (known !== undefined) return EXPLANATIONS[known];
  return error.message || Webifi.convertErrorCodeToString(error.code);
}

/** The names in a list with commas. */
export function listOf(text) {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function readable(text, limit) {
  const visible = text.slice(0, limit).replace(/[^\P{Cc}\t\n]/gu, (control) => `\\x${hexByte(control.charCodeAt(0))}`);
  return text.length > limit ? `${visible} … (${text.length - limit} characters more)` : visible;
}

function hexText(bytes) {
  const shown = Array.from(bytes.subarray(0, HEX_LIMIT), hexByte).join(' ');
  return bytes.length > HEX_LIMIT ? `${shown} … (${bytes.length - HEX_LIMIT} bytes more)` : shown;
}

function hexByte(byte) {
  return byte.toString(16).padStart(2, '0');
}

function isUtf8(bytes) {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
