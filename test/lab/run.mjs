// npm run lab [name ...] [-- --peers]
// Node 20 runs no TypeScript: the lab is compiled to .cache/lab, then main runs there, against the built package.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const outdir = fileURLToPath(new URL(`../../.cache/lab/${process.pid}`, import.meta.url));

/** What the lab takes from an entry in `src` it takes from the package, as users do. */
const builtPackage = {
  name: 'built-package',
  setup(builder) {
    builder.onResolve({ filter: /\/src\/(index|relay|testing)$/ }, ({ path }) => {
      const entry = path.slice(path.lastIndexOf('/') + 1);
      return { path: entry === 'index' ? 'webifi' : `webifi/${entry}`, external: true };
    });
  },
};

process.on('exit', () => rmSync(outdir, { recursive: true, force: true }));
await build({
  entryPoints: readdirSync(here, { recursive: true })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => join(here, path)),
  outdir,
  outbase: here,
  bundle: true,
  splitting: true,
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  packages: 'external',
  plugins: [builtPackage],
  platform: 'node',
  target: 'node20',
  logLevel: 'warning',
});
await import(pathToFileURL(join(outdir, 'main.mjs')).href);
