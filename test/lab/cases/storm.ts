import { MemoryRelay, VirtualClock } from '../../../src/testing';
import { freePort } from '../../helpers/ports';
import { pause, until } from '../duel';
import { makeDevice } from '../peers/webifi';
import { RelayChild } from '../relay-child-process';

export interface StormResult {
  readonly devices: number;
  /** Attempts in each tenth of a second after the cut, while there were any first attempts. */
  readonly perTenth: readonly number[];
  /** The most of them, in times of what an even spread over the same time would give. */
  readonly peak: number;
  /** From the cut until all were back. */
  readonly backMs: number | undefined;
}

/** All devices are cut at once, in virtual time: how evenly do they come back? */
export async function playStorm(devices: number, seed: number): Promise<StormResult> {
  const clock = new VirtualClock({ seed });
  const relay = new MemoryRelay(clock, { latencyMs: 20 });
  const all = Array.from({ length: devices }, () => relay.device({ connectName: 'storm', connectPassword: 'storm' }));
  const isAllBack = (): boolean => all.every(({ connected }) => connected);
  for (const device of all) device.start();
  if (!(await clock.passUntil(isAllBack, 60_000))) throw new Error('The devices did not connect at all.');
  relay.cut();
  const startMs = clock.now();
  const perTenth: number[] = [];
  while (!isAllBack() && clock.now() - startMs < 60_000) {
    const before = relay.counts.sockets;
    await clock.pass(100);
    perTenth.push(relay.counts.sockets - before);
  }
  const backMs = isAllBack() ? clock.now() - startMs : undefined;
  while (perTenth.at(-1) === 0) perTenth.pop();
  const attempts = perTenth.reduce((sum, count) => sum + count, 0);
  const peak = Math.max(...perTenth) / (attempts / perTenth.length);
  for (const device of all) device.closeConnection();
  await clock.pass(20_000);
  return { devices, perTenth, peak, backMs };
}

export interface RestartResult {
  readonly sessions: number;
  /** Until half, 99 % and all of them were back, from the new relay's first moment; undefined when not in time. */
  readonly backMs: readonly (number | undefined)[];
  /** How many were back in the end. */
  readonly back: number;
}

/** The relay is killed and started again with many sessions: how long until they are all back? */
export async function playRestart(relayFile: string, sessions: number, limitMs: number): Promise<RestartResult> {
  const port = await freePort();
  const first = await RelayChild.start(relayFile, port);
  const all = Array.from({ length: sessions }, () => makeDevice(port, { networkNames: [] }));
  const count = (): number => all.reduce((sum, { connected }) => sum + (connected ? 1 : 0), 0);
  let second: RelayChild | undefined;
  try {
    // In portions, since all at once is what is measured below.
    for (let at = 0; at < sessions; at += 200) {
      for (const device of all.slice(at, at + 200)) device.start();
      if (!(await until(() => count() >= Math.min(at + 200, sessions), limitMs)))
        throw new Error(`Only ${count()} of ${sessions} devices connected.`);
    }
    await first.kill();
    await until(() => count() === 0, limitMs);
    await pause(1000);
    second = await RelayChild.start(relayFile, port);
    const startMs = performance.now();
    const backMs: (number | undefined)[] = [];
    for (const part of [0.5, 0.99, 1]) {
      const isBack = await until(() => count() >= part * sessions, Math.max(0, limitMs - (performance.now() - startMs)));
      backMs.push(isBack ? performance.now() - startMs : undefined);
    }
    return { sessions, backMs, back: count() };
  } finally {
    // The relay first: nobody has to say goodbye to it.
    await first.kill();
    await second?.kill();
    await Promise.all(all.map((device) => device.close()));
  }
}
