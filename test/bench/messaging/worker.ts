import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { startClock, type Cost } from '../lab/cost';
import { serve } from '../lab/processes';
import { FILLER } from '../relay/scanners';
import { ROOM, type Address, type Flow, type LibraryClient, type MessagingCandidate } from './messaging';
import { Party, partyOf } from './party';

/** What one measurement of a client has cost it. */
export interface FlowCost extends Cost {
  readonly messages: number;
  /** CPU time with that of the processes beside its own, where it has such. */
  readonly allNs?: number;
}

const [file = '', port = ''] = process.argv.slice(2);
const { relay } = (await import(pathToFileURL(file).href)) as { relay: MessagingCandidate };

let party: Party | undefined;
let library: LibraryClient | undefined;
let stopClock: (() => Cost) | undefined;

/** The client library, not connected yet. */
async function prepare(flow: Flow, side: Address['side'] = 'measured'): Promise<void> {
  const address: Address = { port: Number(port), side };
  const api = await relay.load();
  const made = partyOf(flow, (onMessage) => relay.open(api, address, onMessage));
  library = made.client;
  party = made.party;
}

async function open(flow: Flow): Promise<void> {
  await prepare(flow);
  await library!.connect();
}

async function openPeer(flow: Flow): Promise<void> {
  await prepare(flow, 'peer');
  await library!.connect();
}

/** A raw client, which costs as little as may be. */
async function openRaw(flow: Flow): Promise<void> {
  const raw = await relay.raw();
  const login = (await raw.login?.(Number(port))) ?? '';
  const socket = await raw.connect(Number(port), { room: ROOM, listens: true }, login);
  const message = raw.message(ROOM, new Uint8Array(flow.size).fill(FILLER));
  const several = Buffer.concat(new Array<Buffer>(flow.inFlight).fill(message));
  const write = (count: number): void => socket.write(several.subarray(0, count * message.length));
  const opened = new Party(flow, write, () => write(1));
  const scanner = raw.scanner(ROOM, flow.size);
  let seen = 0;
  socket.read(scanner, () => {
    const count = scanner.delivered - seen;
    seen += count;
    if (count > 0) opened.take(count);
  });
  party = opened;
}

/** Messages come from now on. */
function receive(): void {
  party!.receive();
  stopClock = startClock();
}

/** @returns What came since `receive`. */
function received(): FlowCost {
  return { ...stopClock!(), messages: party!.received };
}

async function send(timeMs: number): Promise<FlowCost> {
  const stop = startClock();
  const messages = await party!.sendFor(timeMs);
  return { ...stop(), messages };
}

/** A library may think for long about what waits before it sends the first. */
const FLUSH_PATIENCE_MS = 60_000;

/** Resolves when so many have come. */
async function receiveAll(count: number): Promise<void> {
  await party!.until(() => party!.received >= count, FLUSH_PATIENCE_MS);
}

const MESSAGES_A_TURN = 1_000;
const RESOLUTION_MS = 1;

/** What a client holds that could not send yet. @returns Bytes for each message. */
async function queue({ count, size }: { count: number; size: number }): Promise<number> {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < count; i += MESSAGES_A_TURN) {
    // Texts of their own, as an application has them.
    for (let j = i; j < i + MESSAGES_A_TURN; j++) library!.send(String(j).padEnd(size, 'x'));
    await turn();
  }
  globalThis.gc?.();
  return (process.memoryUsage().rss - before) / count;
}

let delay: ReturnType<typeof monitorEventLoopDelay> | undefined;

/** Connects: what waits goes out. */
async function flush(): Promise<void> {
  globalThis.gc?.();
  delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  stopClock = startClock();
  await library!.connect();
}

/** After all has come. @returns What it has cost, the longest stall, and the memory at most. */
function flushed(): Cost & { stallNs: number; peak: number } {
  const cost = stopClock!();
  delay!.disable();
  const stallNs = Math.max(0, delay!.max - RESOLUTION_MS * 1e6);
  return { ...cost, stallNs, peak: process.resourceUsage().maxRSS * 1_024 };
}

serve({ prepare, open, openPeer, openRaw, receive, received, send, receiveAll, queue, flush, flushed });
