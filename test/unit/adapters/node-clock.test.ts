import { connect, createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { nodeClock } from '../../../src/adapters/node-clock';

const spend = (ms: number): void => {
  for (const endMs = performance.now() + ms; performance.now() < endMs; );
};

describe('the clock of Node', () => {
  it('time is up only after what has arrived was read', async () => {
    const seen: string[] = [];
    const isUp = new Promise<void>((resolve) => {
      const server = createServer((socket) => {
        socket.end('x');
        server.close();
        nodeClock.setTimer(() => {
          seen.push('time is up');
          resolve();
        }, 1);
        // Both are there when the loop goes on.
        spend(5);
      }).listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        connect(port, '127.0.0.1').on('data', () => seen.push('read'));
      });
    });
    await isUp;
    expect(seen).toEqual(['read', 'time is up']);
  });

  it('many that are due leave the sockets their turn', async () => {
    const seen: string[] = [];
    let left = 6;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        if (left === 6) setImmediate(() => seen.push('another turn'));
        spend(6);
        seen.push('woken');
        if (--left === 0) resolve();
      };
      for (let i = 0; i < 6; i++) nodeClock.setTimer(wake, 1);
    });
    expect(seen.filter((what) => what === 'woken')).toHaveLength(6);
    expect(seen.indexOf('another turn')).toBeLessThan(5);
  });

  it('one that is stopped never comes, also when it was due', async () => {
    const seen: string[] = [];
    const stopEarly = nodeClock.setTimer(() => seen.push('early'), 1);
    stopEarly();
    await new Promise<void>((resolve) => {
      nodeClock.setTimer(() => {
        stopLate();
        resolve();
      }, 1);
      const stopLate = nodeClock.setTimer(() => seen.push('late'), 1);
      spend(5);
    });
    await new Promise<void>((resolve) => nodeClock.setTimer(resolve, 1));
    expect(seen).toEqual([]);
  });
});
