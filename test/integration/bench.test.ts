import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { hasChromium } from '../helpers/chromium';

const bench = fileURLToPath(new URL('../bench/run.mjs', import.meta.url));

async function expectRows(name: string, only: string, candidates: readonly string[]): Promise<void> {
  const args = [bench, name, only, '--rounds=1', '--time=50'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  for (const candidate of candidates) {
    expect(stdout).toMatch(new RegExp(`^\\| ${candidate}: time.*\\d`, 'm'));
  }
}

it.each([
  ['codec-receive', '--only=unmasked, binary, 1 KiB', ['ws', 'webifi', 'websocket']],
  ['client', '--only=one under way, 16 B', ['ws', 'webifi', 'websocket']],
  ['fanout', '--only=100 B, 1 to 10$', ['ws', 'webifi', 'raw-tcp']],
])('the bench %s runs, with a row for each candidate', { timeout: 60_000 }, expectRows);

it.skipIf(!hasChromium)('the bench messaging-browser runs in Chromium', { timeout: 60_000 }, () =>
  expectRows('messaging-browser', '--only=out, 100 B', ['socket.io', 'webifi', 'mqtt.js']),
);
