import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';
import type * as relayEntry from '../../src/relay';

export const consumerFolder = inject('consumerFolder');

/** `require` as a file in the consumers' folder has it. */
export const consumerRequire = createRequire(join(consumerFolder, 'consumer.cjs'));

/** The one account of the relays in these tests; the consumers log in with it. */
const account = { connectName: 'consumer', password: 'consumer-password' };

/** Starts the packed relay in this process, on a free port of the loopback interface. */
export async function startPackedRelay(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { createRelay } = consumerRequire('webifi/relay') as typeof relayEntry;
  const relay = createRelay({ accounts: [account] });
  const { url } = await relay.listen({ host: '127.0.0.1', port: 0 });
  return { url, close: () => relay.close() };
}

/** What the packed command line is told, to start a relay with the same account. */
export const relayArguments = ['relay', '--host', '127.0.0.1', '--port', '0'].concat([
  '--account',
  `${account.connectName}:${account.password}`,
]);

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Node in the consumers' folder until it ends by itself. */
export async function runNode(...args: readonly string[]): Promise<Finished> {
  const child = spawn(process.execPath, args, { cwd: consumerFolder, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}
