import { expect, it } from 'vitest';
import { countResults } from '../../config/closing-line-reporter';

type Module = Parameters<typeof countResults>[0] extends Iterable<infer M> ? M : never;
type State = 'passed' | 'failed' | 'skipped' | 'pending';

const error = { message: 'broken', stacks: [] };

function moduleOf(states: readonly State[], errors = { module: 0, suites: [] as readonly number[] }): Module {
  const times = (count: number) => Array.from({ length: count }, () => error);
  return {
    errors: () => times(errors.module),
    children: {
      allTests: () => states.map((state) => ({ result: () => ({ state, errors: undefined }) as never })),
      allSuites: () => errors.suites.map((count) => ({ errors: () => times(count) })),
    },
  };
}

it('counts the tests of all files by their result', () => {
  const modules = [moduleOf(['passed', 'passed', 'failed']), moduleOf(['skipped', 'passed'])];
  expect(countResults(modules, [])).toEqual({ passed: 3, failed: 1, skipped: 1 });
});

it('counts a test that never ran as skipped', () => {
  expect(countResults([moduleOf(['pending'])], [])).toEqual({ passed: 0, failed: 0, skipped: 1 });
});

it('counts a file that does not load, each failing hook and each unhandled error as a failure', () => {
  const modules = [
    moduleOf([], { module: 2, suites: [] }),
    moduleOf(['skipped'], { module: 0, suites: [1, 0, 3] }),
  ];
  expect(countResults(modules, [error, error])).toEqual({ passed: 0, failed: 5, skipped: 1 });
});
