import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Outcome } from './simulation';

export interface BatchOptions {
  /** Where the compiled simulation is. */
  readonly folder: string;
  readonly seeds: Iterable<number>;
  readonly workers: number;
  readonly onOutcome: (outcome: Outcome) => void;
  /** Whether enough is known. */
  readonly isOver?: () => boolean;
}

/** A run takes much less, on whatever machine: without an outcome for so long, one of the cores goes round in a circle. */
const HANG_MS = 60_000;

/** Runs seeds in some workers. */
export async function runBatch({ folder, seeds, workers, onOutcome, isOver = () => false }: BatchOptions): Promise<void> {
  const queue = seeds[Symbol.iterator]();
  await Promise.all(Array.from({ length: workers }, () => runWorker(folder, queue, onOutcome, isOver)));
}

function runWorker(
  folder: string,
  queue: Iterator<number>,
  onOutcome: (outcome: Outcome) => void,
  isOver: () => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(join(folder, 'worker.mjs'));
    let watchdog: NodeJS.Timeout | undefined;
    const end = (): void => void worker.terminate().then(() => resolve(), reject);
    const next = (): void => {
      clearTimeout(watchdog);
      const item = isOver() ? undefined : queue.next();
      if (item === undefined || item.done === true) return end();
      const seed = item.value;
      watchdog = setTimeout(() => {
        onOutcome(hanging(seed));
        end();
      }, HANG_MS);
      worker.postMessage(seed);
    };
    worker.on('error', reject);
    worker.on('message', (outcome: Outcome) => {
      onOutcome(outcome);
      next();
    });
    next();
  });
}

function hanging(seed: number): Outcome {
  const detail = `no outcome in ${HANG_MS} ms: it goes round in a circle`;
  const violation = { invariant: 'hang', detail, atMs: 0 };
  return { seed, violation, hash: '', events: 0, simulatedMs: 0, sends: 0, deliveries: 0, counts: {}, faults: 0 };
}
