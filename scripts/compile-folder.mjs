import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * Compiles every TypeScript file of a folder, with what it imports from the sources: Node 20 runs none.
 *
 * @param {string} folder
 * @param {string} outdir Has to be below the packages that are needed.
 * @param {import('esbuild').Plugin[]} plugins
 */
export async function compileFolder(folder, outdir, plugins = []) {
  await build({
    entryPoints: readdirSync(folder, { recursive: true })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .map((path) => join(folder, path)),
    outdir,
    outbase: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    packages: 'external',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
    plugins,
  });
}
