import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Webifi } from '../../src/index';
import { RelayProcess } from '../helpers/relay-process';

const KILLS = 10;
/** What each device sends between two kills, at least. */
const MESSAGES_EACH = 40;
/** Two devices with two messages each time: 200 per second. */
const SEND_EVERY_MS = 20;

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A device that sends numbers without end, and notes what it gets of the other one. */
class Counting {
  /** Numbers in the order in which they came, and between them where a gap was told. */
  readonly log: (number | 'gap')[] = [];
  readonly results: Promise<unknown>[] = [];
  readonly #device: Webifi;
  #timer: NodeJS.Timeout | undefined;

  constructor(server: string, useWebSocket: boolean) {
    this.#device = new Webifi({
      server,
      connectName: 'home',
      connectPassword: 'secret',
      networkNames: ['n'],
      useWebSocket,
      reconnect: { minDelayMs: 20, maxDelayMs: 100 },
    });
    this.#device.on('message', ({ data }) => this.log.push(Number(data)));
    this.#device.on('gap', () => this.log.push('gap'));
    cleanUps.push(() => this.#device.close());
  }

  async start(): Promise<void> {
    this.#device.start();
    await this.#device.ready();
  }

  /** Sends until {@link Counting.stop}. */
  count(): void {
    this.#timer = setInterval(() => {
      for (let i = 0; i < 2; i++) this.results.push(this.#device.send(String(this.results.length)));
    }, SEND_EVERY_MS);
    cleanUps.push(() => Promise.resolve(this.stop()));
  }

  get guarantee(): string {
    return this.#device.guarantee;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get got(): number[] {
    return this.log.filter((item) => item !== 'gap');
  }

  get gaps(): number {
    return this.log.length - this.got.length;
  }
}

async function untilMoreCame(devices: readonly Counting[]): Promise<void> {
  const wanted = devices.map(({ got }) => got.length + MESSAGES_EACH);
  const isThere = (): boolean => devices.every(({ got }, i) => got.length >= wanted[i]!);
  await expect.poll(isThere, { timeout: 20_000, interval: 10 }).toBe(true);
}

/** Kills the relay again and again while a device on a WebSocket and one on long polling send, and waits until all is settled. */
async function killUnderLoad(more: readonly string[], signals: readonly NodeJS.Signals[]): Promise<readonly [Counting, Counting]> {
  let relay = await RelayProcess.start('home:secret', 0, more);
  cleanUps.push(() => relay.kill());
  const devices = [new Counting(relay.url, true), new Counting(relay.url, false)] as const;
  for (const device of devices) await device.start();
  for (const device of devices) device.count();
  for (let kill = 0; kill < KILLS; kill++) {
    await untilMoreCame(devices);
    await relay.kill(signals[kill % signals.length]);
    relay = await RelayProcess.start('home:secret', relay.port, more);
  }
  await untilMoreCame(devices);
  for (const device of devices) device.stop();
  await Promise.all(devices.flatMap(({ results }) => results));
  return devices;
}

const isRising = (numbers: readonly number[]): boolean => numbers.every((number, i) => i === 0 || number > numbers[i - 1]!);

it(`X-7, X-14 a durable relay that is killed or stopped ${KILLS} times under load loses, doubles and reorders nothing, without a gap`, { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'webifi-durable-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  const [one, other] = await killUnderLoad(['--durable', folder], ['SIGKILL', 'SIGKILL', 'SIGTERM']);
  expect([one.guarantee, other.guarantee]).toEqual(['durable', 'durable']);
  for (const [sender, receiver] of [[one, other], [other, one]] as const) {
    await expect.poll(() => receiver.got.length, { timeout: 20_000 }).toBe(sender.results.length);
    expect(receiver.got).toEqual(sender.results.map((_, i) => i));
    expect(receiver.gaps).toBe(0);
  }
});

it(`X-35 a relay in memory that is killed ${KILLS} times under load covers every loss with exactly one gap`, { timeout: 60_000 }, async () => {
  const [one, other] = await killUnderLoad([], ['SIGKILL']);
  for (const [sender, receiver] of [[one, other], [other, one]] as const) {
    await expect.poll(() => receiver.got.at(-1), { timeout: 20_000 }).toBe(sender.results.length - 1);
    expect(isRising(receiver.got)).toBe(true);
    expect(receiver.gaps).toBe(KILLS);
    let expected = 0;
    receiver.log.forEach((item, i) => {
      if (item === 'gap') return;
      if (item !== expected) expect(receiver.log[i - 1], `${expected} to ${item - 1} are missing without a word`).toBe('gap');
      expected = item + 1;
    });
  }
});
