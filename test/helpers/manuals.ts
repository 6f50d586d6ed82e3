import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Folder of the repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
/** Text of a file. */
export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The text under a heading, down to the next heading of its rank or a higher one. */
export function section(text: string, heading: string): string {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.replace(/^#+ /, '') === heading && line.startsWith('#'));
  if (start < 0) throw new Error(`There is no heading "${heading}".`);
  const rank = lines[start]?.indexOf(' ') ?? 0;
  const end = lines.findIndex((line, i) => i > start && /^#+ /.test(line) && line.indexOf(' ') <= rank);
  return lines.slice(start + 1, end < 0 ? undefined : end).join('\n');
}

/** The cells of the tables of a text, without heads. */
export function tableRows(text: string): string[][] {
  const lines = text.split('\n');
  return lines
    .filter(
      (line, i) => line.startsWith('|') && !line.startsWith('|--') && !(lines[i + 1] ?? '').startsWith('|--'),
    )
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** What stands in code marks in the first cells of tables, options without their arguments. */
export const firstNames = (text: string): string[] =>
  tableRows(text).flatMap(([first = '']) =>
    [...first.matchAll(/`(?:\.\.\.)?([\w-]+)[^`]*`/g)].map((match) => match[1] ?? ''),
  );

/** Names of the members of an interface, those of its parents left out. */
export function membersOf(path: string, name: string): string[] {
  const file = ts.createSourceFile(path, read(path), ts.ScriptTarget.ES2022);
  const found = file.statements.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === name);
  if (found === undefined || !ts.isInterfaceDeclaration(found))
    throw new Error(`${path} has no interface ${name}.`);
  return found.members.flatMap(({ name: member }) =>
    member !== undefined && ts.isIdentifier(member) ? [member.text] : [],
  );
}
