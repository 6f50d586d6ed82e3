import { ChaosProxy } from '../../../src/testing';
import { pause, until } from '../duel';
import { makeDevice } from '../peers/webifi';
import { RelayChild } from '../relay-child-process';

export interface SlowResult {
  /** Bytes that were sent to the reader that does not read. */
  readonly sentBytes: number;
  /** Of these messages: their sender was told that they were not taken. */
  readonly refused: number;
  readonly messages: number;
  /** The relay's memory before, and the most that it had. */
  readonly rssBefore: number;
  readonly rssMost: number;
  /** 99 % of the neighbours' messages arrive within this, before and meanwhile. */
  readonly p99BeforeMs: number;
  readonly p99MeanwhileMs: number;
}

const DATA = 'x'.repeat(65_536);

/** One device stops reading while it is sent much; two others talk on beside it. */
export async function playSlow(relayFile: string, perSecond: number, forMs: number): Promise<SlowResult> {
  const relay = await RelayChild.start(relayFile);
  const proxy = await ChaosProxy.start({ target: { port: relay.port } });
  const [slow, sender, left, right] = [
    makeDevice(proxy.port, { networkNames: [] }),
    ...['sender', 'neighbours', 'neighbours'].map((network) => makeDevice(relay.port, { networkNames: [network] })),
  ] as const;
  const devices = [slow, sender, left, right].filter((device) => device !== undefined);
  try {
    for (const device of devices) {
      device.start();
      await device.ready();
    }
    const latency = (): Promise<number> => neighbours(left!, right!, forMs);
    // What everything costs the first time shall not count.
    await load(() => sender!.send(DATA, { toNetworks: ['neighbours elsewhere'] }), 50, 1000);
    const rssBefore = await relay.rss();
    const p99BeforeMs = await latency();
    proxy.set('stall', 'down');
    const toSlow = (): Promise<void> => sender!.send(DATA, { toSessionIds: [slow.getSessionId()] });
    const [counts, p99MeanwhileMs, rssMost] = await Promise.all([
      load(toSlow, perSecond, forMs),
      latency(),
      most(() => relay.rss(), forMs),
    ]);
    return { ...counts, sentBytes: counts.messages * DATA.length, rssBefore, rssMost, p99BeforeMs, p99MeanwhileMs };
  } finally {
    proxy.cut();
    await relay.kill();
    await Promise.all(devices.map((device) => device.close()));
    await proxy.close();
  }
}

async function load(
  send: () => Promise<void>,
  perSecond: number,
  forMs: number,
): Promise<{ messages: number; refused: number }> {
  const startMs = performance.now();
  let [messages, settled, refused] = [0, 0, 0];
  for (let nowMs = 0; nowMs < forMs; nowMs = performance.now() - startMs) {
    for (; messages < (nowMs * perSecond) / 1000; messages++) {
      send()
        .catch(() => refused++)
        .finally(() => settled++);
    }
    await pause(5);
  }
  await until(() => settled === messages, 10_000);
  return { messages, refused };
}

type Talker = ReturnType<typeof makeDevice>;

/** 99 % of the messages, 100 a second, take no longer. */
async function neighbours(left: Talker, right: Talker, forMs: number): Promise<number> {
  const tookMs: number[] = [];
  const off = right.on('message', ({ data }) => tookMs.push(performance.now() - Number(data)));
  await load(() => left.send(String(performance.now())), 100, forMs);
  off();
  tookMs.sort((a, b) => a - b);
  return tookMs[Math.floor(tookMs.length * 0.99)] ?? NaN;
}

async function most(read: () => Promise<number>, forMs: number): Promise<number> {
  let greatest = 0;
  for (const endMs = performance.now() + forMs; performance.now() < endMs; await pause(100)) {
    greatest = Math.max(greatest, await read());
  }
  return greatest;
}
