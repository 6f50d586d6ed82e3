import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandError } from './failures';

const MAX_STEPS = 5;

/** The folder of this package: the nearest one above the running file whose package.json has our name. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let step = 0; step < MAX_STEPS; step++) {
    if (existsSync(join(folder, 'package.json')) && readManifest(folder).name === 'webifi') return folder;
    folder = dirname(folder);
  }
  throw new CommandError('the files of the package webifi are not beside this program; install it again');
}

/** The version in package.json. */
export function packageVersion(): string {
  return String(readManifest(packageFolder()).version);
}

function readManifest(folder: string): { name?: unknown; version?: unknown } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name?: unknown;
    version?: unknown;
  };
}
