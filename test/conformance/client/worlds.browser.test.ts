import { afterEach, describe, expect, inject, it } from 'vitest';
import { Webifi } from '../../../src/browser';

const account = { server: inject('relayUrl'), connectName: 'browser', connectPassword: 'browser-password' };
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function open(useWebSocket: boolean): Promise<Webifi> {
  const device = new Webifi({ ...account, useWebSocket });
  cleanUps.push(() => device.close());
  device.start();
  await device.ready();
  return device;
}

const transports = [
  { transport: 'WebSocket', useWebSocket: true },
  { transport: 'long polling', useWebSocket: false },
];

describe.each(transports)('over $transport', ({ useWebSocket }) => {
  it('a device in a worker answers one in the page', async () => {
    const worker = new Worker(new URL('./echo.worker.ts', import.meta.url), { type: 'module' });
    cleanUps.push(() => worker.terminate());
    const ready = new Promise<string>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<string>) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
    });
    worker.postMessage({ ...account, useWebSocket });
    const inWorker = await ready;
    const device = await open(useWebSocket);
    const echo = new Promise<string>((resolve) => device.once('message', ({ data }) => resolve(data)));
    await device.send('to the worker and back', { toSessionIds: [inWorker] });
    expect(await echo).toBe('to the worker and back');
  });

  it('pagehide lets go and pageshow takes up the same session', async () => {
    const device = await open(useWebSocket);
    const other = await open(true);
    const sessionId = device.getSessionId();
    const states: string[] = [];
    device.on('status', ({ to, resumed }) => states.push(resumed ? `${to} resumed` : to));
    window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    expect(device.connected).toBe(false);
    // The other device was hidden too; it comes back on its own signal with everybody else.
    window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    await Promise.all([device.ready(), other.ready()]);
    expect(device.getSessionId()).toBe(sessionId);
    expect(states).toEqual(['reconnecting', 'connected resumed']);
    const received = new Promise<string>((resolve) => device.once('message', ({ data }) => resolve(data)));
    await other.send('after the cache', { toSessionIds: [sessionId] });
    expect(await received).toBe('after the cache');
  });

  it('online and becoming visible are signs to look, and change nothing for a living link', async () => {
    const device = await open(useWebSocket);
    const states: string[] = [];
    device.on('status', ({ to }) => states.push(to));
    window.dispatchEvent(new Event('online'));
    document.dispatchEvent(new Event('visibilitychange'));
    const received = new Promise<string>((resolve) => device.once('message', ({ data }) => resolve(data)));
    await device.send('still here', { toSessionIds: [device.getSessionId()] });
    expect(await received).toBe('still here');
    expect(states).toEqual([]);
  });
});
