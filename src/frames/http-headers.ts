/**
 * Headers of an HTTP message in order, duplicates included. Names in any case.
 *
 * @public
 */
export type HeaderList = readonly (readonly [name: string, value: string])[];

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What a header value may hold: no control character but the tab, nothing that does not fit into a byte. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** True for a token: a header name, a subprotocol. @see RFC 9110, section 5.6.2. @internal */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** True for what may stand in a header value, which CR, LF and NUL may not. @internal */
export function isFieldValue(text: string): boolean {
  return FIELD_VALUE.test(text);
}

/** Values of all headers with this name, without blanks around them. @param name - In lower case. @internal */
export function headerValues(headers: HeaderList, name: string): string[] {
  const values: string[] = [];
  for (const [key, value] of headers) {
    if (key.length === name.length && key.toLowerCase() === name) values.push(trimBlanks(value));
  }
  return values;
}

/** Members of the comma-separated lists in all headers with this name; empty members are left out. @internal */
export function headerMembers(headers: HeaderList, name: string): string[] {
  const members: string[] = [];
  for (const value of headerValues(headers, name)) {
    for (const member of value.split(',')) members.push(trimBlanks(member));
  }
  return members.filter((member) => member !== '');
}

/** True when a list header with this name has the member, in any case. @param member - In lower case. @internal */
export function hasMember(headers: HeaderList, name: string, member: string): boolean {
  return headerMembers(headers, name).some((one) => one.toLowerCase() === member);
}

/** Spaces and tabs only, and in linear time, which a pattern for the end of a text would not be. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start++;
  while (end > start && isBlank(text, end - 1)) end--;
  return text.slice(start, end);
}

function isBlank(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code === 0x20 || code === 0x09;
}
