import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../helpers/bytes';
import {
  HOME,
  type LabAccount,
  type LabRequest,
  type LabSocket,
  OFFICE,
  RelayCoreLab,
  sessionOf,
} from '../../helpers/relay-core-lab';

const NETWORKS = ['a', 'b', 'c'];
const RUNS = 60;
const STEPS = 250;

/** One device of the model: what it should get and what it got. */
class Device {
  readonly expected: string[] = [];
  readonly got: string[] = [];
  networks: readonly string[] = [];
  socket: LabSocket | undefined;
  download: LabRequest | undefined;
  isBlocked = false;
  counter = 0;
  readonly sessionId: string;

  constructor(
    readonly id: string,
    readonly account: LabAccount,
  ) {
    this.sessionId = sessionOf(id);
  }

  collect(): void {
    for (const text of [this.socket?.take(), this.download?.body]) {
      for (const [, data] of (text ?? '').matchAll(/~d=([\w:]+)/g)) this.got.push(data!);
    }
    if (this.download?.body !== undefined) this.download = undefined;
  }
}

/**
 * Random devices that send, move between transports, stall and go away for less than the grace. The model knows who
 * has to get what; every message has to arrive once, and those of one sender in order.
 */
class Model {
  readonly lab = new RelayCoreLab({ maxWriteSize: 1_024, maxDownloadSize: 1_024 });
  readonly devices: Device[] = [];
  #sent = 0;

  constructor(private readonly random: () => number) {
    for (let i = 0; i < 6; i++) {
      const account = i < 4 ? HOME : OFFICE;
      this.devices.push(new Device(this.lab.login(account), account));
    }
    for (const device of this.devices) this.attach(device);
    for (const device of this.devices) this.setNetworks(device);
  }

  step(): void {
    const device = this.pick(this.devices);
    const actions = [
      () => this.send(device),
      () => this.send(device),
      () => this.send(device),
      () => this.send(device),
      () => this.attach(device),
      () => this.poll(device),
      () => this.drop(device),
      () => this.restart(device),
      () => this.toggleBlock(device),
      () => this.setNetworks(device),
      () => this.turn(),
      () => this.turn(),
      () => this.lab.advance(Math.floor(this.random() * 3_000)),
    ];
    this.pick(actions)();
    this.collect();
  }

  /** Brings every device back to a WebSocket that reads. */
  finish(): void {
    for (const device of this.devices) {
      this.attach(device);
      this.turn();
    }
    this.collect();
  }

  send(device: Device): void {
    if (device.socket === undefined && device.download === undefined) return;
    const targets = this.devices
      .filter(() => this.random() < 0.3)
      .filter(({ account }) => account === device.account);
    const networks = NETWORKS.filter(() => this.random() < 0.3);
    const data = `${device.sessionId}:${++this.#sent}:${'x'.repeat(Math.floor(this.random() * 300))}`;
    const group = `${networks.map((name) => `~n=${name}`).join('')}${targets.map(({ sessionId }) => `~s=${sessionId}`).join('')}~d=${data}`;
    const named = networks.length + targets.length > 0 ? networks : device.networks;
    for (const other of this.devices) {
      if (other.account !== device.account) continue;
      const isInNetwork = other !== device && named.some((name) => other.networks.includes(name));
      if (isInNetwork || targets.includes(other)) other.expected.push(data);
    }
    if (device.socket !== undefined) device.socket.send(`${group}~t=1`);
    else expect(this.lab.request('upload', `~id=${device.id}${group}~z=${this.#sent}`).body).toBe('~e=0');
  }

  attach(device: Device): void {
    const old = device.socket;
    device.collect();
    device.socket = this.lab.open().send(`~id=${device.id}~t=1`);
    device.isBlocked = false;
    device.collect();
    old?.drop();
    for (const [, data] of (old?.take() ?? '').matchAll(/~d=([\w:]+)/g)) device.got.push(data!);
  }

  poll(device: Device): void {
    const { socket } = device;
    device.collect();
    device.download = this.lab.request('download', `~id=${device.id}~t=10~z=${++device.counter}`);
    device.collect();
    device.socket = undefined;
    socket?.drop();
  }

  /** The connection is lost; what was written has arrived. */
  drop(device: Device): void {
    device.collect();
    device.socket?.drop();
    device.socket = undefined;
    if (device.download !== undefined) this.lab.abort(device.download);
    device.download = undefined;
  }

  restart(device: Device): void {
    const { socket } = device;
    if (socket === undefined) return;
    socket.send('~c=c~t=1');
    device.collect();
    if (this.random() < 0.5) this.poll(device);
    else this.attach(device);
  }

  toggleBlock(device: Device): void {
    if (device.socket === undefined) return;
    if (device.isBlocked) device.socket.drain();
    else device.socket.block();
    device.isBlocked = !device.isBlocked;
  }

  setNetworks(device: Device): void {
    if (device.socket === undefined) return;
    device.networks = NETWORKS.filter(() => this.random() < 0.6);
    device.socket.send(`~nc=1${device.networks.map((name) => `~ns=${name}`).join('')}~t=1`);
  }

  turn(): void {
    this.lab.flush();
    this.collect();
  }

  collect(): void {
    for (const device of this.devices) device.collect();
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)]!;
  }
}

describe('model', () => {
  it(`P-94 P-86 P-90 in ${RUNS} random runs every message arrives once, in order, where it belongs, and nowhere else`, () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const model = new Model(seededRandom(seed));
      for (let step = 0; step < STEPS; step++) model.step();
      model.finish();
      for (const { expected, got, sessionId } of model.devices) {
        expect({ seed, sessionId, got }).toEqual({ seed, sessionId, got: expected });
      }
      expect(model.lab.core.levels).toMatchObject({
        sessions: 6,
        queuedMessages: 0,
        queuedBytes: 0,
        heldInputBytes: 0,
      });
    }
  });
});
