/*
 * The tests' own reading of the tilde encoding (P-15 to P-22, P-28 to P-31), on Latin-1 text: one character, one byte.
 */

export type Field = [key: string, value: string];

export function escapeValue(value: string): string {
  return value.replaceAll('~', '~~').replaceAll('\0', '~-');
}

export function encodeFields(fields: readonly Field[]): string {
  return fields.map(([key, value]) => `~${key}=${escapeValue(value)}`).join('');
}

/** Index behind the value that starts at `start`: the next field's tilde, or the end. */
function endOfValue(text: string, start: number): number {
  let at = start;
  for (;;) {
    at = text.indexOf('~', at);
    if (at < 0) return text.length;
    const next = text[at + 1];
    if (next !== '~' && next !== '-') return at;
    at += 2;
  }
}

export function unescapeValue(value: string): string {
  return value.replace(/~([~-])/g, (_pair, second) => (second === '-' ? '\0' : '~'));
}

/** Fields of one whole message without its terminator; throws on anything the protocol would reject. */
export function decodeFields(text: string): Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < text.length) {
    const equals = text.indexOf('=', at);
    if (text[at] !== '~' || equals < 0) throw new Error(`no field at ${at} of ${JSON.stringify(text)}`);
    const end = endOfValue(text, equals + 1);
    const key = text.slice(at + 1, equals);
    if (key === '' || key.includes('~')) throw new Error(`bad key ${JSON.stringify(key)}`);
    fields.push([key, unescapeValue(text.slice(equals + 1, end))]);
    at = end;
  }
  return fields;
}

/** Cuts a WebSocket byte stream into messages, each with its `~t=1`, and the unfinished rest. */
export function splitMessages(text: string): { messages: string[]; rest: string } {
  const messages: string[] = [];
  let start = 0;
  let at = 0;
  while (at < text.length) {
    if (text.startsWith('~t=1', at)) {
      at += 4;
      messages.push(text.slice(start, at));
      start = at;
      continue;
    }
    const equals = text.indexOf('=', at);
    const end = equals < 0 ? text.length : endOfValue(text, equals + 1);
    if (end === text.length) break;
    at = end;
  }
  return { messages, rest: text.slice(start) };
}
