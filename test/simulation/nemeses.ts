import type { Device } from './device';
import type { Dice } from './dice';
import { QUIET, type HttpNoise } from './peer';
import { attackAsGarbage, attackAsMute, attackAsThief, attackWithOldToken, attackWithReplay, attackWithToken } from './strangers';
import { CHANGED_PASSWORD, OUTAGE } from './touches';
import type { World } from './world';

/** One kind of fault. `strike` does it, now, to whomever the dice choose, and counts it when it really happened. */
export interface Nemesis {
  readonly name: string;
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  readonly strike: (world: World, dice: Dice) => void;
}

const nemesis = (name: string, weight: number, strike: Nemesis['strike']): Nemesis => ({ name, weight, strike });

function count(world: World, fault: string): void {
  world.counts.add(`fault ${fault}`);
}

function anyDevice(world: World, dice: Dice): Device {
  return dice.pick(world.devices);
}

function touchAll(world: World, relay: number, cause: string): void {
  for (const device of world.devices) if (device.plan.relay === relay) device.touch(cause);
}

/** A durable relay goes on with what it has stored: for a client with the extension that is no more than a break. */
function touchEnd(world: World, relay: number, cause: string): void {
  touchAll(world, relay, world.relays[relay]!.plan.compactFrom === undefined ? cause : OUTAGE);
}

function silence(device: Device, world: World, ms: number, dice: Dice): void {
  device.touch('silence');
  device.silencers += 1;
  world.lasting(ms, () => {
    device.silencers -= 1;
    if (device.isSilent) return;
    // What hung goes on, or the network has forgotten the connection.
    if (dice.chance(0.5)) device.cut();
    device.heal();
    device.pumpWires();
  });
}

function freeze(device: Device, world: World, ms: number, onWake: () => void): void {
  if (device.isFrozen) return;
  device.touch('frozen');
  device.freeze();
  device.isReading = false;
  world.lasting(ms, () => {
    device.isReading = true;
    device.unfreeze();
    onWake();
  });
}

function httpNoise(fault: keyof HttpNoise, weight: number, touches: readonly string[]): Nemesis {
  return nemesis(`http ${fault}`, weight, (world, dice) => {
    const device = anyDevice(world, dice);
    for (const cause of touches) device.touch(cause);
    device.noise[fault] = dice.between(0.05, 0.6);
    world.lasting(dice.between(2_000, 25_000), () => (device.noise[fault] = QUIET[fault]));
  });
}

export const NEMESES: readonly Nemesis[] = [
  nemesis('kill of a relay', 4, (world, dice) => {
    const relay = dice.pick(world.relays);
    if (!relay.isUp) return;
    count(world, 'kill of a relay');
    touchEnd(world, relay.index, 'kill');
    relay.crash(dice.chance(0.5) ? dice.between(50, 800) : dice.between(800, 8_000));
  }),
  nemesis('power failure in a write', 4, (world, dice) => {
    const durable = world.relays.filter(({ plan }) => plan.compactFrom !== undefined);
    if (durable.length === 0) return;
    const relay = dice.pick(durable);
    touchAll(world, relay.index, OUTAGE);
    relay.crashInWrite(dice.between(50, 2_000));
  }),
  nemesis('relay with another key', 1, (world, dice) => {
    const relay = dice.pick(world.relays);
    if (!relay.isUp) return;
    count(world, 'relay with another key');
    touchEnd(world, relay.index, 'kill');
    relay.crash(dice.between(50, 3_000), true);
  }),
  nemesis('login storm', 1, (world, dice) => {
    const relay = dice.pick(world.relays);
    touchEnd(world, relay.index, 'kill');
    relay.frontDoor.isBusy = true;
    relay.crash(dice.between(10, 200));
    world.lasting(dice.between(500, 8_000), () => (relay.frontDoor.isBusy = false));
  }),
  nemesis('rolling restart', 3, (world, dice) => {
    for (const relay of world.relays) {
      if (!relay.isUp) continue;
      count(world, 'rolling restart');
      touchEnd(world, relay.index, 'restart');
      relay.input({ type: 'drain', spreadSeconds: dice.whole(0, 10) });
      const { generation } = relay;
      world.lasting(dice.between(500, 6_000), () => {
        if (relay.generation === generation) relay.crash(world.isHealed ? 0 : dice.between(0, 1_500));
      });
    }
  }),
  nemesis('pause of a relay', 2, (world, dice) => {
    const relay = dice.pick(world.relays);
    if (!relay.isUp) return;
    count(world, 'pause of a relay');
    touchAll(world, relay.index, 'pause');
    relay.pause(dice.between(50, 12_000));
  }),
  nemesis('clock of a relay jumps', 1, (world, dice) => {
    const relay = dice.pick(world.relays);
    count(world, 'clock of a relay jumps');
    touchAll(world, relay.index, 'jump');
    relay.jump(dice.between(1_000, 200_000));
  }),
  nemesis('account store down', 1, (world, dice) => {
    const relay = dice.pick(world.relays);
    touchAll(world, relay.index, 'no account store');
    relay.isStoreDown = true;
    world.lasting(dice.between(1_000, 10_000), () => (relay.isStoreDown = false));
  }),
  nemesis('cut', 6, (world, dice) => {
    const device = anyDevice(world, dice);
    device.touch('cut');
    if (device.cut() > 0) count(world, 'cut');
  }),
  nemesis('cut of all', 1, (world) => {
    for (const device of world.devices) {
      device.touch('cut');
      if (device.cut() > 0) count(world, 'cut');
    }
    count(world, 'cut of all');
  }),
  nemesis('half-open connection', 4, (world, dice) => {
    const device = anyDevice(world, dice);
    device.touch('half-open');
    if (device.loseSockets() === 0) return;
    count(world, 'half-open connection');
    // The system may tell that the network has changed.
    if (dice.chance(0.5)) world.lasting(dice.between(0, 3_000), () => device.input({ type: 'resume' }));
  }),
  nemesis('partition', 3, (world, dice) => {
    count(world, 'partition');
    const ms = dice.between(500, dice.chance(0.3) ? 60_000 : 12_000);
    for (const device of dice.some(world.devices, dice.next())) silence(device, world, ms, dice);
  }),
  nemesis('swizzle-clog', 1, (world, dice) => {
    count(world, 'swizzle-clog');
    // One after another they fall silent, and in another order they come back.
    const victims = dice.shuffle(dice.some(world.devices, 0.7));
    victims.forEach((device, i) => {
      world.timeline.after(i * 300, () => {
        if (!world.isHealed) silence(device, world, dice.between(2_000, 15_000), dice);
      });
    });
  }),
  nemesis('slow link', 2, (world, dice) => {
    count(world, 'slow link');
    const device = anyDevice(world, dice);
    device.touch('slow');
    device.path.bytesPerMs = dice.between(0.05, 2);
    device.path.latencyMs = dice.between(50, 3_000);
    world.lasting(dice.between(2_000, 20_000), () => Object.assign(device.path, device.plan.path));
  }),
  nemesis('reader that does not read', 2, (world, dice) => {
    count(world, 'reader that does not read');
    const device = anyDevice(world, dice);
    device.touch('not reading');
    device.isReading = false;
    world.lasting(dice.between(1_000, 40_000), () => {
      device.isReading = !device.isFrozen;
      device.pumpWires();
    });
  }),
  nemesis('offline', 2, (world, dice) => {
    count(world, 'offline');
    const device = anyDevice(world, dice);
    device.touch('offline');
    device.isOffline = true;
    device.cut();
    world.lasting(dice.between(200, 20_000), () => {
      device.isOffline = false;
      device.input({ type: 'resume' });
    });
  }),
  nemesis('short sleep', 2, (world, dice) => sleep(world, dice, 'short sleep', 0.02, 0.6)),
  nemesis('long sleep', 1, (world, dice) => sleep(world, dice, 'long sleep', 0.9, 1.5)),
  nemesis('frozen tab', 2, (world, dice) => {
    count(world, 'frozen tab');
    freeze(anyDevice(world, dice), world, dice.between(100, 30_000), () => {});
  }),
  nemesis('hidden page', 2, (world, dice) => {
    count(world, 'hidden page');
    const device = anyDevice(world, dice);
    device.touch('hidden');
    device.input({ type: 'suspend' });
    world.lasting(dice.between(100, 20_000), () => device.input({ type: 'resume' }));
  }),
  nemesis('duplicated tab', 1, (world, dice) => {
    count(world, 'duplicated tab');
    const { plan } = anyDevice(world, dice);
    const twin = world.addDevice({ ...plan, index: world.devices.length, dice: dice.fork(1) });
    twin.touch('a tab of short life');
    twin.input({ type: 'start' });
    world.lasting(dice.between(1_000, 15_000), () => twin.input({ type: 'close' }));
  }),
  nemesis('clock of a device jumps', 2, (world, dice) => {
    count(world, 'clock of a device jumps');
    const device = anyDevice(world, dice);
    device.touch('jump');
    device.jumpClock(dice.between(1_000, dice.chance(0.5) ? 10_000 : 3_600_000));
    if (dice.chance(0.5)) device.input({ type: 'resume' });
  }),
  nemesis('wrong password', 1, (world, dice) => {
    const device = anyDevice(world, dice);
    device.touch('wrong password');
    device.hasWrongPassword = true;
    device.cut();
    world.lasting(dice.between(1_000, 15_000), () => (device.hasWrongPassword = false));
  }),
  nemesis('changed password', 1, (world, dice) => {
    const account = dice.pick(world.plan.accounts);
    count(world, 'changed password');
    world.accounts.changePassword(account);
    const devices = world.devices.filter(({ plan }) => plan.account === account);
    for (const device of devices) device.touch(CHANGED_PASSWORD);
    if (devices.length === 0 || dice.chance(0.3)) return;
    // One of them thinks that its session is over, before its relay does: it comes back with the new password only.
    const device = dice.pick(devices);
    device.touch('jump');
    device.isOffline = true;
    device.cut();
    device.jumpClock(dice.between(130_000, 300_000));
    world.lasting(dice.between(2_000, 10_000), () => {
      device.isOffline = false;
      device.input({ type: 'resume' });
    });
  }),
  nemesis('transport flips', 2, (world, dice) => {
    count(world, 'transport flips');
    const device = anyDevice(world, dice);
    device.touch('switched while not connected');
    let atMs = 0;
    for (let i = dice.whole(3, 12); i > 0; i--) {
      atMs += dice.between(0, dice.pick([20, 300, 3_000]));
      world.timeline.after(atMs, () => {
        const useWebSocket = !device.session.settings.useWebSocket;
        if (!world.isHealed) device.input({ type: 'configure', change: { useWebSocket } });
      });
    }
  }),
  nemesis('no credentials', 1, (world, dice) => {
    const device = anyDevice(world, dice);
    device.touch('no credentials');
    device.hasNoCredentials = true;
    world.lasting(dice.between(1_000, 15_000), () => (device.hasNoCredentials = false));
  }),
  httpNoise('requestLost', 2, ['http']),
  httpNoise('answerLost', 3, ['http', 'copies']),
  httpNoise('duplicated', 2, ['http', 'copies']),
  httpNoise('reordered', 2, ['http', 'copies']),
  httpNoise('buffered', 1, ['http', 'copies']),
  httpNoise('cut', 2, ['http', 'copies']),
  httpNoise('gatewayError', 1, ['http']),
  httpNoise('captivePortal', 1, ['http']),
  httpNoise('upgradeRefused', 1, ['http']),
  httpNoise('upgradeHangs', 1, ['http']),
  httpNoise('upgradeCut', 2, ['http']),
  httpNoise('idleCut', 1, ['http', 'copies']),
  nemesis('thief', 2, attackAsThief),
  nemesis('garbage', 2, attackAsGarbage),
  nemesis('mute', 1, attackAsMute),
  nemesis('old token', 2, attackWithOldToken),
  nemesis('replay', 2, attackWithReplay),
  nemesis('impostor', 1, attackWithToken),
];

/** The machine stops with all that is on it; `shares` of the relay's patience. */
function sleep(world: World, dice: Dice, name: string, least: number, most: number): void {
  count(world, name);
  const device = anyDevice(world, dice);
  const graceMs = world.relays[device.plan.relay]!.plan.limits.sessionGraceMs;
  device.touch(name);
  const ms = graceMs * dice.between(least, most);
  if (dice.chance(0.7)) silence(device, world, ms + 1, dice);
  freeze(device, world, ms, () => device.input({ type: 'resume' }));
}
