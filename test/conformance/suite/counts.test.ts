import { describe, expect, it } from 'vitest';
import { CASES, groupOf } from './cases';

/** How many cases each group has; the numbers are those of the suite that is restated here. */
const COUNTS: Record<number, number> = {
  ...{ 1: 16, 2: 11, 3: 7, 4: 10, 5: 20, 6: 145, 7: 37 },
  ...{ 9: 54, 10: 1, 12: 90, 13: 126 },
};

describe('conformance suite', () => {
  it('has every case, each once', () => {
    const counts: Record<number, number> = {};
    for (const one of CASES) counts[groupOf(one)] = (counts[groupOf(one)] ?? 0) + 1;
    expect(counts).toEqual(COUNTS);
    expect(new Set(CASES.map(({ id }) => id)).size).toBe(CASES.length);
  });

  it('F-46: has 75 texts that are no UTF-8', () => {
    expect(CASES.filter(({ ends }) => ends === 'fails 1007').map(groupOf)).toEqual(Array(75).fill(6));
  });
});
