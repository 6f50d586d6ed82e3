import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Measured } from '../lab/bench';
import { startClock } from '../lab/cost';
import { serve } from '../lab/processes';
import { quantile } from '../lab/statistics';
import type { Connect, OpenClient } from './client';
import type { Exchange } from './client.bench';

const [file = '', url = ''] = process.argv.slice(2);
const { connect } = (await import(pathToFileURL(file).href)) as { connect: Connect };

/** Open for as long as the process lives; opened with the first exchange. */
let echo: ((exchange: Exchange) => Promise<Float64Array>) | undefined;

/** Keeps a number of messages under way until all have come back. @returns How long each took, in nanoseconds. */
async function openEcho(size: number): Promise<typeof echo & object> {
  let onBytes = (_length: number): void => undefined;
  const client = await connect(url, { maxPayload: Math.max(size, 1_024), onBytes: (length) => onBytes(length) });
  const data = new Uint8Array(size).fill(7);
  return ({ count, inFlight }) =>
    new Promise((resolve, reject) => {
      const sentAt = new Float64Array(count);
      const took = new Float64Array(count);
      let [sent, received] = [0, 0];
      const send = (): void => {
        sentAt[sent++] = performance.now();
        client.send(data);
      };
      onBytes = (length) => {
        if (length !== size) return reject(new Error(`Got ${length} bytes in place of ${size}.`));
        took[received] = (performance.now() - sentAt[received]!) * 1e6;
        received += 1;
        if (sent < count) send();
        else if (received === count) resolve(took);
      };
      while (sent < Math.min(inFlight, count)) send();
    });
}

/** @returns Median and 99 % of the round trips when one is under way at a time, time and CPU for each message. */
async function exchange(how: Exchange): Promise<Measured> {
  echo ??= await openEcho(how.size);
  const stop = startClock();
  const took = await echo(how);
  const { wallNs, cpuNs } = stop();
  took.sort();
  const latency = how.inFlight === 1 ? [quantile(took, 0.5), quantile(took, 0.99)] : [undefined, undefined];
  return [...latency, wallNs / how.count, cpuNs / how.count];
}

/** One message of so many bytes there and back. @returns Time and CPU for each MiB, and by how much memory grew. */
async function stream({ partSize, parts }: { partSize: number; parts: number }): Promise<Measured> {
  const total = partSize * parts;
  let received = 0;
  let [onDone, onFault] = [(): void => undefined, (_error: unknown): void => undefined];
  const done = new Promise<void>((resolve, reject) => ([onDone, onFault] = [resolve, reject]));
  const client = await connect(url, {
    maxPayload: total,
    onBytes: (length) => {
      received += length;
      if (received === total) onDone();
    },
  });
  const part = new Uint8Array(partSize).fill(7);
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  const stop = startClock();
  if (client.sendParts === undefined) client.send(new Uint8Array(total).fill(7));
  else client.sendParts(Array.from({ length: parts }, () => part)).catch(onFault);
  await done;
  const { wallNs, cpuNs } = stop();
  const peak = process.resourceUsage().maxRSS * 1_024;
  client.terminate();
  const mebibytes = total / 1_048_576;
  return [wallNs / mebibytes, cpuNs / mebibytes, peak - before];
}

/** @returns Time and CPU of opening a connection, and what an open one that has nothing to do holds. */
async function openMany(count: number): Promise<Measured> {
  const open: OpenClient[] = [];
  const options = { maxPayload: 1_048_576, onBytes: () => undefined };
  // What is loaded and compiled once is not what a connection costs.
  for (let i = 0; i < 50; i++) open.push(await connect(url, options));
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  const stop = startClock();
  for (let i = 0; i < count; i += 20) {
    open.push(...(await Promise.all(Array.from({ length: 20 }, () => connect(url, options)))));
  }
  const { wallNs, cpuNs } = stop();
  await sleep(500);
  globalThis.gc?.();
  globalThis.gc?.();
  const held = process.memoryUsage.rss() - before;
  for (const client of open) client.terminate();
  return [wallNs / count, cpuNs / count, held / count];
}

serve({ exchange, stream, openMany });
