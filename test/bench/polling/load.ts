import { pathToFileURL } from 'node:url';
import { startClock } from '../lab/cost';
import { serve } from '../lab/processes';
import { quantile } from '../lab/statistics';
import type { EchoCost } from '../relay/loads';
import { Traffic } from '../relay/traffic';
import { Poller } from './poller';
import type { PollingCandidate } from './polling';

/** What the load client does. */
export interface PollingLoad {
  /** Each gets its own messages; else the first sends, and all others get it. */
  readonly isEcho: boolean;
  readonly sessions: number;
  /** Messages of each sender under way. */
  readonly inFlight: number;
  readonly size: number;
}

const [file = '', port = ''] = process.argv.slice(2);
const { relay } = (await import(pathToFileURL(file).href)) as { relay: PollingCandidate };
const traffic = new Traffic();

interface Crowd {
  readonly senders: readonly Poller[];
  start(): void;
  /** How long the last run's messages took; right with one of each under way. */
  tookMs: number[];
}

let crowd: Crowd | undefined;

async function openEchoes({ sessions, inFlight, size }: PollingLoad): Promise<Crowd> {
  const senders: Poller[] = [];
  const sentAtMs = new Float64Array(sessions);
  const send = (i: number, count: number): void => {
    sentAtMs[i] = performance.now();
    traffic.expect(count);
    senders[i]!.send(count);
  };
  const opened: Crowd = {
    senders,
    start: () => senders.forEach((_, i) => send(i, inFlight)),
    tookMs: [],
  };
  for (let i = 0; i < sessions; i++) {
    const session = await relay.open(Number(port), { isEcho: true, listens: false, size });
    const onMessages = (count: number): void => {
      opened.tookMs.push(performance.now() - sentAtMs[i]!);
      if (traffic.isRunning) send(i, count);
      traffic.arrive(count);
    };
    senders.push(await Poller.open(Number(port), session, onMessages));
  }
  return opened;
}

/** The next message leaves when as many deliveries have come as one message has. */
async function openFanOut({ sessions, inFlight, size }: PollingLoad): Promise<Crowd> {
  const listeners = sessions - 1;
  let [sent, received] = [0, 0];
  const session = await relay.open(Number(port), { isEcho: false, listens: false, size });
  const sender = await Poller.open(Number(port), session, () => {
    throw new Error('The sender got a message.');
  });
  const fill = (): void => {
    const count = inFlight + Math.floor(received / listeners) - sent;
    if (count === 0) return;
    sent += count;
    traffic.expect(count * listeners);
    sender.send(count);
  };
  const onMessages = (count: number): void => {
    received += count;
    if (traffic.isRunning) fill();
    traffic.arrive(count);
  };
  for (let i = 0; i < listeners; i++) {
    const other = await relay.open(Number(port), { isEcho: false, listens: true, size });
    await Poller.open(Number(port), other, onMessages);
  }
  const start = (): void => {
    [sent, received] = [0, 0];
    fill();
  };
  return { senders: [sender], start, tookMs: [] };
}

async function flood({ timeMs, ...load }: PollingLoad & { timeMs: number }): Promise<EchoCost> {
  const opened = (crowd ??= await (load.isEcho ? openEchoes(load) : openFanOut(load)));
  for (const sender of opened.senders) await sender.connect();
  opened.tookMs = [];
  const stop = startClock();
  const deliveries = await traffic.run(timeMs, () => opened.start());
  const cost = { ...stop(), deliveries };
  for (const sender of opened.senders) await sender.disconnect();
  if (!load.isEcho) return cost;
  const tookMs = Float64Array.from(opened.tookMs).sort();
  return { ...cost, p50Ns: quantile(tookMs, 0.5) * 1e6, p99Ns: quantile(tookMs, 0.99) * 1e6 };
}

serve({ flood });
