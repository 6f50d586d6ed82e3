import { join } from 'node:path';
import type { Bench, Candidate, Case, Contender, Measured } from '../lab/bench';
import { Process } from '../lab/processes';

/** Messages of one size there and back. */
export interface Exchange {
  readonly size: number;
  readonly inFlight: number;
  readonly count: number;
}

const NS_TO_US = 1e-3;
const NS_TO_MS = 1e-6;

/** A server and a client, each in a process of its own. */
async function startPair({ file, folder }: Candidate): Promise<{ client: Process; stop: () => Promise<void> }> {
  const server = await Process.start(join(folder, 'echo-server.mjs'));
  const url = (await server.call('url')) as string;
  const client = await Process.start(join(folder, 'worker.mjs'), [file, url]).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  const stop = async (): Promise<void> => {
    await client.stop();
    await server.stop();
  };
  return { client, stop };
}

async function startExchange(candidate: Candidate, exchange: Exchange): Promise<Contender> {
  const { client, stop } = await startPair(candidate);
  return { measure: async () => (await client.call('exchange', exchange)) as Measured, stop };
}

/** For what a process can show only once. */
function startAfresh(action: string) {
  return async (candidate: Candidate, argument: unknown): Promise<Contender> => ({
    measure: async () => {
      const { client, stop } = await startPair(candidate);
      try {
        return (await client.call(action, argument)) as Measured;
      } finally {
        await stop();
      }
    },
    stop: async () => undefined,
  });
}

function exchanges(table: string, rows: [column: string, ...Exchange[keyof Exchange][]][]): Case<Exchange>[] {
  return rows.map(([column, size = 0, inFlight = 1, count = 1]) => ({
    table,
    column,
    parameters: { size, inFlight, count },
  }));
}

export const client: Bench<Exchange> = {
  name: 'client',
  about:
    'A client against an echo server that is the same for all, in two processes. Binary messages; the client alone is measured.',
  folder: 'client',
  baseline: 'ws',
  metrics: [
    { name: 'p50', unit: 'us', scale: NS_TO_US },
    { name: 'p99', unit: 'us', scale: NS_TO_US },
    { name: 'time', unit: 'us a message', scale: NS_TO_US },
    { name: 'CPU', unit: 'us a message', scale: NS_TO_US },
  ],
  cases: [
    ...exchanges('one under way', [
      ['16 B', 16, 1, 1_000],
      ['1 KiB', 1_024, 1, 1_000],
    ]),
    ...exchanges('several under way', [
      ['64 x 16 B', 16, 64, 10_000],
      ['64 x 125 B', 125, 64, 10_000],
      ['64 x 1 KiB', 1_024, 64, 8_000],
      ['16 x 64 KiB', 65_536, 16, 320],
      ['4 x 1 MiB', 1_048_576, 4, 24],
    ]),
  ],
  rounds: 15,
  start: startExchange,
};

export const clientStreaming: Bench<{ partSize: number; parts: number }> = {
  name: 'client-streaming',
  about:
    'One message there and back, in parts where the candidate can send them; `webifi` receives in parts too, the others whole. A fresh process each time.',
  folder: 'client',
  baseline: 'ws',
  metrics: [
    { name: 'time', unit: 'ms a MiB', scale: NS_TO_MS },
    { name: 'CPU', unit: 'ms a MiB', scale: NS_TO_MS },
    { name: 'memory at most', unit: 'MiB', scale: 1 / 1_048_576 },
  ],
  cases: [{ table: 'one message', column: '64 MiB', parameters: { partSize: 65_536, parts: 1_024 } }],
  rounds: 7,
  start: startAfresh('stream'),
};

export const clientMemory: Bench<number> = {
  name: 'client-memory',
  about: 'Connections opened 20 at a time and then left idle, in one process; the server in another.',
  folder: 'client',
  baseline: 'ws',
  metrics: [
    { name: 'connect, time', unit: 'us each', scale: NS_TO_US },
    { name: 'connect, CPU', unit: 'us each', scale: NS_TO_US },
    { name: 'memory', unit: 'KiB each', scale: 1 / 1_024 },
  ],
  cases: [{ table: 'open connections', column: '2,000', parameters: 2_000 }],
  rounds: 5,
  start: startAfresh('openMany'),
};
