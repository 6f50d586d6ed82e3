import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { DURABLE_MUTANTS } from './durable-mutants';
import { MUTANTS } from './mutants';
import { OF_THE_PLAN } from './required';
import { REGRESSIONS } from './seeds/regressions';
import { shrink } from './shrink';
import { simulate } from './simulation';

/** A part of the whole run, `npm run simulate`, that every change can wait for. */
const SEEDS = Array.from({ length: 300 }, (_, index) => index + 1);
const run = fileURLToPath(new URL('run.mjs', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

const failuresOf = (seeds: readonly number[]): string[] =>
  seeds.flatMap((seed) => {
    const { violation } = simulate(seed);
    return violation === undefined ? [] : [`seed ${seed}: ${violation.detail}`];
  });

const ALL = [...MUTANTS, ...DURABLE_MUTANTS];

describe('simulation', () => {
  it.each(REGRESSIONS)('seed $seed stays well: $found', ({ seed }) => {
    expect(failuresOf([seed])).toEqual([]);
  });

  it('I1 to I10 hold whatever goes wrong', { timeout: 120_000 }, () => {
    expect(failuresOf(SEEDS)).toEqual([]);
  });

  it('I9 the same seed gives the same trace', () => {
    const traces = (): string[] => [3, 14, 15, 92].map((seed) => simulate(seed).hash);
    const first = traces();
    expect(traces()).toEqual(first);
    expect(new Set(first).size).toBe(first.length);
  });

  it('leaves out faults on request', () => {
    const seed = SEEDS.find((candidate) => simulate(candidate).faults > 3)!;
    const { counts } = simulate(seed, { faults: [] });
    const faults = Object.keys(counts).flatMap((name) => (name.startsWith('fault ') ? [name.slice('fault '.length)] : []));
    expect(faults.filter((name) => !OF_THE_PLAN.includes(name))).toEqual([]);
    expect(simulate(seed).counts).not.toEqual(counts);
  });

  it('a failure shrinks to the faults that it needs', () => {
    const outcome = simulate(1);
    const violation = { invariant: 'I1', detail: 'made up', atMs: 0 };
    const failure = { ...outcome, faults: 20, violation };
    // Fails whenever two of the faults come together.
    const run: typeof simulate = (_seed, { faults = [] } = {}) =>
      faults.includes(3) && faults.includes(17) ? { ...outcome, violation } : outcome;
    expect(shrink(failure, run).faults).toEqual([3, 17]);
  });

  it('mutants have names of their own', () => {
    expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length);
  });

  it.each(ALL)('$name: its text is there once', ({ file, find }) => {
    expect(readFileSync(join(root, file), 'utf8').split(find)).toHaveLength(2);
  });

  it('a mutant is noticed', { timeout: 120_000 }, async () => {
    const names = ['accounts share a router', 'a sender gets its own message', 'the device id is logged'];
    const { stdout } = await promisify(execFile)(process.execPath, [run, '--mutants', `--only=${names.join(',')}`]);
    expect(stdout).toContain('3 of 3 mutants noticed');
  });
});
