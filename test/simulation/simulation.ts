import type { Device } from './device';
import { NEMESES } from './nemeses';
import { makePlan, type Plan, type PlannedFault } from './plan';
import { Violation } from './record';
import { CLOSED, SHORT } from './touches';
import { Workload } from './workload';
import { World } from './world';

/** After the last fault everything has to be well again within this time. */
const HEAL_MS = 60_000;
/** What was cut at the last moment takes a while to be known. */
const SETTLE_MS = 8_000;
const PROBE_MS = 15_000;
const CLOSE_MS = 20_000;
const STEP_MS = 500;
/** No run has so many steps: something goes round in a circle. */
const MAX_STEPS = 3_000_000;

export interface Outcome {
  readonly seed: number;
  /** The rule that was broken, and how. */
  readonly violation?: { readonly invariant: string; readonly detail: string; readonly atMs: number };
  readonly hash: string;
  readonly events: number;
  readonly simulatedMs: number;
  readonly sends: number;
  readonly deliveries: number;
  readonly counts: Readonly<Record<string, number>>;
  /** Faults of the plan. */
  readonly faults: number;
}

export interface SimulationOptions {
  /** Only these faults of the plan, by index. */
  readonly faults?: readonly number[] | undefined;
  /** Takes a line for each step. */
  readonly print?: ((line: string) => void) | undefined;
}

/** One run: everything in it follows from the seed. */
export function simulate(seed: number, options: SimulationOptions = {}): Outcome {
  const plan = makePlan(seed);
  const faults = plan.faults.filter(({ index }) => options.faults?.includes(index) ?? true);
  const world = new World(plan);
  world.trace.print = options.print;
  let violation: Outcome['violation'];
  try {
    new Run(world, plan, faults).go();
  } catch (error) {
    const atMs = Math.round(world.timeline.nowMs);
    violation =
      error instanceof Violation
        ? { invariant: error.invariant, detail: error.message, atMs }
        : { invariant: 'crash', detail: String((error as Error).stack ?? error), atMs };
  }
  for (const relay of world.relays) addRelayCounters(world, relay.core.counters);
  return {
    seed,
    ...(violation && { violation }),
    hash: world.trace.hash,
    events: world.timeline.count,
    simulatedMs: world.timeline.nowMs,
    sends: world.checker.sends,
    deliveries: world.checker.deliveries,
    counts: world.counts.toObject(),
    faults: plan.faults.length,
  };
}

function addRelayCounters(world: World, counters: Readonly<Record<string, number>> | object): void {
  for (const [name, value] of Object.entries(counters)) world.counts.add(`relay ${name}`, value as number);
}

class Run {
  readonly #workload: Workload;

  constructor(
    private readonly world: World,
    private readonly plan: Plan,
    private readonly faults: readonly PlannedFault[],
  ) {
    this.#workload = new Workload(world);
  }

  go(): void {
    const { world, plan } = this;
    for (const device of world.devices) this.#workload.begin(device);
    for (const fault of this.faults) this.#planFault(fault);
    this.#runUntil(plan.faultMs);
    this.#heal();
    this.#untilWell();
    this.#probe();
    world.checker.checkLosses();
    this.#close();
    this.#checkNothingIsLeft();
  }

  #planFault({ atMs, nemesis, dice }: PlannedFault): void {
    const { world } = this;
    const { strike } = NEMESES.find(({ name }) => name === nemesis)!;
    world.timeline.at(atMs, () => {
      world.note('nemesis', nemesis, 0);
      strike(world, dice);
    });
  }

  #runUntil(endMs: number): void {
    const { timeline } = this.world;
    timeline.runUntil(endMs);
    if (timeline.count > MAX_STEPS) throw new Violation('I6', `${timeline.count} steps: it goes round in a circle`);
  }

  /** All faults end at once. */
  #heal(): void {
    const { world } = this;
    world.note('world', 'heal', 0);
    world.endFaults();
    for (const relay of world.relays) relay.resumeNow();
    for (const device of world.devices) {
      device.heal();
      device.pumpWires();
    }
  }

  /** Liveness (I6): everybody is back, and every awaited message has its outcome. */
  #untilWell(): void {
    const { world } = this;
    this.#runUntil(world.timeline.nowMs + SETTLE_MS);
    const endMs = world.timeline.nowMs + HEAL_MS - SETTLE_MS;
    for (;;) {
      for (const device of this.#own()) {
        const { shownState } = device.session;
        // The application sets the right password and tries again; one that closed comes back by itself.
        if (shownState === 'failed' || shownState === 'closed') device.input({ type: 'start' });
      }
      this.#runUntil(world.timeline.nowMs + STEP_MS);
      if (this.#unwell().length === 0) return;
      if (world.timeline.nowMs >= endMs) break;
    }
    const names = this.#unwell().map((device) => {
      const { name, session, isFull } = device;
      const open = world.checker.unsettledOf(device).join(' ');
      return `${name} is ${session.shownState}${isFull ? ', awaits room' : ''}, ${session.bufferedAmount} wait, no outcome of: ${open || 'none'}`;
    });
    throw new Violation('I6', `not well ${HEAL_MS} ms after the last fault: ${names.join('; ')}`);
  }

  #unwell(): Device[] {
    return this.#own().filter((device) => !this.#isCrowded(device) && !this.#isWell(device));
  }

  #isWell(device: Device): boolean {
    const { isConnected, isFull, session } = device;
    return isConnected && !isFull && session.bufferedAmount === 0 && this.world.checker.unsettledOf(device).length === 0;
  }

  /** Where there is no room for all somebody stays outside; with protocol 1 batches that are too large cost the WebSocket. */
  #isCrowded({ plan, level }: Device): boolean {
    const { maxSessions, maxTransmissionSize } = this.plan.relays[plan.relay]!.limits;
    return maxSessions < 100 || (level === 'p1' && maxTransmissionSize < 1e6);
  }

  /** Devices that stay: not a tab that was closed. */
  #own(): Device[] {
    return this.world.devices.slice(0, this.plan.devices.length);
  }

  #probe(): void {
    const { world } = this;
    const devices = this.#own().filter((device) => device.isConnected && !this.#isCrowded(device));
    for (const device of devices) this.#workload.probe(device);
    this.#runUntil(world.timeline.nowMs + PROBE_MS);
    const isTight = (device: Device): boolean => {
      const { maxQueuedMessages, maxQueuedBytes } = this.plan.relays[device.plan.relay]!.limits;
      return device.touches.has(SHORT) || maxQueuedMessages < 1_000 || maxQueuedBytes < 1e6;
    };
    world.checker.checkProbes(devices, isTight);
  }

  #close(): void {
    const { world } = this;
    for (const device of world.devices) {
      device.touch(CLOSED);
      device.input({ type: 'close' });
    }
    this.#runUntil(world.timeline.nowMs + CLOSE_MS);
    for (const device of world.devices) {
      const { shownState } = device.session;
      if (shownState !== 'closed' && shownState !== 'idle') {
        throw new Violation('I6', `${device.name} was closed and is ${shownState}`);
      }
      if (device.session.deadline !== undefined) throw new Violation('I4', `${device.name} is closed and has a timer`);
    }
    world.checker.checkSettled();
  }

  /** When everybody is gone and all patience is over, the relay holds nothing (I4). */
  #checkNothingIsLeft(): void {
    const { world } = this;
    this.#runUntil(world.timeline.nowMs + 600_000);
    for (const { core, index } of world.relays) {
      const left = Object.entries(core.levels).filter(([, level]) => level !== 0);
      if (left.length > 0) throw new Violation('I4', `relay ${index} still holds ${JSON.stringify(Object.fromEntries(left))}`);
    }
  }
}
