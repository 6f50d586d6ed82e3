import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const bench = fileURLToPath(new URL('../bench/run.mjs', import.meta.url));

it.each([
  ['codec-receive', '--only=unmasked, binary, 1 KiB'],
  ['client', '--only=one under way, 16 B'],
])('the bench %s runs, with a row for each candidate', { timeout: 60_000 }, async (name, only) => {
  const { stdout } = await promisify(execFile)(process.execPath, [bench, name, only, '--rounds=1']);
  for (const candidate of ['ws', 'webifi', 'websocket']) {
    expect(stdout).toMatch(new RegExp(`^\\| ${candidate}: time.*\\d`, 'm'));
  }
});
