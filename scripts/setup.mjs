// Brings a checkout into a state in which it runs: installs and builds what is missing or stale.
// Uses Node built-ins only, because it runs before anything is installed.
//
//   node scripts/setup.mjs                install, build
//   node scripts/setup.mjs --test-tools   also the programs that the tests drive
//   node scripts/setup.mjs --bench-tools  also the programs that the bench drives
//   node scripts/setup.mjs --no-install   build only (the `prepare` script: npm is installing already)
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchTools, findTool, testTools } from './test-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const underCi = process.env.CI === 'true';
const aptGet = '/usr/bin/apt-get';
const buildInputs = [
  'src',
  'rollup.config.mjs',
  'scripts/platform-fetch.mjs',
  'tsconfig.json',
  'package.json',
  'package-lock.json',
];

/** Runs a program with its output shown; true when it succeeded. */
function attempt(title, program, args, options = {}) {
  console.log(`set-up: ${title}`);
  const { status, signal, error } = spawnSync(program, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    ...options,
  });
  if (status !== 0)
    console.error(`set-up: failed: ${title} (${error?.message ?? signal ?? `exit code ${status}`})`);
  return status === 0;
}

/** Like `attempt`, for what nothing can go on without. */
function run(...step) {
  if (!attempt(...step)) process.exit(1);
}

/** npm as it runs this script, or the one on PATH when node was called by hand. */
function runNpm(title, args) {
  const npmCli = process.env.npm_execpath;
  if (npmCli !== undefined && /npm-cli\.c?js$/.test(npmCli)) run(title, process.execPath, [npmCli, ...args]);
  else run(title, 'npm', args, { shell: process.platform === 'win32' });
}

const modifiedMs = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs;

/** The newest change in a file, or in a folder and all below it; its own time tells of removed files. */
function newestMs(path) {
  const own = modifiedMs(path) ?? 0;
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return own;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestMs(join(path, name))), own);
}

function installWhenStale() {
  const installed = modifiedMs(join(root, 'node_modules', '.package-lock.json'));
  const locked = modifiedMs(join(root, 'package-lock.json'));
  if (installed !== undefined && (locked === undefined || installed >= locked)) return;
  // No package's install script is wanted, and our own `prepare` would build before we ask whether it must.
  runNpm('installing the locked packages', [
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--no-audit',
    '--no-fund',
  ]);
}

/** Every file under dist that package.json promises. */
function promisedFiles(value) {
  if (typeof value === 'string')
    return value.startsWith('./dist/') || value.startsWith('dist/') ? [value] : [];
  return Object.values(value ?? {}).flatMap(promisedFiles);
}

function buildIsFresh() {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const outputs = promisedFiles([
    manifest.main,
    manifest.module,
    manifest.types,
    manifest.unpkg,
    manifest.bin,
    manifest.exports,
  ]);
  const newestInput = Math.max(...buildInputs.map((input) => newestMs(join(root, input))));
  return outputs.every((output) => (modifiedMs(join(root, output)) ?? 0) > newestInput);
}

function buildWhenStale() {
  if (buildIsFresh()) return;
  const rollup = join(root, 'node_modules', 'rollup', 'dist', 'bin', 'rollup');
  if (existsSync(rollup)) {
    run('building dist', process.execPath, [rollup, '--config', '--silent']);
    return;
  }
  console.error(
    'set-up: dist is missing or stale, and the build tools are not installed (npm ci installs them).',
  );
  if (!process.argv.includes('--no-install')) process.exit(1);
}

/** True on a Debian-like system where this process may install packages. */
function mayUseApt() {
  return process.getuid?.() === 0 && existsSync(aptGet);
}

/** Debian asks this file whether a service may start. */
const servicePolicy = '/usr/sbin/policy-rc.d';

/**
 * Runs `work` while no package that is installed may start its service. A file of ours refuses only as long as this
 * process lives; one of anybody else is left as it is.
 */
function withoutServices(work) {
  const mark = '# Written by the set-up of webifi.';
  if (existsSync(servicePolicy) && !readFileSync(servicePolicy, 'utf8').includes(mark)) return work();
  const script = `#!/bin/sh\n${mark}\nkill -0 ${process.pid} 2>/dev/null && exit 101\nexit 0\n`;
  writeFileSync(servicePolicy, script, { mode: 0o755 });
  try {
    work();
  } finally {
    rmSync(servicePolicy);
  }
}

/**
 * The packages, without what they recommend. Their services are neither started now nor at the next boot.
 * A failure here is not the end: what is still missing afterwards is reported by name.
 */
function installWithApt(tools) {
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  attempt('updating the package lists', aptGet, ['-qq', 'update'], options);
  const packages = tools.map((tool) => tool.package);
  const args = ['-qq', '-y', '-o', 'Dpkg::Use-Pty=0', 'install', '--no-install-recommends', ...packages];
  withoutServices(() => attempt(`installing ${packages.join(', ')}`, aptGet, args, options));
  for (const { service } of tools.filter((tool) => tool.service !== undefined && !isMissing(tool))) {
    const program = programThatDisables(service);
    if (program === undefined) continue;
    const what = program.endsWith('systemctl') ? ['disable', service] : [service, 'disable'];
    attempt(`keeping ${service} from starting at boot`, program, what, options);
  }
}

/** One without an init script is a unit alone: without systemd nothing would start it. */
function programThatDisables(service) {
  if (existsSync(`/etc/init.d/${service}`)) return '/usr/sbin/update-rc.d';
  return ['/usr/bin/systemctl', '/bin/systemctl'].find((path) => existsSync(path));
}

const isMissing = (tool) => findTool(tool.name) === undefined;

/** Installs what is missing, where that may be. @returns What is missing still; it is named loudly. */
function prepareTools(tools) {
  // A tool that the caller names is the caller's to provide.
  const installable = tools.filter((tool) => isMissing(tool) && process.env[tool.variable] === undefined);
  if (installable.length > 0 && mayUseApt()) installWithApt(installable);

  const missing = tools.filter(isMissing);
  if (missing.length === 0) return missing;
  const line = '#'.repeat(78);
  console.error(line);
  for (const tool of missing) {
    console.error(`#  SKIPPED: ${tool.purpose}. ${tool.name} was not found.`);
    console.error(
      `#           Install it (Debian: apt-get install ${tool.package}) or name it in ${tool.variable}.`,
    );
  }
  console.error(line);
  return missing;
}

/** Makes sure that every tool is there, or says loudly which tests cannot run; CI=true makes that a failure. */
function prepareTestTools() {
  if (prepareTools(testTools).length === 0 || !underCi) return;
  console.error('CI=true: a skipped test counts as a failure.');
  process.exit(1);
}

if (!process.argv.includes('--no-install')) installWhenStale();
buildWhenStale();
if (process.argv.includes('--test-tools')) prepareTestTools();
if (process.argv.includes('--bench-tools')) prepareTools(benchTools);
