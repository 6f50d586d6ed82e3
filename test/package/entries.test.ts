import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { consumerFolder, consumerRequire, relayArguments, runNode } from './tarball';

interface Manifest {
  readonly version: string;
  readonly bin: { readonly webifi: string };
  readonly exports: Record<string, unknown>;
}

const packageFolder = join(consumerFolder, 'node_modules/webifi');
const manifest = consumerRequire('webifi/package.json') as Manifest;
const program = join(packageFolder, manifest.bin.webifi);

/** Every entry that is code, as a consumer writes it. */
const entries = Object.keys(manifest.exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => subpath.replace(/^\./, 'webifi'));

/** What the first line of `output` that matches has in the group of `pattern`. */
async function firstMatch(output: Readable, pattern: RegExp): Promise<string | undefined> {
  for await (const line of createInterface({ input: output })) {
    const found = pattern.exec(line)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

const namesOf = (file: string) =>
  Object.keys(consumerRequire(join(packageFolder, 'dist', file)) as object).sort();

describe('entries of the packed package', () => {
  it.each(entries)('%s has no side effect, leaves nothing open, and gives names', async (entry) => {
    const { code, stdout, stderr } = await runNode('import-entry.mjs', entry);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout) as Record<string, string[]>;
    expect(report).toMatchObject({ globals: [], listeners: [], resources: [] });
    expect(report.required?.length).toBeGreaterThan(0);
  });

  it.each(entries.filter((entry) => entry !== 'webifi/umd'))(
    '%s gives the same names to import and require',
    async (entry) => {
      const { imported, required } = JSON.parse((await runNode('import-entry.mjs', entry)).stdout) as Record<
        string,
        string[]
      >;
      expect(imported).toEqual(required);
    },
  );

  it('gives browsers the same names as Node', () => {
    expect(namesOf('browser.cjs')).toEqual(namesOf('index.cjs'));
  });

  it('gives browsers the frames without what only Node has', () => {
    const names = namesOf('frames-browser.cjs');
    expect(namesOf('frames.cjs').filter((name) => !names.includes(name))).toEqual([
      ...['UpgradeRequest', 'direct', 'environmentProxy', 'fileLogger', 'httpProxy', 'socks'],
    ]);
    expect(namesOf('frames.cjs')).toEqual(expect.arrayContaining(names));
  });

  it('has every name as a member of the UMD global, which is the class itself', () => {
    const umd = consumerRequire('webifi/umd') as Record<string, unknown>;
    expect(umd).toBeTypeOf('function');
    expect(umd.Webifi).toBe(umd);
    expect(umd).not.toHaveProperty('default');
    expect(Object.keys(umd)).toEqual(expect.arrayContaining(namesOf('index.cjs')));
  });

  it('keeps name, version and licence in the minified UMD file, and maps to the TypeScript sources', () => {
    const file = consumerRequire.resolve('webifi/umd');
    const [firstLine] = readFileSync(file, 'utf8').split('\n', 1);
    expect(firstLine).toMatch(
      new RegExp(`^/\\*! webifi ${manifest.version.replaceAll('.', '\\.')} .*MIT \\*/$`),
    );
    const map = JSON.parse(readFileSync(`${file}.map`, 'utf8')) as {
      sources: string[];
      sourcesContent: string[];
    };
    const ours = map.sources.filter((source) => !source.includes('node_modules'));
    expect(ours.length).toBeGreaterThan(1);
    expect(ours.filter((source) => !/^\.\.\/src\/.*\.ts$/.test(source))).toEqual([]);
    expect(map.sourcesContent).toHaveLength(map.sources.length);
  });

  it('compiles in strict TypeScript projects of both module kinds, without types of dependencies', async () => {
    const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
    const options = [
      '--noEmit',
      '--strict',
      '--skipDefaultLibCheck',
      '--target',
      'es2022',
      '--module',
      'node16',
      '--lib',
      'es2022,dom,esnext.disposable',
    ];
    const { code, stdout } = await runNode(tsc, ...options, '--types', 'node', 'types.mts', 'types.cts');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  it('has types for frames in browsers that speak of nothing of Node', async () => {
    const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
    const options = ['--noEmit', '--strict', '--skipDefaultLibCheck', '--target', 'es2022'];
    options.push('--module', 'esnext', '--moduleResolution', 'bundler', '--customConditions', 'browser');
    options.push('--lib', 'es2022,dom,esnext.disposable');
    const { code, stdout } = await runNode(tsc, ...options, 'types-frames.mts');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });
});

describe('the program of the packed package', () => {
  it('is executable and names its interpreter', () => {
    expect(readFileSync(program, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    if (process.platform !== 'win32') expect(statSync(program).mode & 0o111).toBe(0o111);
  });

  it('starts a relay that a consumer can use, and ends with 0 on SIGTERM', async () => {
    const relay = spawn(program, relayArguments, { cwd: consumerFolder, stdio: ['ignore', 'pipe', 'pipe'] });
    const closed = once(relay, 'close');
    const log = text(relay.stderr);
    try {
      const url = await firstMatch(relay.stdout, /listening on (http:\/\/\S+)/);
      const { stdout } = await runNode('node-import.mjs', url ?? 'the relay printed no address', 'websocket');
      expect(JSON.parse(stdout)).toMatchObject({ fromSelf: true });
    } finally {
      relay.kill('SIGTERM');
    }
    expect(await closed, await log).toEqual([0, null]);
  });
});
