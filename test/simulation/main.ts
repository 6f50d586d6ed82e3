import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runBatch } from './batch';
import { DURABLE_MUTANTS } from './durable-mutants';
import { MUTANTS, type Mutant } from './mutants';
import { Counts } from './record';
import { requiredCounts } from './required';
import { shrink } from './shrink';
import { simulate, type Outcome } from './simulation';
import { REGRESSIONS } from './seeds/regressions';

type Compile = (mutant: Mutant) => Promise<string>;

/** Below this many seeds a rare fault may well not come. */
const SEEDS_FOR_ALL_FAULTS = 2_000;
const MAX_FAILURES = 5;
const MUTANT_SEEDS = 500;
/** Share of mutants that have to be noticed. */
const MUTANT_GATE = 0.95;

/**
 * @param folder - Where the compiled simulation is.
 * @param compile - Compiles it with a mutant, and gives the folder.
 * @returns The exit code.
 */
export async function main(args: readonly string[], folder: string, compile: Compile): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      workers: { type: 'string', default: String(availableParallelism()) },
      mutants: { type: 'boolean', default: false },
      only: { type: 'string' },
      faults: { type: 'string' },
      trace: { type: 'boolean', default: false },
    },
  });
  const from = Number(values.from);
  const workers = Number(values.workers);
  if (values.mutants) return runMutants(compile, from, workers, values.only);
  if (values.trace || values.faults !== undefined) return replay(from, values.faults, values.trace);
  return runSeeds(folder, from, Number(values.seeds), workers);
}

async function runSeeds(folder: string, from: number, count: number, workers: number): Promise<number> {
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  const totals = { runs: 0, events: 0, simulatedMs: 0, sends: 0, deliveries: 0 };
  const counts = new Counts();
  const failures: Outcome[] = [];
  await runBatch({
    folder,
    workers,
    seeds: withRegressions(from, count),
    isOver: () => failures.length >= MAX_FAILURES,
    onOutcome: (outcome) => {
      totals.runs += 1;
      for (const key of ['events', 'simulatedMs', 'sends', 'deliveries'] as const) totals[key] += outcome[key];
      counts.addAll(outcome.counts);
      if (outcome.violation !== undefined) failures.push(outcome);
    },
  });
  const seconds = (performance.now() - startMs) / 1_000;
  const { user, system } = process.cpuUsage(startCpu);
  const cpuSeconds = (user + system) / 1e6;
  for (const [name, value] of Object.entries(counts.toObject())) console.log(`${name.padEnd(40)} ${value}`);
  console.log(
    `${totals.runs} seeds in ${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of processor, ${((cpuSeconds / totals.runs) * 1_000).toFixed(1)} ms each), ` +
      `${totals.events} events (${Math.round(totals.events / cpuSeconds)}/s), ${totals.sends} sends, ` +
      `${totals.deliveries} deliveries, ${(totals.simulatedMs / 3_600_000).toFixed(0)} simulated hours`,
  );
  for (const failure of failures) report(failure);
  const missing = count < SEEDS_FOR_ALL_FAULTS ? [] : requiredCounts().filter((name) => !(counts.toObject()[name] ?? 0));
  if (missing.length > 0) console.log(`Never seen: ${missing.join(', ')}`);
  console.log(`${failures.length} violations${failures.length >= MAX_FAILURES ? ', stopped there' : ''}`);
  return failures.length + missing.length === 0 ? 0 : 1;
}

function* withRegressions(from: number, count: number): Generator<number> {
  for (const { seed } of REGRESSIONS) yield seed;
  yield* seedsFrom(from, count);
}

function report(failure: Outcome): void {
  // What hangs cannot be run again here.
  if (failure.violation!.invariant === 'hang') return console.log(`\nSeed ${failure.seed}: ${failure.violation!.detail}`);
  const { faults, outcome } = shrink(failure);
  console.log(`\nSeed ${failure.seed}, commit ${commit()}: ${failure.violation!.detail}`);
  console.log(`  With ${faults.length} of ${failure.faults} faults, at ${outcome.violation!.atMs} ms: ${outcome.violation!.detail}`);
  console.log(`  npm run simulate -- --from=${failure.seed} --faults=${faults.join(',') || 'none'} --trace`);
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

function replay(seed: number, faults: string | undefined, isTracing: boolean): number {
  const chosen = faults === undefined ? undefined : faults.split(',').filter((part) => /^\d+$/.test(part)).map(Number);
  const outcome = simulate(seed, { faults: chosen, ...(isTracing && { print: console.log }) });
  console.log(`Seed ${seed}, trace ${outcome.hash}: ${outcome.violation?.detail ?? 'no violation'}`);
  return outcome.violation === undefined ? 0 : 1;
}

async function runMutants(compile: Compile, from: number, workers: number, only: string | undefined): Promise<number> {
  const mutants = [...MUTANTS, ...DURABLE_MUTANTS].filter(({ name }) => only === undefined || only.split(',').includes(name));
  let killed = 0;
  for (const mutant of mutants) {
    const folder = await compile(mutant);
    let runs = 0;
    let first: Outcome | undefined;
    await runBatch({
      folder,
      workers,
      seeds: seedsFrom(from, MUTANT_SEEDS),
      isOver: () => first !== undefined,
      onOutcome: (outcome) => {
        if (first === undefined) runs += 1;
        if (outcome.violation !== undefined) first ??= outcome;
      },
    });
    if (first !== undefined) killed += 1;
    const found = first === undefined ? `NOT NOTICED in ${runs} seeds` : `${String(runs).padStart(4)} seeds, ${first.seed}: ${first.violation!.detail.split('\n')[0]!.slice(0, 120)}`;
    console.log(`${mutant.name.padEnd(44)} ${found}`);
    if (first === undefined && mutant.survives !== undefined) console.log(`${' '.repeat(44)} justified: ${mutant.survives}`);
  }
  console.log(`${killed} of ${mutants.length} mutants noticed`);
  return killed >= mutants.length * MUTANT_GATE ? 0 : 1;
}

/** Without the seeds of old bugs, which are no fair measure. */
function* seedsFrom(from: number, count: number): Generator<number> {
  for (let seed = from; seed < from + count; seed++) yield seed;
}
