import { beforeEach, describe, expect, it } from 'vitest';
import type { PromiseLevel } from './client-adapter';
import type { Device } from './device';
import { makePlan } from './plan';
import { makePayload } from './payload';
import { World } from './world';

const EVERYBODY = { toNetworks: ['n1'], toSessionIds: [] };
const LOST = { count: undefined, reason: 'expired' };

/** Two neighbours, connected as far as the checker knows, whose cores do nothing. */
function makePair(level: PromiseLevel): { world: World; sender: Device; receiver: Device } {
  const plan = makePlan(1);
  const account = plan.accounts[0]!;
  const shared = { account, relay: 0, networkNames: ['n1'] };
  const devices = plan.devices.slice(0, 2).map((device) => ({ ...device, ...shared }));
  const world = new World({ ...plan, devices });
  const [sender, receiver] = world.devices as [Device, Device];
  for (const device of world.devices) {
    Object.defineProperty(device, 'level', { value: level });
    Object.defineProperty(device, 'isConnected', { value: true });
    device.sessionIds.add(`${device.plan.index + 1}`);
  }
  return { world, sender, receiver };
}

/** Gives the relay queues that can overflow. */
function limit(world: World): void {
  Object.assign(world.plan.relays[0]!.limits, { maxQueuedMessages: 2 });
}

describe.each(['p1', 'x1'] as const)('the checker at level %s', (level) => {
  let world: World;
  let sender: Device;
  let receiver: Device;
  let tokens: number[];

  beforeEach(() => {
    ({ world, sender, receiver } = makePair(level));
    tokens = [0, 1].map(() => world.checker.send(sender, EVERYBODY, 4, true)!);
  });

  const deliver = (number: number, from = '1'): void =>
    world.checker.received(receiver, { from, dataType: 'simulated', bytes: makePayload(sender.name, number, 4), origin: '', number: 0 });
  const settle = (number: number, code: number): void => world.checker.settled(sender, tokens[number]!, code);

  it('is content with messages in order, once', () => {
    for (const number of [0, 1]) {
      deliver(number);
      settle(number, 0);
    }
    world.checker.checkLosses();
    world.checker.checkSettled();
  });

  it('I1 sees a duplicate', () => {
    deliver(0);
    expect(() => deliver(0)).toThrow(/^I1: .* twice/);
  });

  it('I2 sees a late message', () => {
    deliver(1);
    expect(() => deliver(0)).toThrow(/^I2: .* after number 1/);
  });

  it('I3 sees a loss without a cause', () => {
    settle(0, 0);
    expect(() => world.checker.checkLosses()).toThrow(/^I3: .*:0 never reached/);
  });

  it('I3 lets nothing be lost that was refused', () => {
    settle(0, 2);
    world.checker.checkLosses();
  });

  it('I3 a gap needs a cause', () => {
    expect(() => world.checker.gap(receiver, LOST)).toThrow(/^I3: .* without a lost session/);
    expect(() => world.checker.gap(receiver, { count: 1, reason: 'overflow' })).toThrow(/^I3: .* much room/);
  });

  it('I3 a fault accounts for a loss with p1 only; with x1 a gap has to cover it', () => {
    settle(0, 0);
    receiver.touch('cut');
    if (level === 'p1') return world.checker.checkLosses();
    expect(() => world.checker.checkLosses()).toThrow(/^I3: /);
    limit(world);
    world.checker.gap(receiver, { count: 1, reason: 'overflow' });
    world.checker.checkLosses();
    world.timeline.runUntil(1);
    world.checker.settled(sender, world.checker.send(sender, EVERYBODY, 4, true)!, 0);
    expect(() => world.checker.checkLosses()).toThrow(/^I3: .*:2 never reached/);
  });

  it('I3 a gap counts what was lost, no more and no less', () => {
    if (level === 'p1') return;
    limit(world);
    for (const number of [0, 1]) settle(number, 0);
    world.checker.gap(receiver, { count: 1, reason: 'overflow' });
    expect(() => world.checker.checkLosses()).toThrow(/^I3: .* never reached/);
    world.checker.gap(receiver, { count: 3, reason: 'overflow' });
    expect(() => world.checker.checkLosses()).toThrow(/^I3: .* misses/);
  });

  it('I5 sees what was damaged, invented, or sent by somebody else', () => {
    const bytes = makePayload(sender.name, 0, 4);
    bytes[bytes.length - 1]! ^= 1;
    expect(() => world.checker.received(receiver, { from: '1', dataType: 'simulated', bytes, origin: '', number: 0 })).toThrow(/^I5: .* damaged/);
    expect(() => deliver(7)).toThrow(/^I5: .* nobody sent/);
    expect(() => deliver(0, '99')).toThrow(/^I5: .* not one of its sessions/);
  });

  it('I8 sees a message without an outcome, and one with two', () => {
    expect(() => world.checker.checkSettled()).toThrow(/^I8: .*:0, .* no outcome/);
    settle(0, 2);
    expect(() => settle(0, 0)).toThrow(/^I8: .* twice/);
  });
});
