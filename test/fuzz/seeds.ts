import { seededRandom } from '../helpers/bytes';
import { randomOptions, type Random } from './frames-random';
import type { ModelOptions } from './frames-model';

/** Runs a check on as many inputs. Each has a seed of its own, so that one failure can be run again alone. */
export function withSeeds(
  count: number,
  firstSeed: number,
  check: (random: Random, options: ModelOptions) => void,
): void {
  const { stackTraceLimit } = Error;
  // Nearly every input ends in a FrameError; its stack would take a third of the time.
  Error.stackTraceLimit = 0;
  try {
    for (let seed = firstSeed; seed < firstSeed + count; seed++) withSeed(seed, check);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function withSeed(seed: number, check: (random: Random, options: ModelOptions) => void): void {
  const random = seededRandom(seed);
  const options = randomOptions(random);
  try {
    check(random, options);
  } catch (error) {
    throw new Error(`seed ${seed}, ${JSON.stringify(options)}`, { cause: error });
  }
}
