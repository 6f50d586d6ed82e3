import { simulate, type Outcome } from './simulation';

/** Runs that one failure may cost. */
const MAX_RUNS = 200;

/** The fewest faults of the plan that still break the same rule: parts of the list are left out as long as it does. */
export function shrink(failure: Outcome, run = simulate): { readonly faults: readonly number[]; readonly outcome: Outcome } {
  let best = { faults: Array.from({ length: failure.faults }, (_, index) => index), outcome: failure };
  let runs = 0;
  const tryWith = (faults: readonly number[]): boolean => {
    runs += 1;
    const outcome = run(failure.seed, { faults });
    if (outcome.violation?.invariant !== failure.violation?.invariant) return false;
    best = { faults: [...faults], outcome };
    return true;
  };
  for (let size = Math.ceil(best.faults.length / 2); size >= 1 && runs < MAX_RUNS; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.faults.length && runs < MAX_RUNS; ) {
      const rest = best.faults.filter((_, i) => i < at || i >= at + size);
      if (!tryWith(rest)) at += size;
    }
  }
  return best;
}
