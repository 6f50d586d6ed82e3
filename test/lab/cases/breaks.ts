import { ChaosProxy, type ConnectionFaults } from '../../../src/testing';
import { Duel, pause, until, type DuelResult } from '../duel';
import type { Peer } from '../peer';

/** What a break did, in milliseconds from the fault; undefined for what did not happen in time. */
export interface BreakResult extends DuelResult {
  /** A was told that its connection is gone. */
  readonly noticedMs: number | undefined;
  /** A was told that it is connected again. */
  readonly backMs: number | undefined;
  /** The last message of A came to B, counted from when the network was back. */
  readonly deliveredMs?: number | undefined;
  /** A was told that its last message was taken, likewise. */
  readonly acknowledgedMs?: number | undefined;
}

/** Half of the round trip of 120 ms. */
const SLOW_LINE: ConnectionFaults = { up: { delayMs: 60 }, down: { delayMs: 60 } };

export const chaos =
  (faults: ConnectionFaults = {}) =>
  (port: number): Promise<ChaosProxy> =>
    ChaosProxy.start({ target: { port }, faults });

export interface Break {
  readonly perSecond: number;
  readonly line?: ConnectionFaults;
  /** How long both talk before the fault, and after A is back. */
  readonly aroundMs: number;
  /** How long A may take to notice, and to be back. */
  readonly limitMs: number;
  fault(proxy: ChaosProxy): void;
}

export const HARD_RESET: Break = {
  perSecond: 50,
  aroundMs: 1500,
  limitMs: 60_000,
  fault(proxy) {
    proxy.refuse(3000);
    proxy.cut('reset');
  },
};

export const SLOW_RESET: Break = {
  perSecond: 100,
  line: SLOW_LINE,
  aroundMs: 2000,
  limitMs: 60_000,
  fault: (proxy) => proxy.cut('reset'),
};

export const SILENT_DEATH: Break = {
  perSecond: 10,
  aroundMs: 2000,
  limitMs: 100_000,
  fault: (proxy) => proxy.set('swallow'),
};

/** Both talk, the fault happens, A comes back, both talk on; then it is quiet and the messages are counted. */
export async function playBreak(peer: Peer, plan: Break): Promise<BreakResult> {
  const { perSecond, line, aroundMs, limitMs } = plan;
  const duel = await Duel.start(peer, chaos(line));
  try {
    duel.talk(perSecond);
    await pause(aroundMs);
    const startMs = performance.now();
    plan.fault(duel.proxy);
    const isNoticed = await until(() => !duel.isConnected, limitMs);
    const noticedMs = isNoticed ? duel.lostAtMs - startMs : undefined;
    const isBack = isNoticed && (await until(() => duel.isConnected, limitMs));
    const backMs = isBack ? duel.connectedAtMs - startMs : undefined;
    await pause(aroundMs);
    duel.silence();
    await duel.quiet(4000, 60_000);
    return { ...duel.result(), noticedMs, backMs };
  } finally {
    await duel.stop();
  }
}

/** A queues while it is offline; then the network is back, with a round trip of 120 ms. */
export async function playQueued(peer: Peer, messages: number, limitMs: number): Promise<BreakResult> {
  const duel = await Duel.start(peer, chaos(SLOW_LINE));
  try {
    duel.proxy.refuse();
    duel.proxy.cut('reset');
    const startMs = performance.now();
    await until(() => !duel.isConnected, limitMs);
    const noticedMs = duel.lostAtMs - startMs;
    for (let i = 0; i < messages; i++) duel.send('a');
    await pause(1000);
    await duel.proxy.accept();
    const onlineMs = performance.now();
    const isBack = await until(() => duel.isConnected, limitMs);
    await until(() => duel.up.settled >= messages && (!peer.acknowledges || duel.up.acknowledged >= messages), limitMs);
    const since = (ms: number): number | undefined => (ms > onlineMs ? ms - onlineMs : undefined);
    return {
      ...duel.result(),
      noticedMs,
      backMs: isBack ? duel.connectedAtMs - onlineMs : undefined,
      deliveredMs: since(duel.lastReceivedMs),
      acknowledgedMs: since(duel.lastAcknowledgedMs),
    };
  } finally {
    await duel.stop();
  }
}
