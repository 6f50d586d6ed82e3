import { afterEach, describe, expect, it } from 'vitest';
import type { ReceivedMessage, WebifiClient, WebifiOptions } from '../../../src/client/public';
import { seededRandom } from '../../helpers/bytes';

export interface SuiteTarget {
  server: string;
  connectName: string;
  connectPassword: string;
  create(options: WebifiOptions): WebifiClient;
}

const TRANSPORTS = [
  { transport: 'WebSocket', useWebSocket: true },
  { transport: 'long polling', useWebSocket: false },
];

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function randomBytes(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

/** Payloads that break careless encoders. */
const PAYLOADS: [name: string, bytes: Uint8Array][] = [
  ['V-10 V-11 empty', new Uint8Array(0)],
  ['text', bytesOf('hello')],
  ['V-8 many-byte text', bytesOf('é € \u{1f600} \ufeff')],
  ['V-12 a tilde at the end', bytesOf('a~')],
  ['V-13 one tilde', bytesOf('~')],
  ['V-14 a zero byte at the end', bytesOf('a\0')],
  ['V-15 tilde and hyphen', bytesOf('~-')],
  ['V-4 V-5 the terminator', bytesOf('x~t=1y~t=1')],
  ['fields', bytesOf('~rt=r~f=1~d=forged~t=1')],
  ['V-24 equals signs', bytesOf('a=b==')],
  ['every byte', Uint8Array.from({ length: 256 }, (_, i) => i)],
  ['V-9 bytes that are no UTF-8', Uint8Array.of(0xff, 0xfe, 0x80)],
  ['60,000 random bytes', randomBytes(60_000, 1)],
  ['200,000 tildes', new Uint8Array(100_000).fill(0x7e)],
];

/** What every client has to do over every transport, in every world: the same tests in Node and in Chromium. */
export function clientSuite(target: SuiteTarget): void {
  const devices: WebifiClient[] = [];
  let networks = 0;

  /** A network that no other test uses. */
  const freshNetwork = (): string => `network ${++networks}`;

  const open = async (options: WebifiOptions): Promise<WebifiClient> => {
    const device = create(options);
    device.start();
    await device.ready();
    return device;
  };

  const create = (options: WebifiOptions): WebifiClient => {
    const { server, connectName, connectPassword } = target;
    const device = target.create({ server, connectName, connectPassword, ...options });
    devices.push(device);
    return device;
  };

  /** Resolves with the next `count` messages of a device. */
  const receive = (device: WebifiClient, count: number): Promise<ReceivedMessage[]> =>
    new Promise((resolve) => {
      const messages: ReceivedMessage[] = [];
      const off = device.on('message', (message) => {
        messages.push(message);
        if (messages.length < count) return;
        off();
        resolve(messages);
      });
    });

  afterEach(async () => {
    await Promise.all(devices.splice(0).map((device) => device.close()));
  });

  describe.each(TRANSPORTS)('over $transport', ({ useWebSocket }) => {
    it('connects, says so, and closes', async () => {
      const device = create({ useWebSocket, networkNames: [freshNetwork()] });
      const states: string[] = [];
      const callbacks: boolean[] = [];
      device.on('status', ({ to }) => states.push(to));
      device.setConnectionStatusCallback((connected) => callbacks.push(connected));
      expect(device.state).toBe('idle');
      expect(device.getSessionId()).toBe('-1');
      expect(device.start()).toBe(0);
      await device.ready();
      expect(device.connected).toBe(true);
      expect(device.getSessionId()).toMatch(/^\d+$/);
      await device.close();
      expect(device.connected).toBe(false);
      expect(states).toEqual(['connecting', 'connected', 'closed']);
      expect(callbacks).toEqual([true, false]);
    });

    it('can be started again at once after closing (section 14)', async () => {
      const device = await open({ useWebSocket, networkNames: [freshNetwork()] });
      const first = device.getSessionId();
      await device.close();
      expect(device.setConnectName(target.connectName)).toBe(0);
      device.start();
      await device.ready();
      expect(device.getSessionId()).not.toBe(first);
    });

    it('S-3 a wrong password is final, also for ready()', async () => {
      const device = create({ useWebSocket, connectPassword: 'wrong' });
      const codes: number[] = [];
      device.setErrorCallback((code) => codes.push(code));
      device.start();
      await expect(device.ready()).rejects.toMatchObject({ code: 8, name: 'WRONG_CREDENTIALS', remote: true });
      expect(device.state).toBe('failed');
      expect(codes).toEqual([8]);
      expect(device.setConnectPassword(target.connectPassword)).toBe(0);
      device.start();
      await device.ready();
    });

    it('name and password cannot change while started (code 10)', async () => {
      const device = await open({ useWebSocket });
      expect(device.setConnectName('other')).toBe(10);
      expect(device.setConnectPassword('other')).toBe(10);
      expect(device.getConnectName()).toBe(target.connectName);
    });

    describe.each(TRANSPORTS)('to a device over $transport', ({ useWebSocket: receiverUsesWebSocket }) => {
      it.each(PAYLOADS)('%s arrives unchanged', async (_, bytes) => {
        const network = freshNetwork();
        const sender = await open({ useWebSocket, networkNames: [network] });
        const receiver = await open({ useWebSocket: receiverUsesWebSocket, networkNames: [network] });
        const received = receive(receiver, 1);
        await sender.send(bytes, { dataType: 'd~t' });
        const [message] = await received;
        expect(message?.dataType).toBe('d~t');
        expect(message?.from).toBe(sender.getSessionId());
        expect(message?.bytes).toEqual(bytes);
      });

      it('P-94 keeps the order of 500 messages, P-82 each its own', async () => {
        const network = freshNetwork();
        const sender = await open({ useWebSocket, networkNames: [network] });
        const receiver = await open({ useWebSocket: receiverUsesWebSocket, networkNames: [network] });
        const received = receive(receiver, 500);
        for (let i = 0; i < 500; i++) expect(sender.sendData({ data: String(i) })).toBe(0);
        expect(sender.getBufferedAmount()).toBe(500);
        expect((await received).map(({ data }) => data)).toEqual(Array.from({ length: 500 }, (_, i) => String(i)));
      });
    });

    it('P-84 P-85 P-86 P-87 P-88 delivers to the right devices, once', async () => {
      const [a, b] = [freshNetwork(), freshNetwork()];
      const both = await open({ useWebSocket, networkNames: [a, b] });
      const onlyA = await open({ useWebSocket, networkNames: [a] });
      const none = await open({ useWebSocket, networkNames: [] });
      const seen: string[] = [];
      both.on('message', ({ data }) => seen.push(`both ${data}`));
      onlyA.on('message', ({ data }) => seen.push(`onlyA ${data}`));
      none.on('message', ({ data }) => seen.push(`none ${data}`));
      const end = Promise.all([both, onlyA, none].map((device) => receive(device, 1).then(() => undefined)));
      await none.send('two networks', { toNetworks: [a, b] });
      await both.send('defaults');
      await onlyA.send('union', { toNetworks: [b], toSessionIds: [both.getSessionId(), onlyA.getSessionId()] });
      await none.send('nobody');
      await both.send('end', { toSessionIds: [none.getSessionId()] });
      await end;
      await both.send('last', { toSessionIds: [both, onlyA].map((device) => device.getSessionId()) });
      await expect.poll(() => seen.filter((line) => line.endsWith('last')).length).toBe(2);
      expect(seen.sort()).toEqual(
        ['both two networks', 'onlyA two networks', 'onlyA defaults', 'both union', 'onlyA union', 'none end']
          .concat(['both last', 'onlyA last'])
          .sort(),
      );
    });

    it('P-92 an unknown session id is code 2, and the others get the message', async () => {
      const sender = await open({ useWebSocket });
      const receiver = await open({ useWebSocket });
      const received = receive(receiver, 1);
      const toSessionIds = ['999999', receiver.getSessionId()];
      await expect(sender.send('x', { toSessionIds })).rejects.toMatchObject({ code: 2, remote: true });
      expect((await received)[0]?.data).toBe('x');
    });

    it('P-95 P-96 P-97 discovery finds the discoverable ones', async () => {
      const network = freshNetwork();
      const asker = await open({ useWebSocket, networkNames: [network], name: 'asker' });
      const found = await open({ useWebSocket, networkNames: [network], name: 'fou~nd' });
      const hidden = await open({ useWebSocket, networkNames: [network], name: 'hidden', discoverable: false });
      const asked = receive(hidden, 1);
      const answer = receive(asker, 1);
      const devices = await asker.discover({ waitMs: 500 });
      expect(devices).toEqual([{ name: 'fou~nd', sessionId: found.getSessionId() }]);
      expect((await answer)[0]).toMatchObject({ dataType: 'Discovery Response', data: 'fou~nd' });
      expect((await asked)[0]).toMatchObject({ dataType: 'Discovery', data: '?' });
      expect(asker.sendDiscovery([network])).toBe(0);
    });

    it('new networks take effect while connected', async () => {
      const [before, after] = [freshNetwork(), freshNetwork()];
      const sender = await open({ useWebSocket });
      const receiver = await open({ useWebSocket, networkNames: [before] });
      expect(receiver.setNetworkNames([after, ''])).toBe(0);
      expect(receiver.getNetworkNames()).toEqual([after]);
      const received = receive(receiver, 1);
      await expect
        .poll(async () => {
          await sender.send('x', { toNetworks: [after] });
          return Promise.race([received, new Promise((resolve) => setTimeout(resolve, 20))]);
        })
        .toBeDefined();
    });

    it('what is queued goes out before close()', async () => {
      const network = freshNetwork();
      const receiver = await open({ useWebSocket, networkNames: [network] });
      const sender = await open({ useWebSocket, networkNames: [network] });
      const received = receive(receiver, 300);
      for (let i = 0; i < 300; i++) sender.sendData({ data: 'x'.repeat(1000) });
      await sender.close();
      expect(await received).toHaveLength(300);
    });

    it('messages can be read with for await, filtered, until the device is closed', async () => {
      const network = freshNetwork();
      const receiver = await open({ useWebSocket, networkNames: [network] });
      const sender = await open({ useWebSocket, networkNames: [network] });
      const stream = receiver.messages({ dataType: 'wanted' });
      for (const dataType of ['wanted', 'other', 'wanted']) await sender.send(dataType, { dataType });
      const seen: string[] = [];
      for await (const { data } of stream) {
        seen.push(data);
        if (seen.length === 2) void receiver.close();
      }
      expect(seen).toEqual(['wanted', 'wanted']);
    });

    it('counters', async () => {
      const device = await open({ useWebSocket });
      await device.send('a', { toSessionIds: [device.getSessionId()] });
      await device.send('b', { toSessionIds: [device.getSessionId()] });
      expect(device.getCounters().upload).toBe(2);
      if (!useWebSocket) await expect.poll(() => device.getCounters().download).toBeGreaterThan(0);
    });

    it('a change of download timeout while connected loses nothing', async () => {
      const network = freshNetwork();
      const receiver = await open({ useWebSocket, networkNames: [network] });
      const sender = await open({ useWebSocket, networkNames: [network] });
      const received = receive(receiver, 200);
      for (let i = 0; i < 200; i++) {
        sender.sendData({ data: String(i) });
        if (i % 50 === 0) receiver.setDownloadTimeout(20 + i);
        await new Promise((resolve) => setTimeout(resolve));
      }
      expect((await received).map(({ data }) => Number(data))).toEqual(Array.from({ length: 200 }, (_, i) => i));
    });
  });

  it('moves between the transports while messages flow both ways: none lost, doubled or out of order', async () => {
    const network = freshNetwork();
    const mover = await open({ networkNames: [network] });
    const other = await open({ networkNames: [network] });
    const sessionId = mover.getSessionId();
    const count = 400;
    const atMover = receive(mover, count);
    const atOther = receive(other, count);
    for (let i = 0; i < count; i++) {
      mover.sendData({ data: String(i) });
      other.sendData({ data: String(i) });
      if (i % 100 === 50) mover.setUseWebSocket(!mover.getUseWebSocket());
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const expected = Array.from({ length: count }, (_, i) => i);
    expect((await atMover).map(({ data }) => Number(data))).toEqual(expected);
    expect((await atOther).map(({ data }) => Number(data))).toEqual(expected);
    expect(mover.getSessionId()).toBe(sessionId);
  });

  it('P-25 P-26 text as UTF-8 or as a binary string', async () => {
    const network = freshNetwork();
    const utf8 = await open({ networkNames: [network] });
    const latin1 = await open({ networkNames: [network], textEncoding: 'latin-1' });
    const atUtf8 = receive(utf8, 1);
    const atLatin1 = receive(latin1, 1);
    await latin1.send('é');
    await utf8.send('é');
    expect((await atUtf8)[0]?.data).toBe('é');
    expect((await atUtf8)[0]?.bytes).toEqual(Uint8Array.of(0xe9));
    expect((await atLatin1)[0]?.data).toBe('Ã©');
    await expect(latin1.send('€')).rejects.toThrow(RangeError);
  });

  it('an aborted send is taken back while it waits', async () => {
    const device = create({});
    const abort = new AbortController();
    const sent = device.send('x', { signal: abort.signal });
    expect(device.getBufferedAmount()).toBe(1);
    abort.abort(new Error('changed my mind'));
    await expect(sent).rejects.toThrow('changed my mind');
    expect(device.getBufferedAmount()).toBe(0);
    await expect(device.ready({ signal: AbortSignal.abort(new Error('no time')) })).rejects.toThrow('no time');
    await expect(device.discover({ signal: AbortSignal.abort(new Error('no time')) })).rejects.toThrow('no time');
  });

  it('credentials may come from a function, asked before every login', async () => {
    let asked = 0;
    const { connectName, connectPassword } = target;
    const device = await open({
      connectName: '',
      connectPassword: '',
      credentials: () => Promise.resolve({ connectName, connectPassword, asked: asked++ }),
    });
    await device.close();
    device.start();
    await device.ready();
    expect(asked).toBe(2);
  });
}
