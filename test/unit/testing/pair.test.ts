import { afterEach, describe, expect, it } from 'vitest';
import { createPair, type Pair, type PairOptions } from '../../../src/testing';

let pair: Pair | undefined;
afterEach(() => pair?.close());

async function open(options: PairOptions = {}): Promise<{ pair: Pair; heard: string[] }> {
  const opened = (pair = await createPair(options));
  const heard: string[] = [];
  opened.devices[1].on('message', ({ data }) => heard.push(`${data} at ${opened.clock.now()}`));
  return { pair: opened, heard };
}

describe.each([true, false])('createPair, useWebSocket %s', (useWebSocket) => {
  it('carries messages in order, in virtual time', async () => {
    const { pair, heard } = await open({ client: { useWebSocket }, relay: { latencyMs: 60 } });
    const start = pair.clock.now();
    const sent = Promise.all(['a', 'b'].map((data) => pair.devices[0].send(data)));
    await pair.clock.pass(119);
    expect(heard).toEqual([]);
    await pair.clock.pass(1);
    await sent;
    expect(heard).toEqual([`a at ${start + 120}`, `b at ${start + 120}`]);
  });

  it('comes back after a cut, with the same session', async () => {
    const { pair, heard } = await open({ client: { useWebSocket } });
    const [a] = pair.devices;
    const sessionId = a.getSessionId();
    pair.relay.cut();
    expect(await pair.clock.passUntil(() => a.state === 'reconnecting', 5000)).toBe(true);
    const isBack = () => pair.devices.every(({ connected }) => connected);
    expect(await pair.clock.passUntil(isBack, 60_000)).toBe(true);
    expect(a.getSessionId()).toBe(sessionId);
    a.sendData({ data: 'again' });
    await pair.clock.pass(1);
    expect(heard.map((text) => text.split(' ')[0])).toEqual(['again']);
  });

  it('keeps devices away while it is unreachable', async () => {
    const { pair } = await open({ client: { useWebSocket } });
    pair.relay.isUnreachable = true;
    pair.relay.cut();
    const isBack = () => pair.devices.some(({ connected }) => connected);
    await pair.clock.pass(1);
    expect(await pair.clock.passUntil(isBack, 30_000)).toBe(false);
    pair.relay.isUnreachable = false;
    expect(await pair.clock.passUntil(isBack, 60_000)).toBe(true);
  });

  it('is the same in every run with the same seed', async () => {
    const run = async (seed: number) => {
      const { pair } = await open({ client: { useWebSocket }, clock: { seed } });
      pair.relay.cut();
      await pair.clock.passUntil(() => pair.devices.every(({ connected }) => connected), 60_000);
      const told = [pair.clock.now(), ...pair.devices.map((device) => device.getSessionId())];
      await pair.close();
      return told;
    };
    expect(await run(5)).toEqual(await run(5));
    expect(await run(5)).not.toEqual(await run(6));
  });
});

it('createPair ends with the reason when the relay lets nobody in', async () => {
  await expect(createPair({ relay: { maxSessions: 1 } })).rejects.toThrow('not connected within 60000 ms');
});
