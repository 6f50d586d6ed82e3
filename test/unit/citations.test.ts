import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const tests = fileURLToPath(new URL('..', import.meta.url));
/** Statements on HTTP/2, which is for later. */
const LATER = [73, 74, 75];

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

/** Numbers behind a letter that a test names, as in `F-4 to F-6`, `D-3` and `W6`; comments do not count. */
function citedIn(file: string, letter: string): number[] {
  const code = readFileSync(tests + file, 'utf8').replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
  const citation = new RegExp(`\\b${letter}-?(\\d+)\\b(?: to ${letter}-?(\\d+)\\b)?`, 'g');
  return [...code.matchAll(citation)].flatMap(([, from, to = from]) =>
    upTo(Number(to)).filter((number) => number >= Number(from)),
  );
}

const files = readdirSync(tests, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts') && path !== 'unit/citations.test.ts');

function cited(letter: string, folder = ''): Set<number> {
  return new Set(files.filter((file) => file.startsWith(folder)).flatMap((file) => citedIn(file, letter)));
}

describe('every statement, decision and walkthrough on frames has a test that names it', () => {
  it('statements F-1 to F-75, without those on HTTP/2', () => {
    const found = cited('F');
    expect(upTo(75).filter((number) => !found.has(number))).toEqual(LATER);
  });

  it('decisions D-1 to D-19', () => {
    const found = cited('D');
    expect(upTo(19).filter((number) => !found.has(number))).toEqual([]);
  });

  it.each(['conformance/frames-client/', 'conformance/compat/'])('walkthroughs W1 to W6 in %s', (folder) => {
    const found = cited('W', folder);
    expect(upTo(6).filter((number) => !found.has(number))).toEqual([]);
  });
});
