import type { Webifi } from '../../../src/index';
import { freePort } from '../../helpers/ports';
import { pause, until } from '../duel';
import { Flight, sum, type Tally } from '../ledger';
import { makeDevice } from '../peers/webifi';
import { RelayChild } from '../relay-child-process';

export interface Kills {
  /** The compiled relay. */
  readonly relayFile: string;
  readonly kills: number;
  /** Pairs of devices; each device sends to its partner. */
  readonly pairs: number;
  /** Messages of all together. */
  readonly perSecond: number;
  /** Of a durable relay. */
  readonly folder?: string;
}

export interface KillsResult {
  readonly kills: number;
  readonly tally: Tally;
  /** From the new relay's first moment until each device was connected, sorted. */
  readonly backMs: readonly number[];
}

/** How long the relay runs between two kills, once all are back. */
const UP_MS = 500;
const LIMIT_MS = 60_000;

interface Talker {
  readonly device: Webifi;
  readonly flight: Flight;
}

/** Kills the relay again and again while pairs of devices talk, and starts it on the same port. */
export async function playKills({ relayFile, kills, pairs, perSecond, folder }: Kills): Promise<KillsResult> {
  const port = await freePort();
  let relay = await RelayChild.start(relayFile, port, folder);
  const talkers = (await Promise.all(Array.from({ length: pairs }, (_, i) => openPair(port, i)))).flat();
  const backMs: number[] = [];
  const stop = talk(talkers, perSecond);
  try {
    for (let kill = 0; kill < kills; kill++) {
      await pause(UP_MS);
      await relay.kill();
      await until(() => talkers.every(({ device }) => !device.connected), LIMIT_MS);
      relay = await RelayChild.start(relayFile, port, folder);
      const startMs = performance.now();
      const waiting = new Set(talkers);
      await until(() => {
        for (const talker of waiting) {
          if (!talker.device.connected) continue;
          waiting.delete(talker);
          backMs.push(performance.now() - startMs);
        }
        return waiting.size === 0;
      }, LIMIT_MS);
    }
    stop();
    await until(() => talkers.every(({ flight }) => flight.settled >= flight.sent), 15_000);
    return { kills, tally: sum(talkers.map(({ flight }) => flight.tally())), backMs: backMs.sort((a, b) => a - b) };
  } finally {
    stop();
    await Promise.all(talkers.map(({ device }) => device.close()));
    await relay.kill();
  }
}

async function openPair(port: number, index: number): Promise<Talker[]> {
  const devices = [0, 1].map(() => makeDevice(port, { networkNames: [`pair ${index}`] }));
  const talkers = devices.map((device) => ({ device, flight: new Flight() }));
  talkers.forEach(({ flight }, i) => {
    devices[1 - i]?.on('message', ({ data }) => flight.receive(Number(data)));
    devices[1 - i]?.on('gap', ({ count = Infinity }) => flight.gap(count));
  });
  for (const device of devices) {
    device.start();
    await device.ready();
  }
  return talkers;
}

function talk(talkers: readonly Talker[], perSecond: number): () => void {
  const startMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    for (; sent < ((performance.now() - startMs) * perSecond) / 1000; sent++) {
      const talker = talkers[sent % talkers.length];
      if (talker === undefined) continue;
      const number = talker.flight.send();
      talker.device.send(String(number)).then(
        () => talker.flight.acknowledge(),
        () => talker.flight.fail(number),
      );
    }
  }, 5);
  return () => clearInterval(timer);
}
