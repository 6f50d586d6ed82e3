import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, join } from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import nodeResolve from '@rollup/plugin-node-resolve';
import terser from '@rollup/plugin-terser';
import typescript from '@rollup/plugin-typescript';
import { transform } from 'esbuild';
import dts from 'rollup-plugin-dts';
import { platformFetch } from './scripts/platform-fetch.mjs';

const manifest = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const banner = `/*! ${manifest.name} ${manifest.version} | (c) 2026 ${manifest.author} | ${manifest.license} */`;
const outDir = 'dist';

/** What every Node output leaves to be resolved where the package is installed. */
const nodeExternals = [/^node:/, ...builtinModules, ...Object.keys(manifest.dependencies)];

/** Compiles src; only one job needs to look for type errors, since the program is the same in each. */
const compile = ({ check }) =>
  typescript({
    tsconfig: 'src/tsconfig.json',
    noEmitOnError: true,
    compilerOptions: { noEmit: false, noCheck: !check },
  });

/** Removes what an earlier build left, so that nothing stale can be packed. */
const cleanOutDir = { name: 'clean', buildStart: () => rmSync(outDir, { recursive: true, force: true }) };

/** The chunk named `fileName` and all that it loads, at once or later. */
function reachableFrom(fileName, bundle, found = new Set()) {
  const chunk = bundle[fileName];
  if (chunk === undefined || found.has(fileName)) return found;
  found.add(fileName);
  for (const imported of [...chunk.imports, ...chunk.dynamicImports]) reachableFrom(imported, bundle, found);
  return found;
}

/** The command line is a program, not a module: its ES form is dropped, its CJS form made executable. */
const finishCommandLine = {
  name: 'command-line',
  generateBundle(_options, bundle) {
    if (bundle['cli.mjs'] === undefined) return;
    const modules = new Set(
      ['index.mjs', 'frames.mjs', 'compat.mjs', 'relay.mjs', 'testing.mjs'].flatMap((entry) => [...reachableFrom(entry, bundle)]),
    );
    for (const fileName of Object.keys(bundle)) {
      if (!modules.has(fileName)) delete bundle[fileName];
    }
  },
  writeBundle(_options, bundle) {
    if (bundle['cli.cjs'] !== undefined) chmodSync(join(outDir, 'cli.cjs'), 0o755);
  },
};

/** Prints the script tag of each UMD file with the hash that lets a page refuse a changed file. */
const printIntegrity = {
  name: 'integrity',
  writeBundle(options) {
    const digest = createHash('sha384').update(readFileSync(options.file)).digest('base64');
    const attributes = `src="${basename(options.file)}" integrity="sha384-${digest}" crossorigin="anonymous"`;
    console.log(`<script ${attributes}></script>`);
  },
};

/** ESM and CJS. Node outputs are readable as they are, with their comments; maps would double the package. */
const moduleOutputs = ({ sourcemap }) =>
  ['mjs', 'cjs'].map((extension) => ({
    dir: outDir,
    format: extension === 'mjs' ? 'es' : 'cjs',
    entryFileNames: `[name].${extension}`,
    chunkFileNames: `chunks/[name].${extension}`,
    sourcemap,
    interop: 'auto',
  }));

const nodeJob = {
  input: {
    index: 'src/index.ts',
    frames: 'src/frames.ts',
    compat: 'src/compat.ts',
    relay: 'src/relay.ts',
    testing: 'src/testing.ts',
    cli: 'src/cli/main.ts',
  },
  external: nodeExternals,
  plugins: [cleanOutDir, compile({ check: true }), finishCommandLine],
  output: moduleOutputs({ sourcemap: false }),
};

/** Puts the number of each error code in the place of its name: what is exported, a minifier cannot take apart. */
const errorCodes = () => {
  const table = /ErrorCode = \{([^}]*)\}/.exec(readFileSync('src/core/errors.ts', 'utf8'))[1];
  const codes = new Map(Array.from(table.matchAll(/(\w+): (\d+)/g), ([, name, code]) => [name, code]));
  return {
    name: 'error-codes',
    transform: (code) => ({
      code: code.replace(/\bErrorCode\.([A-Z_]+)\b/g, (whole, name) => codes.get(name) ?? whole),
      map: null,
    }),
  };
};

const browserPlugins = () => [
  platformFetch,
  compile({ check: false }),
  errorCodes(),
  nodeResolve({ browser: true, preferBuiltins: false }),
  commonjs(),
];

const browserJob = {
  input: { browser: 'src/browser.ts' },
  plugins: browserPlugins(),
  output: moduleOutputs({ sourcemap: true }),
};

/** Apart from the other, so that neither entry loads what it shares with the other as a file of its own. */
const framesBrowserJob = {
  input: { 'frames-browser': 'src/frames-browser.ts' },
  plugins: browserPlugins(),
  output: moduleOutputs({ sourcemap: true }),
};

/** Names private members anew in each class, which terser does for all together: the same few names compress better. */
const shortPrivateNames = {
  name: 'short-private-names',
  renderChunk: (code) =>
    transform(code, { minifyIdentifiers: true, target: 'es2022', sourcemap: 'external', legalComments: 'inline' }),
};

const umd = (file, plugins) => ({
  file: join(outDir, file),
  format: 'umd',
  name: 'Webifi',
  exports: 'default',
  sourcemap: true,
  banner,
  plugins: [...plugins, printIntegrity],
});

const umdJob = {
  input: 'src/umd.ts',
  plugins: browserPlugins(),
  output: [
    umd('webifi.umd.js', []),
    umd('webifi.umd.min.js', [shortPrivateNames, terser({ ecma: 2020, compress: { passes: 3 }, format: { comments: /^!/ } })]),
  ],
};

const typesJob = {
  input: {
    index: 'src/index.ts',
    frames: 'src/frames.ts',
    'frames-browser': 'src/frames-browser.ts',
    compat: 'src/compat.ts',
    relay: 'src/relay.ts',
    testing: 'src/testing.ts',
  },
  external: nodeExternals,
  plugins: [dts({ tsconfig: 'src/tsconfig.json' })],
  output: ['mts', 'cts'].map((extension) => ({
    dir: outDir,
    format: 'es',
    entryFileNames: `[name].d.${extension}`,
    chunkFileNames: `chunks/[name].d.${extension}`,
  })),
};

/** Nothing that Rollup warns of is good enough to ship. */
function onwarn(warning) {
  throw new Error(`${warning.code}: ${warning.message}`);
}

export default [nodeJob, browserJob, framesBrowserJob, umdJob, typesJob].map((job) => ({ ...job, onwarn }));
