import { AccountBook } from './account-book';
import { Checker } from './checker';
import { Device } from './device';
import type { DevicePlan, Plan } from './plan';
import { Counts, Trace } from './record';
import { RelayHost } from './relay-host';
import { Timeline } from './timeline';
import { WireChecker } from './wire-checker';

/** Everything there is in one run. */
export class World {
  readonly timeline = new Timeline();
  readonly trace = new Trace();
  readonly counts = new Counts();
  readonly accounts: AccountBook;
  readonly checker: Checker;
  readonly wires: WireChecker;
  readonly relays: readonly RelayHost[];
  readonly devices: Device[];
  /** No faults any more. */
  isHealed = false;
  /** What ends the faults that still last. */
  readonly #endings = new Set<() => void>();

  constructor(readonly plan: Plan) {
    this.accounts = new AccountBook(plan.accounts);
    this.checker = new Checker(this);
    this.wires = new WireChecker(this);
    this.relays = plan.relays.map((relay, index) => new RelayHost(this, relay, index));
    this.devices = plan.devices.map((device) => new Device(this, device, deviceName(device)));
  }

  /** Adds a device in the course of the run. */
  addDevice(plan: DevicePlan): Device {
    const device = new Device(this, plan, deviceName(plan));
    this.devices.push(device);
    return device;
  }

  /** Notes a step for the trace. */
  note(who: string, what: string, value: number): void {
    const { trace, timeline } = this;
    trace.number(timeline.nowMs * 1_000);
    trace.text(what);
    trace.number(value);
    trace.print?.(`${timeline.nowMs.toFixed(2).padStart(10)}  ${who}  ${what}  ${value}`);
  }

  /** A fault begins; `end` is called when its time is over, or when everything heals. */
  lasting(ms: number, end: () => void): void {
    const once = (): void => {
      if (this.#endings.delete(once)) end();
    };
    this.#endings.add(once);
    this.timeline.after(ms, once);
  }

  endFaults(): void {
    this.isHealed = true;
    for (const end of [...this.#endings]) end();
  }
}

function deviceName({ account, index }: DevicePlan): string {
  return `acct${account.id}.dev${index}`;
}
