import { readFileSync } from 'node:fs';
import js from '@eslint/js';
import tsdoc from 'eslint-plugin-tsdoc';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const typescript = ['**/*.ts', '**/*.mts'];
const scripts = ['**/*.mjs', '**/*.cjs', 'test/package/consumers/*.js'];
/** Names of the relay's pure files: what its tsconfig.json compiles without the names of any host. */
const relayCore = JSON.parse(readFileSync(new URL('relay-core.json', import.meta.url), 'utf8'));
const pure = ['src/core/**/*.ts', 'src/frames/**/*.ts', ...relayCore.map((name) => `src/relay/${name}.ts`)];

const clock = 'Time comes in as an argument.';
const random = 'Randomness comes in as an argument.';
const io = 'Pure code returns effects; a driver carries them out.';
const host = 'Not every host has it: pure code uses ECMAScript only.';

/** Beside what the compiler settings of the pure folders refuse: ECMAScript's own clock and dice, and ways round. */
const pureGlobals = [
  ['Date', clock],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'performance'].map((name) => [
    name,
    clock,
  ]),
  ['crypto', random],
  ...['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'navigator', 'console'].map((name) => [
    name,
    io,
  ]),
  ...['Buffer', 'process', 'globalThis', 'window', 'self', 'require', 'URL'].map((name) => [name, host]),
].map(([name, message]) => ({ name, message }));

const readonly = (names) => Object.fromEntries(names.map((name) => [name, 'readonly']));

const hostGlobals = readonly([
  'console',
  'process',
  'performance',
  'URL',
  'Buffer',
  'setTimeout',
  'clearTimeout',
  'fetch',
]);

const pageGlobals = readonly([
  ...['window', 'document', 'location', 'history', 'navigator', 'console', 'crypto', 'fetch', 'matchMedia'],
  ...['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'requestAnimationFrame'],
  ...[
    'localStorage',
    'sessionStorage',
    'CustomEvent',
    'Event',
    'HTMLElement',
    'URL',
    'URLSearchParams',
    'Webifi',
  ],
]);

export default defineConfig(
  globalIgnores([
    ...['dist/', 'node_modules/', 'coverage/', 'test-output/', '.cache/'],
    // Compiled by a packaging test, against the packed package.
    'test/package/consumers/types*',
    // Declarations that stand beside a script or take the place of a library; the compiler reads them.
    '**/*.d.ts',
    '**/*.d.mts',
  ]),
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-console': 'off',
      'no-var': 'error',
      'prefer-const': 'error',
      'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
    },
  },
  { files: scripts, languageOptions: { globals: hostGlobals } },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { module: 'writable', require: 'readonly' } },
  },
  { files: ['demo/**/*.js'], languageOptions: { globals: pageGlobals } },
  {
    files: typescript,
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { tsdoc },
    // One program for all files: the root settings see src, test and demo.
    languageOptions: { parserOptions: { project: 'tsconfig.json', tsconfigRootDir: process.cwd() } },
    rules: {
      'tsdoc/syntax': 'error',
      // An async function without await still turns what it throws into a rejection.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
      ],
    },
  },
  {
    // A UMD file has one value, and a program has an output.
    files: ['src/umd.ts', 'src/cli/**/*.ts'],
    rules: { 'no-restricted-syntax': 'off', 'no-console': 'off' },
  },
  {
    files: pure,
    ignores: ['src/frames/node/**', 'src/frames/compat/**', 'src/frames/browser/**'],
    rules: {
      // Bytes are read by index on the hot paths, where the bound was checked before the loop.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/prefer-for-of': 'off',
      'no-restricted-globals': ['error', ...pureGlobals],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: random }],
      'no-restricted-imports': ['error', { patterns: [{ group: ['node:*', '!.*'], message: io }] }],
    },
  },
  {
    // A describe block is a list of tests, not a function to be read at one go.
    files: ['test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
