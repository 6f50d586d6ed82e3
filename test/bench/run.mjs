// npm run bench [name ...] [--rounds=N] [--time=MS] [--only=EXPRESSION] [--candidates=NAME,...]
// Everything in this folder is compiled to .cache/bench, then main runs there.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compileFolder } from '../../scripts/compile-folder.mjs';

// Below the packages it needs; by process, since one bench may begin while another runs.
const outdir = fileURLToPath(new URL(`../../.cache/bench/${process.pid}`, import.meta.url));

process.on('exit', () => rmSync(outdir, { recursive: true, force: true }));
await compileFolder(fileURLToPath(new URL('.', import.meta.url)), outdir);
await import(pathToFileURL(join(outdir, 'main.mjs')).href);
