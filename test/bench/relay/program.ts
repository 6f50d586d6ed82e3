import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, isListening } from '../../helpers/ports';
import type { RunningServer } from './relay';

const PATIENCE_MS = 5_000;

/**
 * Starts a server that is no JavaScript; it ends with this process.
 *
 * @param config - Text of the file that it is given with `-c`.
 * @throws Error when it is not installed, or does not listen in time.
 */
export async function startProgram(name: string, config: (port: number) => string): Promise<RunningServer> {
  const program = findProgram(name);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  writeFileSync(join(folder, 'config'), config(port));
  const child = spawn(program, ['-c', join(folder, 'config')], { stdio: 'ignore' });
  process.on('exit', () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  child.once('error', (error) => console.error(error));
  for (const endMs = performance.now() + PATIENCE_MS; !(await isListening(port)); await sleep(20)) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode} at its start.`);
    if (performance.now() > endMs) throw new Error(`${name} does not listen on port ${port}.`);
  }
  return { port, pid: child.pid! };
}

/** Debian keeps servers in folders that are not on everybody's path. */
function findProgram(name: string): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found === undefined) throw new Error(`${name} is not installed: apt-get install ${name}`);
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
