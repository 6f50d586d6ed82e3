import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findTool, type ToolName } from '../../scripts/test-tools.mjs';
import { within } from '../conformance/raw/raw-connection';

/** Runs a script to its end and gives its exit code and all that it printed. */
export async function runPython(
  tool: Extract<ToolName, `Python ${string}`>,
  args: readonly string[],
): Promise<{ status: number | null; output: string }> {
  const child = spawn(findTool(tool) ?? '', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  try {
    const [status] = (await within(once(child, 'close'), 'end of the script', 15_000)) as [number | null];
    return { status, output };
  } finally {
    child.kill();
  }
}
