import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { findTool } from '../../../scripts/test-tools.mjs';
import { describeWith } from '../../helpers/part';
import { within } from '../raw/raw-connection';
import { useRelay } from '../raw/relay-under-test';
import { startOurRelay } from '../raw/start-our-relay';

const SCRIPT = new URL('./exchange.py', import.meta.url).pathname;
/** Runs the script to its end and gives what it printed and its status. */
async function runPython(args: string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(findTool('Python 3') ?? '', [SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const finished = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  try {
    return { status: await within(finished, 'end of the script', 15_000), output };
  } finally {
    child.kill();
  }
}

describeWith('Python 3')('Python standard library', () => {
  const lab = useRelay(startOurRelay);

  it('V-25 to V-39 P-1 two devices of a Python script do the whole exchange', async () => {
    const { connectName, password } = lab.account();
    const { host, port } = lab.address;
    const { status, output } = await runPython([host, String(port), connectName, password]);
    expect(output.trim()).toBe('exchange complete');
    expect(status).toBe(0);
  });
});
