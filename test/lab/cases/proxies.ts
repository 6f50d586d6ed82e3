import { ChaosProxy, HttpChaosProxy, type ConnectionFaults, type HttpCounts, type HttpFaults } from '../../../src/testing';
import { Duel, pause, until, type DuelResult } from '../duel';
import { sum } from '../ledger';
import { makeDevice, startRelay, webifi } from '../peers/webifi';
import { chaos } from './breaks';

export interface ExchangesResult extends DuelResult {
  readonly counts: HttpCounts;
}

/** Long polling through proxies that send requests twice and let them pass each other, until so many exchanges. */
export async function playExchanges(exchanges: number, lanes: number, faults: HttpFaults): Promise<ExchangesResult> {
  const results = await Promise.all(
    Array.from({ length: lanes }, (_, lane) => exchangeLane(exchanges / lanes, faults, lane + 1)),
  );
  const counts = results.map((result) => result.counts);
  const total = Object.fromEntries(
    Object.keys(counts[0] ?? {}).map((key) => [key, counts.reduce((all, of) => all + of[key as keyof HttpCounts], 0)]),
  ) as unknown as HttpCounts;
  return { up: sum(results.map(({ up }) => up)), down: sum(results.map(({ down }) => down)), counts: total };
}

async function exchangeLane(exchanges: number, faults: HttpFaults, seed: number): Promise<ExchangesResult> {
  const peer = webifi('webifi', { useWebSocket: false });
  const duel = await Duel.start(peer, (port) => HttpChaosProxy.start({ target: { port }, seed }));
  try {
    duel.proxy.faults = faults;
    duel.talk(20);
    await until(() => duel.proxy.counts.exchanges >= exchanges, exchanges * 1000);
    duel.silence();
    duel.proxy.faults = {};
    await duel.quiet(5000, 60_000);
    return { ...duel.result(), counts: { ...duel.proxy.counts } };
  } finally {
    await duel.stop();
  }
}

/** How long a device takes to connect through a proxy that does this; undefined when not in time. */
export async function playConnect(
  useWebSocket: boolean,
  faults: { http?: HttpFaults; line?: ConnectionFaults },
  limitMs: number,
): Promise<number | undefined> {
  const relay = await startRelay();
  const target = { port: relay.port };
  const proxy = await (faults.http
    ? HttpChaosProxy.start({ target, faults: faults.http })
    : ChaosProxy.start({ target, faults: faults.line ?? {} }));
  const device = makeDevice(proxy.port, { useWebSocket });
  try {
    const startMs = performance.now();
    device.start();
    const isConnected = await until(() => device.connected, limitMs);
    return isConnected ? performance.now() - startMs : undefined;
  } finally {
    await device.close();
    await proxy.close();
    await relay.stop();
  }
}

export interface CutsResult extends DuelResult {
  /** Connections that the proxy has cut. */
  readonly cuts: number;
  /** How often A was told that it is not connected. */
  readonly breaks: number;
}

/** Both talk through a proxy that cuts connections: for their silence, or for their age. */
export async function playCuts(
  useWebSocket: boolean,
  faults: ConnectionFaults,
  { perSecond, forMs }: { perSecond: number; forMs: number },
): Promise<CutsResult> {
  const duel = await Duel.start(webifi('webifi', { useWebSocket }), chaos(faults));
  try {
    duel.talk(perSecond);
    await pause(forMs);
    duel.silence();
    await duel.quiet(5000, 60_000);
    return { ...duel.result(), cuts: duel.proxy.counts.timeCuts, breaks: duel.breaks };
  } finally {
    await duel.stop();
  }
}
