import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Bench, Candidate, Case, Contender, Measured } from './bench';

/** What all rounds of one case found, by candidate. */
export interface CaseResult {
  readonly table: string;
  readonly column: string;
  readonly rounds: ReadonlyMap<string, readonly Measured[]>;
  /** Who could not be started, or failed, and why. */
  readonly skipped: ReadonlyMap<string, string>;
}

/** Modules beside the bench, the baseline first. @param root - Where the compiled files are. */
export function candidatesOf({ folder, baseline }: Bench, root: string): Candidate[] {
  const home = join(root, folder);
  const names = readdirSync(join(home, 'candidates'))
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => basename(file, '.mjs'));
  return [baseline, ...names.filter((name) => name !== baseline)].map((name) => ({
    name,
    folder: home,
    file: join(home, 'candidates', `${name}.mjs`),
  }));
}

/**
 * Measures all candidates at one case, one after the other in each round, so that whatever slows the machine down for a
 * time hits all of them. The first round only warms up.
 */
export async function playCase(
  bench: Bench,
  { table, column, parameters }: Case<unknown>,
  candidates: readonly Candidate[],
): Promise<CaseResult> {
  const contenders = new Map<string, Contender>();
  const rounds = new Map<string, Measured[]>();
  const skipped = new Map<string, string>();
  // A peer that is not there leaves its row empty; without the baseline there is nothing to tell.
  const skip = (name: string, error: unknown): undefined => {
    if (name === bench.baseline) throw error;
    console.error(`SKIPPED ${name}: ${reasonOf(error)}`);
    skipped.set(name, reasonOf(error));
  };
  try {
    for (const candidate of candidates) {
      const { name } = candidate;
      const contender = await bench.start(candidate, parameters).catch((error: unknown) => skip(name, error));
      if (contender === undefined) continue;
      contenders.set(name, contender);
      rounds.set(name, []);
    }
    for (let round = 0; round <= bench.rounds; round++) {
      for (const [name, contender] of inTurn([...contenders], round)) {
        const measured = await contender
          .measure(bench.timeMs ?? 0)
          .catch((error: unknown) => skip(name, error));
        if (measured === undefined) {
          contenders.delete(name);
          rounds.delete(name);
          await contender.stop();
        } else if (round > 0) {
          rounds.get(name)?.push(measured);
        }
      }
    }
  } finally {
    for (const contender of contenders.values()) await contender.stop();
  }
  return { table, column, rounds, skipped };
}

/** Its first line: what a process of ours says ends with where it said it. */
function reasonOf(error: unknown): string {
  return String(error).split('\n')[0]!.replace(/^(Error: )+|\.$/g, '');
}

/** Each round begins with another one, so that nobody always follows the same neighbour's garbage. */
function inTurn<Item>(items: readonly Item[], round: number): Item[] {
  const first = round % Math.max(items.length, 1);
  return [...items.slice(first), ...items.slice(0, first)];
}
