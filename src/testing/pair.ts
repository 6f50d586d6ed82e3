import type { WebifiOptions } from '../client/options';
import type { WebifiClient } from '../client/webifi';
import { MemoryRelay, type MemoryRelayOptions } from './memory-relay';
import { VirtualClock, type VirtualClockOptions } from './virtual-clock';

/** @public */
export interface PairOptions {
  /** Of both devices; they share the network `pair` unless `networkNames` says otherwise. */
  client?: WebifiOptions;
  relay?: MemoryRelayOptions;
  clock?: VirtualClockOptions;
}

/** Two devices, a relay in memory and the clock that all three go by. @public */
export interface Pair {
  readonly clock: VirtualClock;
  readonly relay: MemoryRelay;
  readonly devices: readonly [WebifiClient, WebifiClient];
  /** Closes both devices. */
  close(): Promise<void>;
}

/** Longest time, of the virtual clock, that connecting and closing may take. */
const PATIENCE_MS = 60_000;

/**
 * Two devices that are connected to each other over a relay in memory, in virtual time.
 *
 * @throws Error when they did not get connected within a virtual minute.
 *
 * @example
 * ```ts
 * const { clock, relay, devices: [a, b] } = await createPair({ relay: { latencyMs: 60 } });
 * b.on('message', ({ data }) => console.log(data));
 * a.sendData({ data: 'hello' });
 * await clock.pass(120);
 * ```
 *
 * @public
 */
export async function createPair(options: PairOptions = {}): Promise<Pair> {
  const clock = new VirtualClock(options.clock);
  const relay = new MemoryRelay(clock, options.relay);
  const common = { connectName: 'pair', connectPassword: 'pair', networkNames: ['pair'] };
  const make = (): WebifiClient => relay.device({ ...common, ...options.client });
  const devices = [make(), make()] as const;
  for (const device of devices) device.start();
  const isReady = await clock.passUntil(() => devices.every(({ connected }) => connected), PATIENCE_MS);
  if (!isReady) throw new Error(`The devices were not connected within ${PATIENCE_MS} ms of virtual time.`);
  const close = async (): Promise<void> => {
    const closed = Promise.all(devices.map((device) => device.close()));
    await clock.passUntil(() => devices.every(({ state }) => state === 'closed'), PATIENCE_MS);
    await closed;
  };
  return { clock, relay, devices, close };
}
