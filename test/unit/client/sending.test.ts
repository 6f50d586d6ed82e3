import { describe, expect, it } from 'vitest';
import type { WebifiClient, WebifiOptions } from '../../../src/client/public';
import { FakePlatform, turn } from '../../helpers/fake-platform';
import { loginAnswer } from '../../helpers/resume-harness';

/** A client that runs at a relay with the extension. */
async function connect(platform: FakePlatform, options: WebifiOptions = {}): Promise<WebifiClient> {
  const device = platform.create(options);
  device.start();
  await turn();
  await platform.lastPost.answer(loginAnswer());
  platform.socket.handlers.opened();
  await platform.receive('~rt=a~e=0~xh=0~xr=t1~t=1~rt=n~e=4~t=1');
  return device;
}

/** Loses the WebSocket; another one is opening. */
async function breakLink(platform: FakePlatform): Promise<void> {
  platform.socket.handlers.closed(1006, '');
  await platform.pass(1000);
}

const failureOf = (sent: Promise<unknown>): Promise<unknown> => sent.then(() => 'sent', (error: unknown) => error);

describe('what a sender is told', () => {
  it('which guarantee holds: none, plain, resume', async () => {
    const platform = new FakePlatform();
    const plain = await platform.connect();
    expect([platform.create().guarantee, plain.guarantee]).toEqual(['none', 'plain']);
    expect((await connect(platform)).guarantee).toBe('resume');
  });

  it('a receipt when the relay has taken the message', async () => {
    const platform = new FakePlatform();
    const device = await connect(platform);
    const sent = device.send('a');
    await turn();
    await platform.receive('~rt=s~e=0~xh=1~t=1');
    expect(await sent).toEqual({ mode: 'reliable', guarantee: 'resume' });
  });

  it('delivered: when all who get it have it, or 2 when one will not', async () => {
    const platform = new FakePlatform();
    const device = await connect(platform);
    const [one, other] = [device.send('a', { mode: 'delivered' }), failureOf(device.send('b', { mode: 'delivered' }))];
    await turn();
    await platform.receive('~rt=s~e=0~xh=2~t=1~rt=d~xq=1~xn=2~xa=d~e=2~t=1~rt=d~xq=2~xn=1~xa=d~e=0~t=1');
    expect(await one).toEqual({ mode: 'delivered', guarantee: 'resume' });
    expect(await other).toMatchObject({ code: 2, remote: true });
  });

  it('X-13 code 25 at once when the queue is full, and drain when there is room', async () => {
    const platform = new FakePlatform();
    const device = await connect(platform, { maxQueuedMessages: 2 });
    let drains = 0;
    device.on('drain', () => drains++);
    await breakLink(platform);
    expect([1, 2, 3].map(() => device.sendData({ data: 'x' }))).toEqual([0, 0, 25]);
    expect(await failureOf(device.send('x'))).toMatchObject({ code: 25, remote: false, retryable: true });
    expect(device.sendDiscovery()).toBe(25);
    expect(device.getBufferedAmount()).toBe(2);
    platform.socket.handlers.opened();
    await platform.receive('~rt=a~e=0~xh=0~xr=t2~t=1');
    expect([drains, device.sendData({ data: 'x' })]).toEqual([1, 0]);
  });

  it('code 26, with the limit, for what the relay would not take', async () => {
    const device = await connect(new FakePlatform());
    expect(device.sendData({ data: 'é'.repeat(32_769) })).toBe(26);
    const failure = await failureOf(device.send('x'.repeat(65_537)));
    expect(failure).toMatchObject({ code: 26, remote: false, retryable: false });
    expect(String(failure)).toContain('65536');
  });

  it('code 33 when ttlMs is over while it waits; it is not sent any more', async () => {
    const platform = new FakePlatform();
    const device = await connect(platform);
    await breakLink(platform);
    const failure = failureOf(device.send('old', { ttlMs: 500 }));
    device.sendData({ data: 'new' });
    await platform.pass(500);
    expect(await failure).toMatchObject({ code: 33, remote: false });
    platform.socket.handlers.opened();
    await platform.receive('~rt=a~e=0~xh=0~xr=t2~t=1');
    expect(platform.socket.sent.at(-1)).toBe('~xh=0~xq=1~xn=1~d=new~t=1');
  });

  it('ttlMs does not end what is on its way: the relay may have it', async () => {
    const platform = new FakePlatform();
    const device = await connect(platform);
    const sent = device.send('a', { ttlMs: 500 });
    await turn();
    await platform.pass(1000);
    await platform.receive('~rt=s~e=0~xh=1~t=1');
    expect(await sent).toMatchObject({ mode: 'reliable' });
  });

  it('X-36 resumed and replayed with the status, and gaps as events', async () => {
    const platform = new FakePlatform();
    const device = await connect(platform);
    const seen: unknown[] = [];
    device.on('status', ({ to, resumed, replayed }) => to === 'connected' && seen.push({ resumed, replayed }));
    device.on('gap', (gap) => seen.push(gap));
    device.sendData({ data: 'a' });
    await turn();
    await breakLink(platform);
    platform.socket.handlers.opened();
    await platform.receive('~rt=a~e=0~xh=0~xr=t2~t=1~rt=g~xg=1-4:overflow~t=1');
    expect(seen).toEqual([
      { resumed: true, replayed: 1 },
      { count: 4, reason: 'overflow' },
    ]);
  });
});
