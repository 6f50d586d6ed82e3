import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { benchTools, testTools, type Tool } from '../../../scripts/test-tools.mjs';

const scripts = fileURLToPath(new URL('../../../scripts/', import.meta.url));
const nowSeconds = Date.now() / 1000;

/** Stands in for a program: notes what it was told and makes `file`, as the real one would. */
const program = (name: string, file: string) => `
  const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
  appendFileSync('calls.txt', ${JSON.stringify(name)} + ' ' + process.argv.slice(2).join(' ') + '\\n');
  mkdirSync(require('node:path').dirname(${JSON.stringify(file)}), { recursive: true });
  writeFileSync(${JSON.stringify(file)}, '');
`;

let folder: string;

/** Writes a file that was last changed so many seconds ago. */
function put(path: string, ageSeconds: number, text = '{}'): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  age(path, ageSeconds);
}

function age(path: string, ageSeconds: number): void {
  utimesSync(join(folder, path), nowSeconds - ageSeconds, nowSeconds - ageSeconds);
}

/** Runs the set-up of the copy; tells its exit code, its error output and which programs it called. */
function setUp(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/setup.mjs', ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, CI: '', npm_execpath: join(folder, 'npm-cli.js'), ...env },
  });
  const calls = existsSync(join(folder, 'calls.txt')) ? readFileSync(join(folder, 'calls.txt'), 'utf8') : '';
  rmSync(join(folder, 'calls.txt'), { force: true });
  return { status, stderr, calls: calls.split('\n').filter((call) => call !== '') };
}

/** An environment in which every tool is this program. */
const namingAll = (path: string): NodeJS.ProcessEnv =>
  Object.fromEntries([...testTools, ...benchTools].map(({ variable }) => [variable, path]));

/** What is said about each of them when none is there. */
const complaints = (tools: readonly Tool[]): string[] =>
  tools.flatMap(({ name, variable }) => [
    expect.stringMatching(new RegExp(`SKIPPED: .* ${name} was not found`)) as string,
    expect.stringContaining(`name it in ${variable}.`) as string,
  ]);

const install = expect.stringMatching(/^npm ci --ignore-scripts/) as string;
const build = expect.stringMatching(/^rollup --config/) as string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webifi-set-up-'));
  cpSync(scripts, join(folder, 'scripts'), { recursive: true });
  put('package.json', 100, '{ "main": "./dist/index.cjs" }');
  put('package-lock.json', 100);
  put('rollup.config.mjs', 100);
  put('tsconfig.json', 100);
  put('src/index.ts', 100);
  age('src', 100);
  age('scripts/platform-fetch.mjs', 100);
  put('npm-cli.js', 100, program('npm', 'node_modules/.package-lock.json'));
  put('node_modules/rollup/dist/bin/rollup', 100, program('rollup', 'dist/index.cjs'));
  put('node_modules/.package-lock.json', 90);
  put('dist/index.cjs', 80);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('set-up script', () => {
  it('does nothing when the install and the build are newer than what they come from', () => {
    expect(setUp()).toMatchObject({ status: 0, calls: [] });
  });

  it('installs and builds in a fresh clone, then not again', () => {
    rmSync(join(folder, 'node_modules/.package-lock.json'));
    rmSync(join(folder, 'dist'), { recursive: true });
    expect(setUp()).toMatchObject({ status: 0, calls: [install, build] });
    expect(setUp()).toMatchObject({ status: 0, calls: [] });
  });

  it('installs and builds when the lock file changed', () => {
    age('package-lock.json', 10);
    expect(setUp().calls).toEqual([install, build]);
  });

  it.each([
    'src/index.ts',
    'rollup.config.mjs',
    'scripts/platform-fetch.mjs',
    'package.json',
    'tsconfig.json',
  ])('builds when %s changed', (input) => {
    age(input, 10);
    expect(setUp().calls).toEqual([build]);
  });

  it('builds when a source was removed', () => {
    put('src/core/old.ts', 100);
    age('src/core', 100);
    age('src', 100);
    expect(setUp().calls).toEqual([]);
    rmSync(join(folder, 'src/core/old.ts'));
    expect(setUp().calls).toEqual([build]);
  });

  it('builds when a promised file is missing', () => {
    put(
      'package.json',
      100,
      '{ "main": "./dist/index.cjs", "exports": { ".": { "import": "./dist/index.mjs" } } }',
    );
    expect(setUp().calls).toEqual([build]);
  });

  it('leaves the install alone while npm runs it as `prepare`', () => {
    age('package-lock.json', 10);
    expect(setUp(['--no-install']).calls).toEqual([build]);
  });

  it('does not fail an install that left the build tools out', () => {
    rmSync(join(folder, 'node_modules/rollup'), { recursive: true });
    age('src/index.ts', 10);
    expect(setUp(['--no-install'])).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('not installed') as string,
    });
    expect(setUp()).toMatchObject({ status: 1 });
  });

  it('fails when the build fails', () => {
    put('node_modules/rollup/dist/bin/rollup', 100, 'process.exit(3);');
    age('src/index.ts', 10);
    expect(setUp()).toMatchObject({ status: 1, stderr: expect.stringContaining('exit code 3') as string });
  });

  it('says loudly which tests cannot run, and fails under CI=true', () => {
    const absent = namingAll(join(folder, 'absent'));
    const result = setUp(['--test-tools'], absent);
    expect(result).toMatchObject({ status: 0, calls: [] });
    expect(result.stderr.trim().split('\n').slice(1, -1)).toEqual(complaints(testTools));
    expect(setUp(['--test-tools'], { ...absent, CI: 'true' })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('CI=true') as string,
    });
  });

  it('says loudly what the bench cannot measure, and goes on', () => {
    const result = setUp(['--bench-tools'], { ...namingAll(join(folder, 'absent')), CI: 'true' });
    expect(result).toMatchObject({ status: 0, calls: [] });
    expect(result.stderr.trim().split('\n').slice(1, -1)).toEqual(complaints(benchTools));
  });

  it('is content with tools that the environment names', () => {
    const present = { ...namingAll(process.execPath), CI: 'true' };
    expect(setUp(['--test-tools'], present)).toMatchObject({ status: 0, stderr: '' });
  });
});
