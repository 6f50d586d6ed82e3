/** A typed line, as every console of this program reads it. */
export type TypedLine =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'command'; readonly command: string; readonly rest: string };

/** Tells commands from text. A line that starts with two slashes is text that starts with one. */
export function readTypedLine(line: string): TypedLine {
  if (line === 'quit') return { type: 'command', command: '/quit', rest: '' };
  if (line.startsWith('//')) return { type: 'text', text: line.slice(1) };
  if (!line.startsWith('/')) return { type: 'text', text: line };
  const [command, rest] = splitOnce(line);
  return { type: 'command', command, rest };
}

/** What stands in front of the first blank, and what behind it. */
export function splitOnce(text: string): [string, string] {
  const blank = text.indexOf(' ');
  return blank === -1 ? [text, ''] : [text.slice(0, blank), text.slice(blank + 1)];
}
