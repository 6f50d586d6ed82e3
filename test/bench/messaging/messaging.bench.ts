import { join } from 'node:path';
import type { Bench, Candidate, Contender, Measured } from '../lab/bench';
import type { Cost } from '../lab/cost';
import { Process } from '../lab/processes';
import type { ServerUse } from '../relay/relay';
import { clientBusy, percentOf } from '../relay/server-pair';
import type { Flow } from './messaging';
import type { FlowCost } from './worker';

const NS_TO_US = 1e-3;
const NS_TO_MS = 1e-6;

interface Direction extends Flow {
  /** The library that is measured sends; else it receives. */
  readonly isOut: boolean;
  /** The other side is the library too: raw clients are made for messages that fit in their buffer. */
  readonly isLarge?: boolean;
}

/** The server of a library, the client that is measured, and the other side, each in a process of its own. */
interface Trio {
  readonly server: Process;
  readonly peer: Process;
  /** @returns A further client. */
  startClient(): Promise<Process>;
  stop(): Promise<void>;
}

/** @param worker - Module of the client that is measured: in Node, or in a page. */
async function startTrio({ file, folder }: Candidate, worker = 'worker'): Promise<Trio> {
  const processes: Process[] = [];
  const stop = async (): Promise<void> => {
    for (const one of processes.reverse()) await one.stop();
  };
  const start = async (path: string, args: readonly string[]): Promise<Process> => {
    const started = await Process.start(join(folder, path), args);
    processes.push(started);
    return started;
  };
  try {
    const server = await start('../relay/server.mjs', [file]);
    const port = (await server.call('start')) as number;
    const startParty = (name: string): Promise<Process> =>
      start(`../messaging/${name}.mjs`, [file, String(port)]);
    return { server, startClient: () => startParty(worker), peer: await startParty('worker'), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Messages in that direction. @returns What it has cost the client that is measured, and the server. */
async function measureFlow(
  { server, peer }: Trio,
  client: Process,
  isOut: boolean,
  timeMs: number,
): Promise<[FlowCost, serverNs: number]> {
  const before = (await server.call('use')) as ServerUse;
  const [sender, receiver] = isOut ? [client, peer] : [peer, client];
  await receiver.call('receive');
  const sent = (await sender.call('send', timeMs)) as FlowCost;
  const received = (await receiver.call('received')) as FlowCost;
  const after = (await server.call('use')) as ServerUse;
  if (received.messages !== sent.messages)
    throw new Error(`${received.messages} of ${sent.messages} messages came.`);
  const serverNs = after.userNs + after.kernelNs - before.userNs - before.kernelNs;
  // The time is the sender's: before it began and after its last answer nothing was under way.
  return [{ ...(isOut ? sent : received), wallNs: sent.wallNs }, serverNs];
}

async function startFlow(
  candidate: Candidate,
  { isOut, isLarge, ...flow }: Direction,
  worker?: string,
): Promise<Contender> {
  const trio = await startTrio(candidate, worker);
  try {
    const client = await trio.startClient();
    await trio.peer.call(isLarge === true ? 'openPeer' : 'openRaw', flow);
    await client.call('open', flow);
    const measure = async (timeMs: number): Promise<Measured> => {
      const [cost, serverNs] = await measureFlow(trio, client, isOut, timeMs);
      const { messages, wallNs, cpuNs, allNs = cpuNs } = cost;
      const each = [wallNs, cpuNs, serverNs, allNs].map((ns) => ns / messages);
      return [...each.slice(0, 3), percentOf({ cpuNs: serverNs }, cost), percentOf(cost, cost), each[3]];
    };
    return { measure, stop: () => trio.stop() };
  } catch (error) {
    await trio.stop();
    throw error;
  }
}

interface Backlog {
  readonly count: number;
  readonly size: number;
}

/** Afresh each time: a queue is made once. */
async function startFlush(candidate: Candidate, backlog: Backlog): Promise<Contender> {
  const measure = async (): Promise<Measured> => {
    const trio = await startTrio(candidate);
    try {
      return await measureFlush(trio, backlog);
    } finally {
      await trio.stop();
    }
  };
  return { measure, stop: async () => undefined };
}

async function measureFlush(trio: Trio, { count, size }: Backlog): Promise<Measured> {
  const flow: Flow = { size, inFlight: 1, every: Infinity };
  const client = await trio.startClient();
  await client.call('prepare', flow);
  await trio.peer.call('openRaw', flow);
  const held = (await client.call('queue', { count, size })) as number;
  const all = trio.peer.call('receiveAll', count);
  await Promise.all([client.call('flush'), all]);
  const cost = (await client.call('flushed')) as Cost & { stallNs: number; peak: number };
  return [cost.wallNs, cost.cpuNs, cost.stallNs, held, cost.peak];
}

const about =
  'Client libraries, each with its own server: `webifi` with our relay, socket.io with socket.io, MQTT.js with aedes';
const aboutFlow =
  'Texts that one client sends, or receives; the client alone is measured. The other side is a raw client, for 1 MiB the same library; it answers one message in 64, 32 and 1. 512, 256 and 4 under way.';
const shared = { folder: 'messaging', baseline: 'socket.io' };

const flowColumns: readonly [column: string, flow: Flow & { isLarge?: boolean }][] = [
  ['100 B', { size: 100, inFlight: 512, every: 64 }],
  ['1 KiB', { size: 1_024, inFlight: 256, every: 32 }],
  ['1 MiB', { size: 1_048_576, inFlight: 4, every: 1, isLarge: true }],
];

const flowCases = [true, false].flatMap((isOut) =>
  flowColumns.map(([column, flow]) => ({
    table: isOut ? 'out' : 'in',
    column,
    parameters: { ...flow, isOut },
  })),
);

const perMessage = { unit: 'us a message', scale: NS_TO_US };

export const messaging: Bench<Direction> = {
  ...shared,
  name: 'messaging',
  about: `${about} over TCP. ${aboutFlow}`,
  metrics: [
    { name: 'time', ...perMessage },
    { name: 'client CPU', ...perMessage },
    { name: 'server CPU', ...perMessage },
    { name: 'server busy', unit: '%', absolute: true },
    clientBusy,
  ],
  cases: flowCases,
  rounds: 3,
  timeMs: 1_000,
  start: startFlow,
};

export const messagingBrowser: Bench<Direction> = {
  ...messaging,
  name: 'messaging-browser',
  about: `${about} over WebSocket. In a page of Chromium, with the minified script that each brings for pages; the other side is in Node. ${aboutFlow} Client CPU is that of the processes with pages, Chromium CPU that of all its processes.`,
  needs: 'Chromium',
  metrics: [...messaging.metrics, { name: 'Chromium CPU', ...perMessage }],
  start: (candidate, direction) => startFlow(candidate, direction, 'page-worker'),
};

export const messagingFlush: Bench<Backlog> = {
  ...shared,
  name: 'messaging-flush',
  about: `${about} over TCP. Messages sent before there was a connection; from the connect on until the other side, a raw client, has the last one. A fresh process each time.`,
  metrics: [
    { name: 'time', unit: 'ms', scale: NS_TO_MS },
    { name: 'client CPU', unit: 'ms', scale: NS_TO_MS },
    { name: 'longest stall', unit: 'ms', scale: NS_TO_MS, absolute: true },
    { name: 'memory, waiting', unit: 'B a message', absolute: true },
    { name: 'memory at most', unit: 'MiB', scale: 1 / 1_048_576, absolute: true },
  ],
  cases: [10_000, 100_000].map((count) => ({
    table: 'flush',
    column: `${count.toLocaleString('en-US')} x 100 B`,
    parameters: { count, size: 100 },
  })),
  rounds: 3,
  start: startFlush,
};
