/** Middle and ends of a series. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The value below which that part of a sorted series lies. */
export function quantile(sorted: readonly number[] | Float64Array, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN };
}

/** How many times better than the baseline a candidate was in each round; less is better in both series. */
export function ratios(
  baseline: readonly (number | undefined)[],
  candidate: readonly (number | undefined)[],
): number[] {
  return baseline.flatMap((base, round) => {
    const own = candidate[round];
    return base === undefined || own === undefined ? [] : [base / own];
  });
}
