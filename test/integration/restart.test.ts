import { afterEach, expect, it } from 'vitest';
import { Devices } from '../helpers/devices';
import { RelayProcess } from '../helpers/relay-process';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const account = { connectName: 'home', connectPassword: 'secret' };

it.each(['SIGKILL', 'SIGTERM'] as const)('after %s and a new start every device is back by itself', { timeout: 60_000 }, async (signal) => {
  const first = await RelayProcess.start('home:secret');
  const devices = new Devices({ server: first.url, ...account, networkNames: ['n'] });
  cleanUps.push(() => first.kill(), () => devices.close());
  const all = await Promise.all([true, false, true, false].map((useWebSocket) => devices.open({ useWebSocket })));
  const lost = Promise.all(
    all.map((device) => new Promise<void>((resolve) => device.on('status', ({ to }) => to === 'reconnecting' && resolve()))),
  );
  const exitCode = await first.kill(signal);
  if (signal === 'SIGTERM') expect(exitCode).toBe(0);
  await lost;
  for (const device of all) device.sendData({ data: 'queued while down', toNetworks: ['elsewhere'] });

  const second = await RelayProcess.start('home:secret', first.port);
  cleanUps.push(() => second.kill());
  await Promise.all(all.map((device) => device.ready()));
  const received = Promise.all(
    all.slice(1).map((device) => new Promise<string>((resolve) => device.once('message', ({ data }) => resolve(data)))),
  );
  await all[0]!.send('back');
  expect(await received).toEqual(['back', 'back', 'back']);
  for (const device of all) await expect.poll(() => device.getBufferedAmount()).toBe(0);
});

it('200 devices over both transports hear one sender, each once', { timeout: 120_000 }, async () => {
  const relay = await RelayProcess.start('home:secret');
  const devices = new Devices({ server: relay.url, ...account, networkNames: ['all'] });
  cleanUps.push(() => relay.kill(), () => devices.close());
  const all = await Promise.all(Array.from({ length: 200 }, (_, i) => devices.open({ useWebSocket: i % 4 !== 0, name: `device ${i}` })));
  const sender = await devices.open({ name: 'sender' });
  const heard = new Map<number, string[]>();
  let count = 0;
  all.forEach((device, i) =>
    device.on('message', ({ data }) => {
      heard.set(i, [...(heard.get(i) ?? []), data]);
      count++;
    }),
  );
  const messages = Array.from({ length: 10 }, (_, i) => `message ${i}`);
  await Promise.all(messages.map((message) => sender.send(message)));
  await expect.poll(() => count, { timeout: 20_000 }).toBe(2000);
  for (let i = 0; i < 200; i++) expect(heard.get(i)).toEqual(messages);
  const found = new Set<string>();
  const look = async (): Promise<number> => {
    for (const { name } of await sender.discover({ waitMs: 500 })) found.add(name);
    return found.size;
  };
  await expect.poll(look, { timeout: 30_000 }).toBe(200);
});
