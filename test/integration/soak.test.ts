import { createHash } from 'node:crypto';
import { afterAll, expect, it } from 'vitest';
import type { Webifi } from '../../src/index';
import { seededRandom } from '../helpers/bytes';
import { Devices } from '../helpers/devices';
import { RelayProcess } from '../helpers/relay-process';

const DEVICES = 20;
const PER_DEVICE = 5000;
const LARGEST = 60 * 1024;
/** Messages a device keeps on their way, so that the relay's bounds are respected rather than tested. */
const WINDOW = 32;

const cleanUps: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const HARD = ['~', '\0', '~t=1', '~~', '~-', 'é€\u{1f600}', '~rt=r~f=1~d=x~t=1'].map((text) => Buffer.from(text));

/** Message `index` of a device: who and which number, then random bytes rich in what breaks encoders. */
function payload(random: () => number): Buffer {
  const kind = random();
  const length = kind < 0.02 ? Math.floor(random() * LARGEST) : Math.floor(random() * random() * 400);
  const body = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    if (random() < 0.2) at += HARD[Math.floor(random() * HARD.length)]!.copy(body, at);
    else body[at++] = random() * 256;
  }
  return body;
}

const digest = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('base64');

it('100,000 messages of random bytes among 20 devices over both transports arrive once, in order, unchanged', { timeout: 240_000 }, async () => {
  const relay = await RelayProcess.start('home:secret');
  const devices = new Devices({ server: relay.url, connectName: 'home', connectPassword: 'secret' });
  cleanUps.push(() => relay.kill(), () => devices.close());

  const all: Webifi[] = [];
  for (let i = 0; i < DEVICES; i++) all.push(await devices.open({ useWebSocket: i % 2 === 0, name: `device ${i}` }));
  const ids = all.map((device) => device.getSessionId());

  // Expected and seen, per pair of sender and receiver: running hashes over the messages in their order.
  const expected = new Map<string, string[]>();
  const seen = new Map<string, string[]>();
  const note = (log: Map<string, string[]>, from: string, to: string, bytes: Uint8Array): void => {
    const key = `${from} to ${to}`;
    const list = log.get(key);
    if (list) list.push(digest(bytes));
    else log.set(key, [digest(bytes)]);
  };
  let arrived = 0;
  all.forEach((device, i) =>
    device.on('message', ({ from, bytes }) => {
      arrived++;
      note(seen, from, ids[i]!, bytes);
    }),
  );
  const errors: string[] = [];
  all.forEach((device) => device.on('error', (error) => errors.push(error.message)));

  const sendAll = async (device: Webifi, i: number): Promise<void> => {
    const random = seededRandom(1000 + i);
    const target = (i + 1 + Math.floor(random() * (DEVICES - 1))) % DEVICES;
    const onTheirWay: Promise<unknown>[] = [];
    for (let n = 0; n < PER_DEVICE; n++) {
      const bytes = payload(random);
      const to = random() < 0.8 ? ids[target]! : ids[Math.floor(random() * DEVICES)]!;
      note(expected, ids[i]!, to, bytes);
      onTheirWay.push(device.send(bytes, { dataType: 'soak', toSessionIds: [to] }));
      if (onTheirWay.length >= WINDOW) await Promise.all(onTheirWay.splice(0));
    }
    await Promise.all(onTheirWay);
  };
  await Promise.all(all.map(sendAll));
  await expect.poll(() => arrived, { timeout: 60_000 }).toBe(DEVICES * PER_DEVICE);
  expect(errors).toEqual([]);
  expect([...seen.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [pair, hashes] of expected) expect(seen.get(pair), pair).toEqual(hashes);
});
