import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { serve } from '../lab/processes';
import type { Codec } from './codec';
import type { CodecCase } from './codec.bench';
import { ReceivingTask } from './receiving';
import { SendingTask } from './sending';

const WARM_UP_NS = 250e6;
const MEASURE_NS = 50e6;

const [file = '', parameters = ''] = process.argv.slice(2);
const { codec } = (await import(pathToFileURL(file).href)) as { codec: Codec };
const { direction, masked, filling, length } = JSON.parse(parameters) as CodecCase;
const Task = direction === 'receive' ? ReceivingTask : SendingTask;
const task = new Task(codec, { masked, type: filling === 'binary' ? 'binary' : 'text' }, filling, length);

/** Batches until that much time was spent in them. @returns Time and CPU time for each message. */
async function measure(leastNs: number): Promise<number[]> {
  let [wallNs, cpuNs, count] = [0, 0, 0];
  while (wallNs < leastNs) {
    const cost = task.run();
    wallNs += cost.wallNs;
    cpuNs += cost.cpuNs;
    count += task.count;
    // Whoever leaves work for the next turn does it now, uncounted.
    await setImmediate();
  }
  return [wallNs / count, cpuNs / count];
}

await measure(WARM_UP_NS);
serve({ measure: () => measure(MEASURE_NS) });
