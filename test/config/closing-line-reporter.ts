import { writeSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';

/** Tests that cannot run on this machine, so that no run can look complete without them. */
export interface LeftOutProject {
  readonly project: string;
  readonly reason: string;
  readonly files: readonly string[];
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

type Module = Pick<TestModule, 'errors'> & {
  readonly children: {
    allTests(): Iterable<Pick<TestCase, 'result'>>;
    allSuites(): Iterable<Pick<TestSuite, 'errors'>>;
  };
};

/**
 * Counts tests by their result. What broke outside a test (a file that does not load, a failing hook, an
 * unhandled rejection) counts as one failure each; a test that never got to run counts as skipped.
 */
export function countResults(modules: Iterable<Module>, unhandledErrors: readonly unknown[]): Counts {
  let passed = 0;
  let failed = unhandledErrors.length;
  let skipped = 0;
  for (const module of modules) {
    if (module.errors().length > 0) failed += 1;
    for (const suite of module.children.allSuites()) if (suite.errors().length > 0) failed += 1;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') passed += 1;
      else if (state === 'failed') failed += 1;
      else skipped += 1;
    }
  }
  return { passed, failed, skipped };
}

/** Writes at once, also to a pipe whose reader is slow. */
function writeNow(text: string): void {
  for (let rest = Buffer.from(text); rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

/** Ends a run with `N passed, N failed, N skipped` as its last line, and makes a skip fail under CI=true. */
export default class ClosingLineReporter implements Reporter {
  readonly #leftOut: readonly LeftOutProject[];
  #vitest: Vitest | undefined;

  constructor(options: { readonly leftOut: readonly LeftOutProject[] }) {
    this.#leftOut = options.leftOut;
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    if (this.#vitest?.config.watch === true) return;
    const counts = countResults(modules, unhandledErrors);
    const leftOut = this.#leftOut.filter((left) => left.files.length > 0 && this.#isWanted(left.project));
    const skipped = leftOut.reduce((sum, left) => sum + left.files.length, counts.skipped);
    const notes = leftOut.map(
      (left) => `SKIPPED: ${left.files.length} files of ${left.project}: ${left.reason}\n`,
    );
    if (skipped > 0 && process.env.CI === 'true')
      notes.push('CI=true: a skipped test counts as a failure.\n');
    // At exit, because other reporters and vitest itself still print after this call.
    process.once('exit', (exitCode) => {
      // What broke before any test, such as a global set-up, is known by the exit code alone.
      const failed = counts.failed === 0 && exitCode !== 0 ? 1 : counts.failed;
      if (failed > 0 || (skipped > 0 && process.env.CI === 'true')) process.exitCode = exitCode || 1;
      writeNow(`\n${notes.join('')}${counts.passed} passed, ${failed} failed, ${skipped} skipped\n`);
    });
  }

  #isWanted(project: string): boolean {
    const wanted = this.#vitest?.config.project ?? [];
    return wanted.length === 0 || wanted.includes(project);
  }
}
