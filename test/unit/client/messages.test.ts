import { describe, expect, it } from 'vitest';
import type { ReceivedMessage } from '../../../src/client/public';
import { FakePlatform } from '../../helpers/fake-platform';

const receive = (platform: FakePlatform, data: string, dataType = '', from = 7): Promise<void> =>
  platform.receive(`~rt=r~f=${from}~dt=${dataType}~d=${data}~t=1`);

async function read(stream: AsyncIterator<ReceivedMessage, void>): Promise<string> {
  const result = await stream.next();
  return result.done ? 'end' : result.value.data;
}

describe('for await over messages', () => {
  it('gives what came before it was read, and what comes while it waits', async () => {
    const platform = new FakePlatform();
    const stream = (await platform.connect()).messages();
    await receive(platform, 'a');
    await receive(platform, 'b');
    expect([await read(stream), await read(stream)]).toEqual(['a', 'b']);
    const next = read(stream);
    await receive(platform, 'c');
    expect(await next).toBe('c');
  });

  it.each([
    ['by data type', { dataType: 't' }, ['1', '2']],
    ['by the empty data type', { dataType: '' }, ['3']],
    ['by sender', { from: '8' }, ['2', '3']],
    ['by both', { dataType: 't', from: '8' }, ['2']],
  ])('filters %s', async (_, filter, expected) => {
    const platform = new FakePlatform();
    const device = await platform.connect();
    const stream = device.messages(filter);
    await receive(platform, '1', 't', 7);
    await receive(platform, '2', 't', 8);
    await receive(platform, '3', '', 8);
    device.closeConnection();
    await platform.receive('~rt=c~e=0~t=1');
    const seen: string[] = [];
    for await (const { data } of stream) seen.push(data);
    expect(seen).toEqual(expected);
  });

  it('ends when the password is refused', async () => {
    const platform = new FakePlatform();
    const device = platform.create();
    const end = read(device.messages());
    device.start();
    await platform.pass(0);
    await platform.lastPost.answer('~e=8');
    expect(await end).toBe('end');
  });

  it('the signal ends it by its reason, while it waits and with messages unread', async () => {
    const platform = new FakePlatform();
    const device = await platform.connect();
    const abort = new AbortController();
    const waiting = read(device.messages({ signal: abort.signal }));
    const unread = device.messages({ signal: abort.signal, dataType: 'x' });
    await receive(platform, '1', 'x');
    expect(await waiting).toBe('1');
    const late = read(device.messages({ signal: abort.signal }));
    abort.abort(new Error('enough'));
    await expect(late).rejects.toThrow('enough');
    await expect(unread.next()).rejects.toThrow('enough');
    expect(await read(unread)).toBe('end');
    await expect(device.messages({ signal: AbortSignal.abort(new Error('before')) }).next()).rejects.toThrow('before');
  });

  it('a reader that is too slow gets what was kept, then an error', async () => {
    const platform = new FakePlatform();
    const stream = (await platform.connect()).messages();
    await platform.receive('~rt=r~f=7~d=x~t=1'.repeat(10_001));
    let count = 0;
    await expect(async () => {
      for await (const message of stream) count += message.data.length;
    }).rejects.toThrow(/10,?000 messages/);
    expect(count).toBeGreaterThanOrEqual(10_000);
    expect(await read(stream)).toBe('end');
  });

  it('a loop left early listens no more', async () => {
    const platform = new FakePlatform();
    const device = await platform.connect();
    const stream = device.messages();
    await receive(platform, 'a');
    await receive(platform, 'b');
    for await (const message of stream) {
      expect(message.data).toBe('a');
      break;
    }
    expect(await read(stream)).toBe('end');
  });
});

describe('a received message', () => {
  it('P-25 its text is UTF-8, or one character for each byte; its bytes are as sent', async () => {
    const platform = new FakePlatform();
    const device = await platform.connect();
    const seen: ReceivedMessage[] = [];
    device.on('message', (message) => seen.push(message));
    await receive(platform, '\\xc3\\xa9');
    await receive(platform, '\\xff');
    expect(seen.map(({ data }) => data)).toEqual(['é', 'ÿ']);
    expect(seen[1]?.bytes).toEqual(Uint8Array.of(0xff));
    expect(seen[1]).toMatchObject({ from: '7', dataType: '' });
  });
});
