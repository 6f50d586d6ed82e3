import { seededRandom } from '../../../src/testing';
import { Flight, sum, type Tally } from '../ledger';
import { pause, until } from '../duel';
import { ACCOUNT, makeDevice, startRelay } from '../peers/webifi';

export interface Flips {
  readonly flips: number;
  readonly devices: number;
  /** Of each device, in each direction. */
  readonly perSecond: number;
  /** Between two flips of one device. */
  readonly betweenMs: readonly [number, number];
  /** Whether a device flips only while it is connected, or also while it still moves. */
  readonly waits: boolean;
  readonly seed: number;
}

export interface FlipsResult {
  readonly flips: number;
  readonly up: Tally;
  readonly down: Tally;
  /** Codes of the error events of the devices. */
  readonly errors: readonly number[];
}

/** Devices change their transport at random moments while they talk with one that stays. */
export async function playFlips({ flips, devices, ...each }: Flips): Promise<FlipsResult> {
  const relay = await startRelay();
  const results = await Promise.all(
    Array.from({ length: devices }, (_, i) =>
      flipOne(relay.port, { ...each, network: `${ACCOUNT.connectName} ${i}`, flips: flips / devices, seed: each.seed + i }),
    ),
  ).finally(() => relay.stop());
  return {
    flips: results.reduce((all, result) => all + result.flips, 0),
    errors: results.flatMap(({ errors }) => errors),
    up: sum(results.map(({ up }) => up)),
    down: sum(results.map(({ down }) => down)),
  };
}

interface OneFlipper extends Omit<Flips, 'devices'> {
  readonly network: string;
}

async function flipOne(port: number, plan: OneFlipper): Promise<FlipsResult> {
  const { network, flips, perSecond, betweenMs, waits } = plan;
  const random = seededRandom(plan.seed);
  const [a, b] = [makeDevice(port, { networkNames: [network] }), makeDevice(port, { networkNames: [network] })];
  const [up, down] = [new Flight(), new Flight()];
  const errors: number[] = [];
  for (const [device, flight] of [[a, down], [b, up]] as const) {
    device.on('message', ({ data }) => flight.receive(Number(data)));
    device.on('error', ({ code }) => errors.push(code));
    device.start();
    await device.ready();
  }
  const talk = setInterval(() => {
    for (const [device, flight] of [[a, up], [b, down]] as const) {
      const number = flight.send();
      device.send(String(number)).then(
        () => flight.acknowledge(),
        () => flight.fail(number),
      );
    }
  }, 1000 / perSecond);
  let done = 0;
  for (; done < flips; done++) {
    const [least, most] = betweenMs;
    await pause(least + random() * (most - least));
    if (waits) await until(() => a.connected, 10_000);
    a.setUseWebSocket(!a.getUseWebSocket());
  }
  await pause(betweenMs[1]);
  clearInterval(talk);
  await until(() => [up, down].every((flight) => flight.settled >= flight.sent), 10_000);
  await Promise.all([a.close(), b.close()]);
  return { flips: done, errors, up: up.tally(), down: down.tally() };
}
