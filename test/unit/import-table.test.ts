import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import relayCoreNames from '../config/relay-core.json';

/**
 * Who may import what, first matching row wins. `files` and `folders` are beginnings of paths below src;
 * `except` takes paths out of `folders` again. Type-only imports count like any other.
 */
interface Row {
  readonly files: readonly string[];
  readonly folders: readonly string[];
  readonly except?: readonly string[];
  readonly packages?: readonly string[];
  readonly builtins?: readonly string[] | 'any';
}

const bindings = ['adapters/node', 'adapters/browser'];
const relayCore = relayCoreNames.map((name) => `relay/${name}`);
const framesNode = [
  'node:buffer',
  'node:crypto',
  'node:dns',
  'node:fs',
  'node:http',
  'node:net',
  'node:stream',
  'node:tls',
  'node:zlib',
];
const inflater = ['frames/node/inflater'];
/** Where frames meet a platform, or the names of the second seed. */
const framesEdges = ['frames/browser/', 'frames/compat/', 'frames/node/'];
const framesNodeOnly = ['frames/node/', 'frames/compat/'];
const framesOthers = ['frames/browser/', 'frames/compat/'];
const framesCompat = ['node:crypto', 'node:fs', 'node:stream'];
const testing = ['node:http', 'node:net', 'node:stream'];
const entries = ['index', 'browser', 'umd', 'frames', 'frames-browser', 'compat', 'relay', 'testing'];

const table: readonly Row[] = [
  { files: ['core/'], folders: ['core/'] },
  { files: ['frames/compat/'], folders: ['frames/'], except: ['frames/browser/'], builtins: framesCompat },
  { files: ['frames/browser/'], folders: ['frames/', 'adapters/clock'], except: framesNodeOnly },
  { files: inflater, folders: ['frames/compression', 'frames/errors'], packages: ['pako'] },
  { files: ['frames/node/'], folders: ['frames/'], except: framesOthers, builtins: framesNode },
  { files: ['frames/'], folders: ['frames/'], except: framesEdges },
  { files: bindings, folders: ['adapters/', 'core/transport'], packages: ['isomorphic-ws', 'cross-fetch'] },
  { files: ['adapters/'], folders: ['adapters/', 'core/transport'], except: bindings },
  { files: ['client/'], folders: ['client/', 'core/', 'adapters/'], except: bindings },
  { files: relayCore, folders: [...relayCore, 'core/', 'frames/'], except: framesEdges },
  { files: ['relay/'], folders: ['relay/', 'core/', 'frames/'], builtins: 'any' },
  { files: ['cli/'], folders: ['cli/', 'client/', 'adapters/', 'relay/', 'frames/'], builtins: 'any' },
  // What the proxies are made of; the rest of the folder needs no more than a clock.
  { files: ['testing/'], folders: ['testing/', 'client/', 'core/', 'frames/', 'relay/'], except: framesEdges, builtins: testing },
  // Entry files only join folders and hand on names, among them those of another entry.
  { files: entries, folders: ['adapters/', 'client/', 'core/', 'frames/', 'relay/', 'testing/', ...entries] },
];

const src = fileURLToPath(new URL('../../src/', import.meta.url));

function sourceFiles(): string[] {
  const paths = readdirSync(src, { recursive: true, encoding: 'utf8' }).map((path) =>
    path.split(sep).join('/'),
  );
  return paths
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map((path) => path.slice(0, -3));
}

function importsOf(file: string): string[] {
  return ts
    .preProcessFile(readFileSync(join(src, `${file}.ts`), 'utf8'))
    .importedFiles.map((found) => found.fileName);
}

/** A path below src that belongs to `names`: a folder's (ending in `/`) or that very file. */
const isIn = (path: string, names: readonly string[]) =>
  names.some((name) => (name.endsWith('/') ? path.startsWith(name) : path === name));

const targetOf = (file: string, specifier: string) => posix.join(dirname(file), specifier);

function mayImport(row: Row, file: string, specifier: string): boolean {
  if (specifier.startsWith('node:'))
    return row.builtins === 'any' || (row.builtins ?? []).includes(specifier);
  if (!specifier.startsWith('.')) return (row.packages ?? []).includes(specifier);
  const target = targetOf(file, specifier);
  return isIn(target, row.folders) && !isIn(target, row.except ?? []);
}

function cycleFrom(file: string, path: readonly string[], done: Set<string>): readonly string[] | undefined {
  if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
  if (done.has(file)) return undefined;
  for (const specifier of importsOf(file).filter((name) => name.startsWith('.'))) {
    const cycle = cycleFrom(targetOf(file, specifier), [...path, file], done);
    if (cycle !== undefined) return cycle;
  }
  done.add(file);
  return undefined;
}

describe('import table', () => {
  const files = sourceFiles();

  it('has a row for every source file', () => {
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !table.some((row) => isIn(file, row.files)))).toEqual([]);
  });

  it.each(table.map((row) => ({ row, name: row.files.join(', ') })))('is kept by $name', ({ row }) => {
    const mine = files.filter((file) => table.find((other) => isIn(file, other.files)) === row);
    const forbidden = mine.flatMap((file) =>
      importsOf(file)
        .filter((specifier) => !mayImport(row, file, specifier))
        .map((specifier) => `${file} imports ${specifier}`),
    );
    expect(forbidden).toEqual([]);
  });

  it('has no circle of imports', () => {
    const done = new Set<string>();
    expect(files.map((file) => cycleFrom(file, [], done)).filter((cycle) => cycle !== undefined)).toEqual([]);
  });
});
