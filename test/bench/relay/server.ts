import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { serve } from '../lab/processes';
import { cpuOf, memoryOf } from './foreign-process';
import type { RelayCandidate, RunningServer, ServerUse } from './relay';

const [file = ''] = process.argv.slice(2);
let running: RunningServer | undefined;

async function start(): Promise<number> {
  const { relay } = (await import(pathToFileURL(file).href)) as { relay: RelayCandidate };
  running = await relay.start();
  return running.port;
}

function use(): ServerUse {
  const writes = running?.writes?.();
  if (running?.pid !== undefined) return { ...cpuOf(running.pid), writes };
  const { user, system } = process.cpuUsage();
  return { userNs: user * 1_000, kernelNs: system * 1_000, writes };
}

/** Bytes that are held once all is quiet. */
async function memory(): Promise<number> {
  await sleep(500);
  if (running?.pid !== undefined) return memoryOf(running.pid);
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

serve({ start, use, memory });
