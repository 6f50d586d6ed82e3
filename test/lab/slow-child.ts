// A part of the case `slow` in a process of its own, so that what is measured is the relay: `node slow-child.mjs ROLE PORT`.
import { ChaosProxy } from '../../src/testing';
import { pause, until } from './duel';
import { makeDevice } from './peers/webifi';

/** What the roles are asked for. */
export interface SlowTask {
  readonly perSecond: number;
  readonly forMs: number;
  /** Session id of the receiver, for the sender. */
  readonly to?: string;
}

export interface LoadResult {
  readonly messages: number;
  readonly refused: number;
}

const DATA = 'x'.repeat(65_536);

type Answer = (question: never) => Promise<unknown>;
type Device = ReturnType<typeof makeDevice>;

async function connect(port: number, ...networkNames: string[]): Promise<Device> {
  const device = makeDevice(port, { networkNames });
  device.start();
  await device.ready();
  return device;
}

async function load(send: () => Promise<unknown>, { perSecond, forMs }: SlowTask): Promise<LoadResult> {
  const startMs = performance.now();
  let [messages, settled, refused] = [0, 0, 0];
  for (let nowMs = 0; nowMs < forMs; nowMs = performance.now() - startMs) {
    for (; messages < (nowMs * perSecond) / 1000; messages++) {
      send()
        .catch(() => refused++)
        .finally(() => settled++);
    }
    await pause(5);
  }
  await until(() => settled === messages, 10_000);
  return { messages, refused };
}

/** Each role, once it is ready: what it tells, and how it answers. */
const ROLES: Readonly<Record<string, (port: number) => Promise<{ told: string; answer: Answer }>>> = {
  /** Two devices that talk with each other. Answers within what time 99 % of the messages arrive. */
  async neighbours(port) {
    const [left, right] = [await connect(port, 'neighbours'), await connect(port, 'neighbours')];
    let tookMs: number[] = [];
    right.on('message', ({ data }) => tookMs.push(performance.now() - Number(data)));
    const answer = async (task: SlowTask): Promise<number> => {
      tookMs = [];
      await load(() => left.send(String(performance.now())), task);
      tookMs.sort((a, b) => a - b);
      return tookMs[Math.floor(tookMs.length * 0.99)] ?? NaN;
    };
    return { told: '', answer };
  },
  async sender(port) {
    const device = await connect(port, 'sender');
    return { told: '', answer: (task: SlowTask) => load(() => device.send(DATA, { toSessionIds: [task.to ?? ''] }), task) };
  },
  /** Tells its session id. Asked anything, it reads no more. */
  async reader(port) {
    const proxy = await ChaosProxy.start({ target: { port } });
    const device = await connect(proxy.port);
    const answer = (): Promise<void> => Promise.resolve(proxy.set('stall', 'down'));
    return { told: device.getSessionId(), answer };
  },
};

const [, , name = '', port] = process.argv;
const role = await ROLES[name]?.(Number(port));
if (role === undefined) throw new Error(`Roles are ${Object.keys(ROLES).join(', ')}; asked for ${name}.`);
process.on('disconnect', () => process.exit(0));
process.on('message', (question) => void role.answer(question as never).then((answer) => process.send?.(answer ?? '')));
process.send?.(role.told);
