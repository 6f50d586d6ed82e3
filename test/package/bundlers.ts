import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build as esbuild } from 'esbuild';
import { build as vite } from 'vite';
import webpack from 'webpack';
import { consumerFolder, consumerRequire } from './tarball';

/** Makes the script of a page from a consumer's source; all paths are absolute. */
type Bundler = (source: string, output: string) => Promise<void>;

const withEsbuild: Bundler = async (source, output) => {
  await esbuild({
    entryPoints: [source],
    outfile: output,
    bundle: true,
    platform: 'browser',
    format: 'iife',
  });
};

const withVite: Bundler = async (source, output) => {
  await vite({
    root: consumerFolder,
    configFile: false,
    logLevel: 'warn',
    build: {
      outDir: dirname(output),
      emptyOutDir: false,
      rolldownOptions: { input: source, output: { entryFileNames: 'page.js' } },
    },
  });
};

const withWebpack: Bundler = async (source, output) => {
  const compiler = webpack({
    mode: 'production',
    context: consumerFolder,
    entry: source,
    output: { path: dirname(output), filename: 'page.js' },
    performance: false,
  });
  await new Promise<void>((resolve, reject) => {
    compiler.run((error, stats) => {
      const failure =
        error ?? (stats?.hasErrors() === true ? new Error(stats.toString('errors-only')) : undefined);
      compiler.close(() => {
        if (failure instanceof Error) reject(failure);
        else resolve();
      });
    });
  });
};

/** No bundler: the page loads the UMD file, then its own script. */
const withScriptTag: Bundler = async (source, output) => {
  copyFileSync(source, output);
  copyFileSync(consumerRequire.resolve('webifi/umd'), join(dirname(output), 'webifi.js'));
  copyFileSync(join(consumerFolder, 'round-trip.js'), join(dirname(output), 'round-trip.js'));
};

export interface PageConsumer {
  readonly name: string;
  readonly source: string;
  readonly bundle: Bundler;
  /** What the page loads, in order. */
  readonly scripts: readonly string[];
}

export const pageConsumers: readonly PageConsumer[] = [
  { name: 'Vite', source: 'page-import.mjs', bundle: withVite, scripts: ['page.js'] },
  { name: 'webpack, ESM source', source: 'page-import.mjs', bundle: withWebpack, scripts: ['page.js'] },
  { name: 'webpack, CJS source', source: 'page-require.cjs', bundle: withWebpack, scripts: ['page.js'] },
  { name: 'esbuild, ESM source', source: 'page-import.mjs', bundle: withEsbuild, scripts: ['page.js'] },
  { name: 'esbuild, CJS source', source: 'page-require.cjs', bundle: withEsbuild, scripts: ['page.js'] },
  {
    name: 'script tag',
    source: 'page-script.js',
    bundle: withScriptTag,
    scripts: ['webifi.js', 'round-trip.js', 'page.js'],
  },
];

/** Pages that use `webifi/frames`. */
export const framesConsumers: readonly PageConsumer[] = [
  { name: 'frames, Vite', source: 'page-frames.mjs', bundle: withVite, scripts: ['page.js'] },
  { name: 'frames, webpack', source: 'page-frames.mjs', bundle: withWebpack, scripts: ['page.js'] },
  { name: 'frames, webpack, CJS source', source: 'page-frames.cjs', bundle: withWebpack, scripts: ['page.js'] },
  { name: 'frames, esbuild', source: 'page-frames.mjs', bundle: withEsbuild, scripts: ['page.js'] },
  { name: 'frames, esbuild, CJS source', source: 'page-frames.cjs', bundle: withEsbuild, scripts: ['page.js'] },
];

const built = new Map<PageConsumer, Promise<string>>();

/** Makes a consumer's page script, once, and tells the folder that holds it with all the page loads. */
export function buildPage(consumer: PageConsumer): Promise<string> {
  const folder = built.get(consumer) ?? bundleInto(consumer);
  built.set(consumer, folder);
  return folder;
}

async function bundleInto(consumer: PageConsumer): Promise<string> {
  const folder = join(consumerFolder, 'pages', consumer.name.replace(/\W+/g, '-').toLowerCase());
  mkdirSync(folder, { recursive: true });
  await consumer.bundle(join(consumerFolder, consumer.source), join(folder, 'page.js'));
  return folder;
}
