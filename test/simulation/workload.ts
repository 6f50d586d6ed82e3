import { discoveryRequest } from '../../src/core/discovery';
import type { SendMode } from '../../src/core/messages';
import { NOBODY, type Order } from './checker';
import type { Device } from './device';
import { NETWORK_NAMES } from './plan';
import { CLOSED } from './touches';
import type { World } from './world';

const MODES: readonly SendMode[] = ['reliable', 'reliable', 'reliable', 'delivered', 'volatile'];

/** What the applications do: send, now and then change their settings, close and come back. */
export class Workload {
  constructor(private readonly world: World) {}

  begin(device: Device): void {
    const { timeline, plan } = this.world;
    timeline.at(device.plan.startMs, () => device.input({ type: 'start' }));
    this.#every(device, device.plan.sendEveryMs, plan.faultMs, () => this.#send(device));
    this.#every(device, device.plan.changeEveryMs, plan.faultMs, () => this.#change(device));
  }

  /** One message to everybody who listens, when all is well. */
  probe(device: Device): void {
    this.world.checker.send(device, { toNetworks: [], toSessionIds: [], mode: 'reliable' }, 8, true);
  }

  #every(device: Device, meanMs: number, endMs: number, act: () => void): void {
    if (meanMs === Infinity) return;
    const { timeline } = this.world;
    const next = (): void => {
      const waitMs = -Math.log(1 - device.workDice.next()) * meanMs;
      if (timeline.nowMs + waitMs > endMs) return;
      timeline.after(waitMs, () => {
        // Who sleeps does nothing.
        if (!device.isFrozen) act();
        next();
      });
    };
    next();
  }

  #send(device: Device): void {
    const { workDice: dice } = device;
    const { checker, timeline } = this.world;
    if (dice.chance(0.05)) {
      checker.discovers();
      return void device.send(discoveryRequest([]), false);
    }
    const isMixed = dice.chance(0.3);
    let order = this.#order(device);
    const count = dice.chance(0.1) ? dice.whole(2, 30) : 1;
    const length = this.#length(device);
    for (let i = 0; i < count; i++) {
      const awaited = dice.chance(0.7);
      if (isMixed) order = this.#order(device);
      const token = checker.send(device, order, length, awaited);
      if (token === undefined || !awaited || !dice.chance(0.03)) continue;
      timeline.after(dice.between(0, 200), () => {
        if (device.session.cancelSend(token)) checker.cancelled(device, token);
      });
    }
  }

  #order(device: Device): Order {
    const { workDice: dice } = device;
    const target = this.#target(device);
    const toSessionIds = dice.chance(0.05) ? [...target.toSessionIds, NOBODY] : target.toSessionIds;
    return { ...target, toSessionIds, mode: dice.pick(MODES) };
  }

  #target(device: Device): { toNetworks: string[]; toSessionIds: string[] } {
    const { workDice: dice } = device;
    const kind = dice.next();
    if (kind < 0.4) return { toNetworks: [], toSessionIds: [] };
    const toNetworks: string[] = dice.chance(0.5) ? dice.some([...NETWORK_NAMES, 'empty'], 0.5) : [];
    if (kind < 0.6 && toNetworks.length > 0) return { toNetworks, toSessionIds: [] };
    // Also ids of other accounts and relays, and old ones: whatever an application can get hold of.
    const others = this.world.devices.filter(({ plan }) => dice.chance(0.2) || plan.account === device.plan.account);
    const ids = dice.some(others, 0.4).flatMap(({ sessionIds }) => dice.some([...sessionIds], 0.8));
    return { toNetworks, toSessionIds: ids };
  }

  #length({ workDice: dice }: Device): number {
    const kind = dice.next();
    if (kind < 0.85) return dice.below(40);
    return kind < 0.98 ? dice.below(1_500) : dice.below(12_000);
  }

  #change(device: Device): void {
    const { workDice: dice } = device;
    const { useWebSocket } = device.session.settings;
    const kind = dice.next();
    if (kind < 0.6) {
      // While it is being bound to one transport, a change to the other gives up what is on its way to the first.
      if (!device.isConnected) device.touch('switched while not connected');
      return device.input({ type: 'configure', change: { useWebSocket: !useWebSocket } });
    }
    if (kind < 0.75) return this.#setNetworks(device, dice.some(NETWORK_NAMES, 0.6));
    if (kind < 0.85) return device.input({ type: 'configure', change: { downloadTimeout: dice.whole(10, 60) } });
    this.#restart(device);
  }

  #setNetworks(device: Device, networkNames: readonly string[]): void {
    device.networkChanges += 1;
    for (const name of networkNames) device.networksEver.add(name);
    device.input({ type: 'configure', change: { networkNames } });
  }

  /** The application ends its session and begins another. */
  #restart(device: Device): void {
    const { timeline } = this.world;
    device.touch(CLOSED);
    device.input({ type: 'close' });
    timeline.after(device.workDice.between(0, 8_000), () => device.input({ type: 'start' }));
  }
}
