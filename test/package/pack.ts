import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { pack } from '../../scripts/pack.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder outside the repository that holds the consumers and, in node_modules, the packed package. */
    consumerFolder: string;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

function run(program: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`);
}

/**
 * Lays the tarball out as an install would. Only the packages that its own manifest depends on are beside it,
 * linked from this repository, so that nothing is downloaded and nothing undeclared is found.
 */
function install(folder: string): void {
  const modules = join(folder, 'node_modules');
  const target = join(modules, 'webifi');
  mkdirSync(target, { recursive: true });
  const { tarball } = pack(folder);
  run('tar', ['-xzf', tarball, '-C', target, '--strip-components=1']);
  rmSync(tarball);
  const manifest = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8')) as { dependencies: object };
  // The relay's types speak of Node's own, which a TypeScript project in Node has installed.
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'junction');
  }
}

/** Builds when dist is stale, packs once for all packaging tests, and removes it all at the end. */
export default function setup(project: TestProject): () => void {
  run(process.execPath, [join(root, 'scripts/setup.mjs'), '--no-install']);
  const folder = mkdtempSync(join(tmpdir(), 'webifi-consumers-'));
  install(folder);
  cpSync(join(root, 'test/package/consumers'), folder, { recursive: true });
  project.provide('consumerFolder', folder);
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
