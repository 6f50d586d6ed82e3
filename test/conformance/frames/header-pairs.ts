export type Pairs = [string, string][];

/** A key and the value that belongs to it, from RFC 6455, section 1.3. */
export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/** The same headers, those with this name replaced by as many as there are values. */
export function replaced(headers: Pairs, name: string, ...values: string[]): Pairs {
  const others = headers.filter(([key]) => key.toLowerCase() !== name.toLowerCase());
  return [...others, ...values.map((value): [string, string] => [name, value])];
}
