import { parentPort } from 'node:worker_threads';
import { simulate } from './simulation';

/** Seeds come in one by one, outcomes go out. */
parentPort?.on('message', (seed: number) => parentPort?.postMessage(simulate(seed)));
