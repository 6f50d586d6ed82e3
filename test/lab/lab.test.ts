import { describe, expect, it } from 'vitest';
import { playBreak, playQueued, type Break } from './cases/breaks';
import { playFlips } from './cases/flips';
import { playOffsets } from './cases/offsets';
import { playCuts, playExchanges } from './cases/proxies';
import { playStorm } from './cases/storm';
import type { Tally } from './ledger';
import { peers } from './peers/webifi';

// What is kept, whatever happens to a connection (README.md, "What is guaranteed").
const WHOLE = { lost: 0, duplicated: 0, reordered: 0, gaps: 0 };

function expectWhole(...tallies: readonly Tally[]): void {
  for (const tally of tallies) {
    expect(tally).toMatchObject(WHOLE);
    expect(tally.received).toBeGreaterThan(0);
  }
}

const brief: Break = {
  perSecond: 50,
  aroundMs: 300,
  limitMs: 15_000,
  fault(proxy) {
    proxy.refuse(300);
    proxy.cut('reset');
  },
};
const far = { up: { delayMs: 20, jitterMs: 10 }, down: { delayMs: 20, jitterMs: 10 } };

describe.each(peers.map((peer) => ({ name: peer.name, peer })))('$name', ({ peer }) => {
  it('X-8 X-14 comes back after a reset and a refusal, and has lost nothing', { timeout: 60_000 }, async () => {
    const { up, down, noticedMs, backMs } = await playBreak(peer, brief);
    expect([noticedMs, backMs]).not.toContain(undefined);
    expectWhole(up, down);
  });

  it('comes back after a reset on a slow line', { timeout: 60_000 }, async () => {
    const fault: Break['fault'] = (proxy) => proxy.cut('reset');
    const { up, down, backMs } = await playBreak(peer, { ...brief, line: far, fault });
    expect(backMs).toBeDefined();
    expectWhole(up, down);
  });

  it('sends what was queued offline, once and in order', { timeout: 60_000 }, async () => {
    const { up, acknowledgedMs } = await playQueued(peer, 100, 15_000);
    expect(up).toMatchObject({ ...WHOLE, sent: 100 });
    expect(acknowledgedMs).toBeDefined();
  });
});

describe.each([
  // An exchange over WebSocket has tens of bytes in each direction, over long polling hundreds.
  { useWebSocket: true, direction: 'up', step: 2 },
  { useWebSocket: true, direction: 'down', step: 2 },
  { useWebSocket: false, direction: 'up', step: 41 },
  { useWebSocket: false, direction: 'down', step: 41 },
] as const)('a reset at byte N, $direction, useWebSocket $useWebSocket, every $step', (offsets) => {
  it('leaves nothing stuck, lost, doubled or out of order', { timeout: 90_000 }, async () => {
    const { up, down, cuts, stuck } = await playOffsets({ ...offsets, lanes: 4 });
    expect(cuts).toBeGreaterThan(5);
    expect(stuck).toBe(0);
    expectWhole(up, down);
  });
});

describe('proxies', () => {
  it('that cut what is old lose nothing', { timeout: 60_000 }, async () => {
    for (const useWebSocket of [true, false]) {
      const load = { perSecond: 20, forMs: 2500 };
      const { up, down, cuts } = await playCuts(useWebSocket, { lifetimeMs: 700 }, load);
      expect(cuts).toBeGreaterThan(0);
      expectWhole(up, down);
    }
  });

  it('that let requests pass each other lose nothing and change no order', { timeout: 60_000 }, async () => {
    const { up, down, counts } = await playExchanges(300, 2, { reorder: 0.1, holdBackMs: 100 });
    expect(counts.reordered).toBeGreaterThan(0);
    expectWhole(up, down);
  });
});

it('changes of transport while connected, under load, lose, double and reorder nothing', { timeout: 60_000 }, async () => {
  const { flips, up, down, errors } = await playFlips({
    ...{ flips: 40, devices: 4, perSecond: 20, betweenMs: [100, 400], waits: false, seed: 7 },
  });
  expect([flips, errors]).toEqual([40, []]);
  expectWhole(up, down);
});

it('1,000 devices that are cut at once come back spread out (X-44), the same in every run', async () => {
  const { peak, backMs } = await playStorm(1000, 1);
  expect(peak).toBeLessThanOrEqual(2.5);
  expect(backMs).toBeDefined();
});
