import { join } from 'node:path';
import type { Bench, Candidate, Case, Contender, Measured } from '../lab/bench';
import { Process } from '../lab/processes';
import type { Filling } from './payloads';

/** One column of the tables, as a worker gets it. */
export interface CodecCase {
  readonly direction: 'receive' | 'send';
  readonly masked: boolean;
  readonly filling: Filling;
  readonly length: number;
}

const SIZES = { '16 B': 16, '125 B': 125, '1 KiB': 1_024, '64 KiB': 65_536, '1 MiB': 1_048_576 };
const FILLINGS: readonly Filling[] = ['binary', 'ASCII text', 'other text'];

function casesOf(direction: CodecCase['direction']): Case<CodecCase>[] {
  return [true, false].flatMap((masked) =>
    FILLINGS.flatMap((filling) =>
      Object.entries(SIZES).map(([column, length]) => ({
        table: `${masked ? 'masked' : 'unmasked'}, ${filling}`,
        column,
        parameters: { direction, masked, filling, length },
      })),
    ),
  );
}

async function start(candidate: Candidate, parameters: CodecCase): Promise<Contender> {
  const worker = await Process.start(join(candidate.folder, 'worker.mjs'), [
    candidate.file, JSON.stringify(parameters),
  ]);
  return {
    measure: async () => (await worker.call('measure')) as Measured,
    stop: () => worker.stop(),
  };
}

function codecBench(direction: CodecCase['direction'], about: string): Bench<CodecCase> {
  return {
    name: `codec-${direction}`,
    about,
    folder: 'codec',
    baseline: 'ws',
    metrics: [
      { name: 'time', unit: 'ns a message' },
      { name: 'CPU', unit: 'ns a message' },
    ],
    cases: casesOf(direction),
    rounds: 15,
    start,
  };
}

export const codecReceive = codecBench(
  'receive',
  'Chunks of 64 KiB to messages, text delivered as a string. No socket.',
);

export const codecSend = codecBench(
  'send',
  'Messages to what is written to the socket, one message at a time. No socket, but strings given to it are encoded.',
);
