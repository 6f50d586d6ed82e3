import { afterEach, describe, expect, it } from 'vitest';
import type { Webifi } from '../../src/index';
import { type AccountStore, createRelay, inlineAccounts, type Relay, type RelayOptions } from '../../src/relay';
import { seededRandom } from '../helpers/bytes';
import { CuttingProxy } from '../helpers/cutting-proxy';
import { Devices } from '../helpers/devices';

const COUNT = 1_000;
const cleanUps: (() => Promise<unknown>)[] = [];
const devices = new Devices({ connectName: 'home', connectPassword: 'secret', networkNames: ['n'] });
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const accounts = [{ connectName: 'home', password: 'secret' }];

async function startRelay(options: RelayOptions = { accounts }, port = 0): Promise<{ relay: Relay; port: number }> {
  const relay = createRelay(options);
  const address = await relay.listen({ port });
  cleanUps.push(() => relay.close({ drainMs: 0 }));
  return { relay, port: address.port };
}

async function start(): Promise<{ relay: Relay; proxy: CuttingProxy }> {
  const { relay, port } = await startRelay();
  const proxy = await CuttingProxy.start(port);
  cleanUps.push(() => proxy.close());
  return { relay, proxy };
}

function open({ port }: { port: number }, useWebSocket: boolean): Promise<Webifi> {
  cleanUps.push(() => devices.close());
  return devices.open({ server: `http://127.0.0.1:${port}`, useWebSocket, reconnect: { minDelayMs: 20, maxDelayMs: 100 } });
}

/** What a device got, and what it was told to be missing. */
class Listener {
  readonly got: string[] = [];
  readonly gaps: unknown[] = [];

  constructor(device: Webifi) {
    device.on('message', ({ data }) => this.got.push(data));
    device.on('gap', (gap) => this.gaps.push(gap));
  }
}

const transports = {
  WebSocket: [true],
  'long polling': [false],
  'WebSocket and long polling by turns': [true, false],
} as const;

describe('resume over real sockets', () => {
  it.each(Object.keys(transports) as (keyof typeof transports)[])(
    'X-6, X-14, X-28: 1,000 messages each way over %s that is cut again and again arrive once and in order',
    { timeout: 120_000 },
    async (name) => {
      const { proxy } = await start();
      const modes = transports[name];
      const [one, other] = [await open(proxy, modes[0]), await open(proxy, modes[0])];
      expect([one.guarantee, other.guarantee]).toEqual(['resume', 'resume']);
      const listeners = [new Listener(one), new Listener(other)] as const;
      const random = seededRandom(7);
      const results: Promise<unknown>[] = [];
      let turn = 0;
      for (let i = 0; i < COUNT; i++) {
        results.push(one.send(`one ${i}`), other.send(`other ${i}`));
        if (i % 10 !== 9) continue;
        await new Promise((resolve) => setTimeout(resolve, 20 * random()));
        if (random() < 0.2) proxy.cut();
        if (modes.length > 1 && i % 200 === 199) {
          turn += 1;
          (turn % 2 === 0 ? other : one).setUseWebSocket(turn % 4 > 1);
        }
      }
      const outcomes = await Promise.allSettled(results);
      expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
      await expect.poll(() => listeners.map(({ got }) => got.length), { timeout: 30_000 }).toEqual([COUNT, COUNT]);
      const numbers = Array.from({ length: COUNT }, (_, i) => i);
      expect(listeners[0].got).toEqual(numbers.map((i) => `other ${i}`));
      expect(listeners[1].got).toEqual(numbers.map((i) => `one ${i}`));
      expect(listeners.flatMap(({ gaps }) => gaps)).toEqual([]);
      expect(proxy.cuts).toBeGreaterThan(5);
    },
  );

  it('X-35, X-38, X-73 after a restart of the relay devices come back without a password and are told of the gap', async () => {
    const resumeKey = new Uint8Array(32).fill(7);
    const first = await startRelay({ accounts, resumeKey });
    const devices = [await open(first, true), await open(first, true)] as const;
    const listener = new Listener(devices[1]);
    await devices[0].send('before');
    await expect.poll(() => listener.got).toEqual(['before']);
    await first.relay.close({ drainMs: 0 });
    await expect.poll(() => devices.map(({ connected }) => connected)).toEqual([false, false]);
    const store = inlineAccounts(accounts, { resumeKey });
    let passwords = 0;
    const accountStore: AccountStore = {
      ...store,
      login: (...given) => {
        passwords += 1;
        return store.login(...given);
      },
    };
    const sent = devices[0].send('queued');
    const { relay } = await startRelay({ accountStore, resumeKey }, first.port);
    await Promise.all(devices.map((device) => device.ready()));
    await sent;
    await devices[0].send('later');
    await expect.poll(() => listener.got.at(-1)).toBe('later');
    expect(listener.gaps).toEqual([{ count: undefined, reason: 'epoch' }]);
    expect(passwords).toBe(0);
    // nor with a request of their own.
    expect(relay.stats().counters).toMatchObject({ sessionsRenewed: 2, logins: 0 });
  });
});
