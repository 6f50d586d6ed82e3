import { join } from 'node:path';
import type { Candidate, Metric } from '../lab/bench';
import type { Cost } from '../lab/cost';
import { Process } from '../lab/processes';
import type { ServerUse } from './relay';

/** A server and a load client, each in a process of its own. */
export interface Pair {
  readonly server: Process;
  readonly client: Process;
  stop(): Promise<void>;
}

/** What one call of the load client has cost the server. */
export interface ServerCost extends ServerUse {
  readonly cpuNs: number;
}

const FULL = 95;

/** Starts both; the load client is `load.mjs` in the folder of the bench. */
export async function startPair({ name, file, folder }: Candidate): Promise<Pair> {
  const server = await Process.start(join(folder, '../relay/server.mjs'), [file], profiling(name));
  try {
    const port = (await server.call('start')) as number;
    const client = await Process.start(join(folder, 'load.mjs'), [file, String(port)]);
    const stop = async (): Promise<void> => {
      await client.stop();
      await server.stop();
    };
    return { server, client, stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

let servers = 0;

/** With the folder `BENCH_PROFILE`, each server leaves a profile there; numbered as they were started. */
function profiling(name: string): string[] {
  const folder = process.env['BENCH_PROFILE'];
  if (folder === undefined) return [];
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${++servers}-${name}.cpuprofile`];
}

/** Calls the load client. @returns Its answer, and what it cost the server. */
export async function ask<Answer>(
  { server, client }: Pair,
  action: string,
  argument: unknown,
): Promise<[Answer, ServerCost]> {
  const before = (await server.call('use')) as ServerUse;
  const answer = (await client.call(action, argument)) as Answer;
  const after = (await server.call('use')) as ServerUse;
  const userNs = after.userNs - before.userNs;
  const kernelNs = after.kernelNs - before.kernelNs;
  const writes = after.writes === undefined ? undefined : after.writes - (before.writes ?? 0);
  return [answer, { userNs, kernelNs, cpuNs: userNs + kernelNs, writes }];
}

/** How busy a client is; one that does nothing else limits what it measures. */
export const clientBusy: Metric = {
  name: 'client busy',
  unit: '%',
  absolute: true,
  note: (value) => (value >= FULL ? '(limits)' : ''),
};

/** How busy somebody was in that time. */
export function percentOf({ cpuNs }: Pick<Cost, 'cpuNs'>, { wallNs }: Pick<Cost, 'wallNs'>): number {
  return (cpuNs / wallNs) * 100;
}
