// npm run bench [name ...] [--rounds=N] [--time=MS] [--only=EXPRESSION] [--candidates=NAME,...]
// Node 20 runs no TypeScript: everything in this folder is compiled to .cache/bench, then main runs there.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
// Below the packages it needs; by process, since one bench may begin while another runs.
const outdir = fileURLToPath(new URL(`../../.cache/bench/${process.pid}`, import.meta.url));

process.on('exit', () => rmSync(outdir, { recursive: true, force: true }));
await build({
  entryPoints: readdirSync(here, { recursive: true })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(here, path)),
  outdir,
  outbase: here,
  bundle: true,
  splitting: true,
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  packages: 'external',
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
});
await import(pathToFileURL(join(outdir, 'main.mjs')).href);
