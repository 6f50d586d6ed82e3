import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findTool, type ToolName } from '../../../scripts/test-tools.mjs';
import { freePort, isListening } from '../../helpers/ports';
import type { RunningServer } from './relay';

const PATIENCE_MS = 5_000;

/**
 * Starts a server that is no JavaScript; it ends with this process.
 *
 * @param config - Text of the file that it is given with `-c`.
 * @throws Error when it is not installed, or does not listen in time.
 */
export async function startProgram(name: ToolName, config: (port: number) => string): Promise<RunningServer> {
  const program = findTool(name);
  if (program === undefined) throw new Error(`${name} is not installed`);
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
