import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { WebifiError, WebifiOptions } from '../../../src/index';
import { createRelay, type Relay } from '../../../src/relay';
import { Devices } from '../../helpers/devices';
import { describeWith, usePart } from '../../helpers/part';
import { trusting } from '../../helpers/trusting';
import { makePems, type Pems } from './echo';
import { manualSnippet, nginx } from './nginx';

const account = { connectName: 'home', connectPassword: 'correct horse' };
let pems: Pems;
let relay: Relay;
let relayUrl: string;
const open: Devices[] = [];

beforeAll(async () => {
  pems = await makePems();
  relay = createRelay({
    accounts: [{ connectName: account.connectName, password: account.connectPassword }],
  });
  ({ url: relayUrl } = await relay.listen({ host: '127.0.0.1', port: 0 }));
});

afterEach(() => Promise.all(open.splice(0).map((devices) => devices.close())));

afterAll(() => relay.close({ drainMs: 0 }));

function devicesAt(port: number, more: WebifiOptions = {}): Devices {
  const common = {
    server: `https://localhost:${port}`,
    ...account,
    networkNames: ['n'],
    ...trusting(pems.cert),
    ...more,
  };
  const devices = new Devices(common);
  open.push(devices);
  return devices;
}

describeWith('nginx')('relay behind nginx, configured as the manual says', () => {
  const proxy = usePart('nginx', (place) => nginx(pems, manualSnippet(relayUrl))(place));

  it.each([
    { one: true, other: true },
    { one: true, other: false },
    { one: false, other: false },
  ])('WebSocket: $one, and WebSocket: $other, exchange messages in order', async ({ one, other }) => {
    const devices = devicesAt(proxy().port);
    const pair = [
      await devices.open({ useWebSocket: one }),
      await devices.open({ useWebSocket: other }),
    ] as const;
    const seen: string[][] = [[], []];
    pair.forEach((device, index) => device.on('message', ({ data }) => seen[index]?.push(data)));
    const expected = Array.from({ length: 200 }, (_, number) => `${number} ${'x'.repeat(number * 10)}`);
    await Promise.all(pair.flatMap((device) => expected.map((data) => device.send(data))));
    await expect.poll(() => seen.map((messages) => messages.length)).toEqual([200, 200]);
    expect(seen).toEqual([expected, expected]);
  });

  it('the largest message, by long polling and by WebSocket, whatever nginx buffers', async () => {
    const devices = devicesAt(proxy().port);
    const [sender, receiver] = [
      await devices.open({ useWebSocket: false }),
      await devices.open({ useWebSocket: false }),
    ];
    const lengths: number[] = [];
    receiver.on('message', ({ data }) => lengths.push(data.length));
    await sender.send('y'.repeat(262_144));
    sender.setUseWebSocket(true);
    await sender.send('y'.repeat(262_143));
    await expect.poll(() => lengths).toEqual([262_144, 262_143]);
  });
});

describeWith('nginx')('relay behind an nginx that is set up badly', () => {
  const withoutUpgrade = usePart('nginx', (place) =>
    nginx(pems, manualSnippet(relayUrl).replace(/^.*(Upgrade|"upgrade").*$/gm, ''))(place),
  );
  const smallBodies = usePart('nginx', (place) =>
    nginx(pems, `client_max_body_size 2k; ${manualSnippet(relayUrl)}`)(place),
  );
  const impatient = usePart('nginx', (place) =>
    nginx(pems, manualSnippet(relayUrl).replace('660s', '1s'))(place),
  );

  it('without Upgrade: error 20 over WebSocket; long polling, chosen while running, works', async () => {
    const devices = devicesAt(withoutUpgrade().port);
    const device = devices.create();
    const failed = new Promise<WebifiError>((resolve) => device.once('error', resolve));
    device.start();
    expect(await failed).toMatchObject({ code: 20, retryable: true });
    device.setUseWebSocket(false);
    await device.ready();
    const other = await devices.open({ useWebSocket: false });
    const received = new Promise<string>((resolve) => other.once('message', ({ data }) => resolve(data)));
    await device.send('by long polling');
    expect(await received).toBe('by long polling');
  });

  it('with a small client_max_body_size: what is larger fails with 26, the others go on, in order', async () => {
    const devices = devicesAt(smallBodies().port);
    const device = await devices.open({ useWebSocket: false });
    const other = await devices.open();
    const received: string[] = [];
    other.on('message', ({ data }) => received.push(data));
    const large = 'z'.repeat(4096);
    const small = Array.from({ length: 100 }, (_, number) => `${number} ${'x'.repeat(50)}`);
    const all = [...small, large, 'short'];
    const outcomes = await Promise.allSettled(all.map((data) => device.send(data)));
    const refused = outcomes.flatMap((one, i) => (one.status === 'rejected' ? [all[i], one.reason as unknown] : []));
    expect(refused).toEqual([large, expect.objectContaining({ code: 26 })]);
    await expect.poll(() => received).toEqual([...small, 'short']);
  });

  it('with a short proxy_read_timeout: others follow downloads that get 504, and messages arrive', async () => {
    const devices = devicesAt(impatient().port, { reconnect: { minDelayMs: 10, maxDelayMs: 50 } });
    const device = await devices.open({ useWebSocket: false });
    const other = await devices.open({ useWebSocket: false });
    const broken = new Promise<void>((resolve) =>
      other.once('status', ({ to }) => to === 'reconnecting' && resolve()),
    );
    await broken;
    const received = new Promise<string>((resolve) => other.once('message', ({ data }) => resolve(data)));
    await device.send('after the break');
    expect(await received).toBe('after the break');
  });
});
