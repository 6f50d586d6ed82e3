import { pause } from '../duel';
import { LabChild, RelayChild } from '../relay-child-process';
import type { LoadResult, SlowTask } from '../slow-child';

/** What the relay was like for a while. */
export interface SlowPhase {
  /** Messages to the reader; of these, their sender was told that they were not taken. */
  readonly messages: number;
  readonly refused: number;
  /** The most memory that the relay had, in bytes. */
  readonly rss: number;
  /** Time of processors that the relay has used. */
  readonly cpuMs: number;
  /** 99 % of the neighbours' messages arrive within this. */
  readonly p99Ms: number;
}

export interface SlowResult {
  /** Nobody sends to the reader. */
  readonly calm: SlowPhase;
  /** It reads. */
  readonly read: SlowPhase;
  /** It does not. */
  readonly unread: SlowPhase;
}

export interface Slow {
  /** The compiled relay, and the compiled other processes. */
  readonly relayFile: string;
  readonly childFile: string;
  /** Messages of 64 KiB to the reader. */
  readonly perSecond: number;
  /** Each phase. */
  readonly forMs: number;
}

const NEIGHBOURS_PER_SECOND = 100;

/** Somebody sends much to one device while two others talk beside it: first it reads, then it does not. */
export async function playSlow({ relayFile, childFile, perSecond, forMs }: Slow): Promise<SlowResult> {
  const relay = await RelayChild.start(relayFile);
  const children: LabChild[] = [];
  const run = async (role: string): Promise<LabChild> => {
    const child = await LabChild.run(childFile, role, relay.port);
    children.push(child);
    return child;
  };
  try {
    const [reader, sender, neighbours] = [await run('reader'), await run('sender'), await run('neighbours')];
    const phase = async (rate: number): Promise<SlowPhase> => {
      const task: SlowTask = { perSecond: rate, forMs, to: reader.told as string };
      const before = await relay.usage();
      const [sent, p99Ms, rss] = await Promise.all([
        sender.ask(task) as Promise<LoadResult>,
        neighbours.ask({ perSecond: NEIGHBOURS_PER_SECOND, forMs }) as Promise<number>,
        mostMemory(relay, forMs),
      ]);
      return { ...sent, rss, cpuMs: (await relay.usage()).cpuMs - before.cpuMs, p99Ms };
    };
    const calm = await phase(0);
    const read = await phase(perSecond);
    await reader.ask('stop');
    return { calm, read, unread: await phase(perSecond) };
  } finally {
    await Promise.all([relay.kill(), ...children.map((child) => child.kill())]);
  }
}

async function mostMemory(relay: RelayChild, forMs: number): Promise<number> {
  let greatest = 0;
  for (const endMs = performance.now() + forMs; performance.now() < endMs; await pause(100)) {
    greatest = Math.max(greatest, (await relay.usage()).rss);
  }
  return greatest;
}
