// What the import table (test/unit/import-table.test.ts) cannot see: what is reached through other files.
// The direct rules stand here too where they need the resolved file, not the written name.

const relayCore = `^src/relay/(${require('./relay-core.json').join('|')})\\.ts$`;
const entries = '^src/[^/]+\\.ts$|^src/cli/main\\.ts$';
const browserEntries = '^src/(browser|umd|frames-browser)\\.ts$';
const nodeOnly = '^src/(index|relay|frames|compat|testing)\\.ts$|^src/(relay|cli|testing|frames/node|frames/compat)/|^src/adapters/node\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'A circle of imports has no order in which it can be read or started.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'browser-reaches-no-node-code',
      comment: 'Pages load these entries: nothing they reach may need Node, the relay, ws or pako.',
      severity: 'error',
      from: { path: browserEntries },
      to: { path: `${nodeOnly}|^node_modules/(ws|pako)/`, reachable: true },
    },
    {
      name: 'browser-reaches-no-builtin',
      comment: 'A Node builtin reached from a browser entry breaks every bundler.',
      severity: 'error',
      from: { path: browserEntries },
      to: { path: `^(node:)?(${require('node:module').builtinModules.join('|')})$`, reachable: true },
    },
    {
      name: 'pure-core',
      comment: 'The pure folders import nothing but themselves (the relay core also core).',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { pathNot: '^src/core/' },
    },
    {
      name: 'pure-frames',
      severity: 'error',
      from: { path: '^src/frames/', pathNot: '^src/frames/(node|compat|browser)/' },
      to: { pathNot: '^src/frames/(?!(node|compat|browser)/)' },
    },
    {
      name: 'frames-browser-uses-pure-frames',
      severity: 'error',
      from: { path: '^src/frames/browser/' },
      to: { pathNot: '^src/frames/(?!(node|compat)/)|^src/adapters/clock\\.ts$' },
    },
    {
      name: 'frames-node-uses-few-builtins',
      severity: 'error',
      from: { path: '^src/frames/node/', pathNot: '^src/frames/node/inflater\\.ts$' },
      to: { pathNot: '^src/frames/(?!(compat|browser)/)|^(node:)?(buffer|crypto|dns|fs|http|net|stream|tls|zlib)$' },
    },
    {
      name: 'frames-compat-uses-frames-only',
      comment: 'The names of seed 2 are a layer over frames; the file system is for its debug log and LoadFile.',
      severity: 'error',
      from: { path: '^src/frames/compat/' },
      to: { pathNot: '^src/frames/(?!browser/)|^(node:)?(crypto|fs|stream)$' },
    },
    {
      name: 'pure-relay-core',
      severity: 'error',
      from: { path: relayCore },
      to: { pathNot: `^src/core/|^src/frames/(?!(node|compat)/)|${relayCore}` },
    },
    {
      name: 'client-and-relay-do-not-meet',
      comment: 'They share core and frames; only the command line uses both.',
      severity: 'error',
      from: { path: '^src/(client|adapters)/' },
      to: { path: '^src/(relay|cli)/', reachable: true },
    },
    {
      name: 'relay-does-not-use-the-client',
      severity: 'error',
      from: { path: '^src/relay/' },
      to: { path: '^src/(client|adapters|cli|testing)/', reachable: true },
    },
    {
      name: 'only-bindings-import-packages',
      comment: 'isomorphic-ws and cross-fetch stay behind the two bindings, pako behind its own.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(adapters/(node|browser)|frames/node/inflater)\\.ts$' },
      to: { path: '^node_modules/' },
    },
    {
      name: 'inflater-binds-pako-only',
      severity: 'error',
      from: { path: '^src/frames/node/inflater\\.ts$' },
      to: { pathNot: '^src/frames/(compression|errors)\\.ts$|(^|/)node_modules/pako/' },
    },
    {
      name: 'no-import-of-entries',
      comment: 'Folders never import an entry file.',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    {
      name: 'no-dead-file',
      comment: 'What no entry reaches is in no build.',
      severity: 'error',
      from: { path: entries },
      to: { path: '^src/', pathNot: `${entries}|\\.d\\.ts$`, reachable: false },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-dependencies',
      comment: 'What src imports at run time is installed with the package.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'node', 'import', 'require'],
    },
  },
};
