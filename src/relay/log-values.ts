const MAX_TEXT = 1000;
const MAX_ITEMS = 50;
const MAX_DEPTH = 4;

/**
 * Names, in lower case, whose value is never written: secrets, bearer ids and the payload of messages
 * (SEC-19).
 */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  ...['password', 'connectpassword', 'cp', 'id', 'deviceid', 'd', 'data', 'xr', 'xu'],
  ...['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'secret', 'token'],
]);
/** A tilde-encoded field that carries a secret or a payload, wherever it turns up in a text. */
const SECRET_FIELD = /~(cp|id|d|xr|xu)=(?:[^~]|~[~-])*/g;
/** A device id: the public session id, `s`, and the secret half. */
const DEVICE_ID = /\b(\d{1,20}s)[0-9A-Za-z]{16,}/g;
/**
 * Characters that could forge a line or hide text: controls, format characters (bidi), separators, lone
 * surrogates.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const BARE = /^[\w.:/@+-]+$/;

export function isSecretName(name: string): boolean {
  return SECRET_NAMES.has(name.toLowerCase());
}

/** A text without secrets and unprintable characters, cut to a bounded length. */
export function cleanText(text: string): string {
  // Cut twice: a short pre-cut keeps the patterns cheap, and what it splits lies beyond the final cut.
  const redacted = text
    .slice(0, 4 * MAX_TEXT)
    .replace(SECRET_FIELD, '~$1=[redacted]')
    .replace(DEVICE_ID, '$1[redacted]');
  const printable = redacted.slice(0, MAX_TEXT).replace(UNPRINTABLE, escapeCharacter);
  return text.length > MAX_TEXT ? `${printable}...` : printable;
}

function escapeCharacter(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}

/** A value as it stands in a line of text: bare when that is unambiguous, as JSON otherwise. */
export function toPlainText(value: unknown, alsoBare = ''): string {
  if (typeof value !== 'string') return toJson(value);
  const text = cleanText(value);
  return BARE.test(alsoBare === '' ? text : text.replaceAll(alsoBare, '_')) ? text : JSON.stringify(text);
}

/** Any value as bounded JSON without secrets; a Map becomes an object with its keys as they are. */
export function toJson(value: unknown, depth = 0): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(cleanText(value));
    case 'number':
      return Number.isFinite(value) ? String(value) : `"${String(value)}"`;
    case 'boolean':
      return String(value);
    case 'bigint':
      return `"${String(value)}"`;
    case 'object':
      return value === null ? 'null' : objectToJson(value, depth);
    default:
      return 'null';
  }
}

function objectToJson(value: object, depth: number): string {
  if (value instanceof Error) return toJson(errorText(value));
  if (value instanceof Date) return toJson(String(value));
  if (ArrayBuffer.isView(value)) return `"[${value.byteLength} bytes]"`;
  if (depth >= MAX_DEPTH) return '"[deeper]"';
  if (Array.isArray(value) || value instanceof Set) {
    return itemsToJson(value as Iterable<unknown>, depth);
  }
  const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
  return entriesToJson(entries, depth);
}

function itemsToJson(values: Iterable<unknown>, depth: number): string {
  const items: string[] = [];
  for (const value of values) {
    if (items.length === MAX_ITEMS) break;
    items.push(toJson(value, depth + 1));
  }
  return `[${items.join(',')}]`;
}

/**
 * Written by hand, never through a plain object: a key such as `__proto__` is data like any other (SEC-12).
 */
function entriesToJson(entries: Iterable<[unknown, unknown]>, depth: number): string {
  const members: string[] = [];
  for (const [key, item] of entries) {
    if (item === undefined) continue;
    if (members.length === MAX_ITEMS) break;
    const name = String(key);
    const text = isSecretName(name) ? '"[redacted]"' : toJson(item, depth + 1);
    members.push(`${JSON.stringify(cleanText(name))}:${text}`);
  }
  return `{${members.join(',')}}`;
}

/** The chain of causes in one text; a stack is left out, it would spread over lines. */
function errorText(error: Error): string {
  const own = `${error.name}: ${error.message}`;
  return error.cause instanceof Error && error.cause !== error
    ? `${own} (${error.cause.name}: ${error.cause.message})`
    : own;
}
