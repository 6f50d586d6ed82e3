import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchTools, findTool, testTools } from '../../scripts/test-tools.mjs';
import type { Bench } from './lab/bench';
import { candidatesOf, playCase, type CaseResult } from './lab/contest';
import { renderBench } from './lab/tables';

import { client, clientMemory, clientStreaming } from './client/client.bench';
import { codecReceive, codecSend } from './codec/codec.bench';
import { messaging, messagingBrowser, messagingFlush } from './messaging/messaging.bench';
import { polling } from './polling/polling.bench';
import { echo, fanout, idle, latency, pairs, room } from './relay/relay.bench';

const root = fileURLToPath(new URL('.', import.meta.url));
const BENCHES: readonly Bench[] = [
  ...[codecReceive, codecSend, client, clientStreaming, clientMemory],
  ...[fanout, pairs, room, echo, idle, latency, polling],
  ...[messaging, messagingBrowser, messagingFlush],
];

/** Packages whose versions stand above the tables. */
const PEERS = ['ws', 'bufferutil', 'websocket', 'undici', 'socket.io', 'socket.io-client', 'aedes', 'mqtt'];

interface Wanted {
  readonly benches: readonly Bench[];
  /** Rounds in place of those of the bench. */
  readonly rounds: number | undefined;
  /** Time of one measurement in place of that of the bench. */
  readonly timeMs: number | undefined;
  /** What `table, column` of the cases to run has to match. */
  readonly only: RegExp;
  /** Candidates to run beside the baseline; all when empty. */
  readonly candidates: readonly string[];
}

function parse(args: readonly string[]): Wanted {
  const names = args.filter((arg) => !arg.startsWith('--'));
  const option = (name: string): string | undefined =>
    args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  const number = (name: string): number | undefined => {
    const value = option(name);
    return value === undefined ? undefined : Number(value);
  };
  const benches = BENCHES.filter(({ name }) => names.length === 0 || names.includes(name));
  if (benches.length < names.length || benches.length === 0) {
    throw new Error(`Benches are ${BENCHES.map(({ name }) => name).join(', ')}; asked for ${names.join(', ')}.`);
  }
  return {
    benches,
    rounds: number('rounds'),
    timeMs: number('time'),
    only: new RegExp(option('only') ?? ''),
    candidates: option('candidates')?.split(',') ?? [],
  };
}

async function play(bench: Bench, { only, candidates }: Wanted): Promise<string> {
  if (bench.needs !== undefined && findTool(bench.needs) === undefined) {
    console.error(`SKIPPED ${bench.name}: ${bench.needs} was not found`);
    return `## ${bench.name}\n\nNot measured: ${bench.needs} was not found.`;
  }
  const results: CaseResult[] = [];
  const wanted = candidatesOf(bench, root).filter(
    ({ name }) => candidates.length === 0 || name === bench.baseline || candidates.includes(name),
  );
  for (const item of bench.cases) {
    const title = `${item.table}, ${item.column}`;
    if (!only.test(title)) continue;
    console.error(`${bench.name}: ${title}`);
    results.push(await playCase(bench, item, wanted));
  }
  return renderBench(bench, results);
}

/** What was measured with what. */
function setting(): string {
  const packages = PEERS.map((name) => {
    const manifest = readFileSync(join(root, '../../../node_modules', name, 'package.json'), 'utf8');
    return `${name} ${(JSON.parse(manifest) as { version: string }).version}`;
  });
  // Fails where there is no such program, and for what is not installed; the rest is said all the same.
  const tools = [...benchTools, ...testTools.filter(({ name }) => name === 'Chromium')];
  const query = ['-W', '-f=${Package} ${Version}\n', ...tools.map((tool) => tool.package)];
  const { stdout } = spawnSync('dpkg-query', query, { encoding: 'utf8' });
  const programs = (stdout ?? '').split('\n').filter((line) => line !== '');
  return [`Node ${process.version}`, `${cpus().length} cores`, ...packages, ...programs].join(', ');
}

const wanted = parse(process.argv.slice(2));
console.log(`${setting()}\n`);
for (const bench of wanted.benches) {
  const { rounds = bench.rounds, timeMs = bench.timeMs ?? 0 } = wanted;
  console.log(`${await play({ ...bench, rounds, timeMs }, wanted)}\n`);
}
