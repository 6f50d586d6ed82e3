import { describe, expect, it, vi } from 'vitest';
import type { SendOptions, WebifiOptions } from '../../../src/client/public';
import { FakePlatform, turn } from '../../helpers/fake-platform';

const ADDRESS = /^server must be an address such as "http:.*without path, name or password\.$/;

describe('options', () => {
  it.each<[option: string, options: WebifiOptions, text: RegExp]>([
    ['an empty server', { server: '' }, ADDRESS],
    ['a server that is no address', { server: 'http://:x' }, ADDRESS],
    ['a scheme of another kind', { server: 'ftp://h' }, ADDRESS],
    ['a scheme without an origin', { server: 'file:///h' }, ADDRESS],
    ['a name in the address', { server: 'http://me@h' }, ADDRESS],
    ['a password in the address', { server: 'http://:pw@h' }, ADDRESS],
    ['a path', { server: 'http://h:1/api' }, ADDRESS],
    ['a query', { server: 'http://h:1/?q=1' }, ADDRESS],
    ['a fragment', { server: 'http://h:1/#top' }, ADDRESS],
    ['a connect name', { connectName: 7 as never }, /^connectName must be a text, got number/],
    ['a name', { name: 7 as never }, /^name must be a text, got number/],
    ['one network', { networkNames: 'n1' as never }, /^networkNames must be a list of texts, got string/],
    ['a number among the networks', { networkNames: ['a', 1 as never] }, /^networkNames must be a list of texts, got/],
    ['a timeout as text', { downloadTimeout: '60' as never }, /^downloadTimeout must be a number of seconds, got string/],
    ['a timeout that is no number', { downloadTimeout: NaN }, /^downloadTimeout must be a number of seconds, got number/],
  ])('%s: %j', (_, options, text) => {
    const create = (): unknown => new FakePlatform().create(options);
    expect(create).toThrow(TypeError);
    expect(create).toThrow(text);
  });

  it('a password in a wrong address is not in the error', () => {
    const error = expect.objectContaining({ message: expect.not.stringContaining('hidden') as string }) as Error;
    expect(() => new FakePlatform().create({ server: 'http://me:hidden@h' })).toThrow(error);
  });

  it.each<[server: string, url: string, secure: boolean]>([
    ['h', 'http://h/', false],
    ['h:81', 'http://h:81/', false],
    ['http://h:80', 'http://h/', false],
    ['HTTPS://H', 'https://h/', true],
    ['ws://h:1', 'http://h:1/', false],
    ['wss://h:1/', 'https://h:1/', true],
    ['[::1]:1', 'http://[::1]:1/', false],
  ])('server %s logs in at %s', async (server, url, secure) => {
    const platform = new FakePlatform();
    const device = platform.create({ server, logger: { warn: () => undefined } });
    expect(device.getUseEncryption()).toBe(secure);
    device.start();
    await turn();
    expect(platform.lastPost.url).toBe(url);
  });

  it.each([
    [undefined, 120],
    [9, 10],
    [10, 10],
    [59.6, 60],
    [600, 600],
    [601, 600],
    [Infinity, 600],
    [-Infinity, 10],
  ])('T-8 P-68 a download timeout of %s s is %s s', (downloadTimeout, seconds) => {
    const device = new FakePlatform().create(downloadTimeout === undefined ? {} : { downloadTimeout });
    expect(device.getDownloadTimeout()).toBe(seconds);
    expect(device.setDownloadTimeout(downloadTimeout ?? 120)).toBe(0);
    expect(device.getDownloadTimeout()).toBe(seconds);
  });

  it('defaults are those of the seed', () => {
    const device = new FakePlatform().create();
    expect(device.getUseWebSocket()).toBe(true);
    expect(device.getUseEncryption()).toBe(false);
    expect(device.getDiscoverable()).toBe(true);
    expect(device.getNetworkNames()).toEqual([]);
    expect(device.name).toBe('');
  });

  it('every seed pair sets and gets, and returns 0', () => {
    const device = new FakePlatform().create();
    expect(device.setConnectName('a')).toBe(0);
    expect(device.setConnectPassword('b')).toBe(0);
    expect(device.setNetworkNames(['x', '', 'y'])).toBe(0);
    expect(device.setDiscoverable(false)).toBe(0);
    expect(device.setDownloadTimeout(20)).toBe(0);
    expect(device.setUseEncryption(true)).toBe(0);
    expect(device.setUseWebSocket(false)).toBe(0);
    device.name = 'me';
    expect([device.getConnectName(), device.getConnectPassword(), device.getNetworkNames(), device.name]).toEqual([
      'a',
      'b',
      ['x', 'y'],
      'me',
    ]);
    expect([device.getDiscoverable(), device.getDownloadTimeout()]).toEqual([false, 20]);
    expect([device.getUseEncryption(), device.getUseWebSocket()]).toEqual([true, false]);
  });

  it('setters refuse wrong types and change nothing', () => {
    const device = new FakePlatform().create({ name: 'me', networkNames: ['n'] });
    expect(() => device.setConnectName(1 as never)).toThrow(TypeError);
    expect(() => device.setNetworkNames('n' as never)).toThrow(TypeError);
    expect(() => device.setDownloadTimeout('1' as never)).toThrow(TypeError);
    expect(() => (device.name = 1 as never)).toThrow(TypeError);
    expect([device.getConnectName(), device.getNetworkNames(), device.name]).toEqual(['home', ['n'], 'me']);
  });

  it('a list of networks that the caller keeps is a copy', () => {
    const device = new FakePlatform().create({ networkNames: ['n'] });
    device.getNetworkNames().push('x');
    expect(device.getNetworkNames()).toEqual(['n']);
  });

  it.each([{ connectName: '' }, { connectPassword: '' }])('start without %j is code 8', (options) => {
    const platform = new FakePlatform();
    expect(platform.create(options).start()).toBe(8);
    expect(platform.page).toBeUndefined();
  });
});

describe('what is sent', () => {
  it.each<[what: string, data: unknown, options: SendOptions, text: RegExp]>([
    ['a number', 7, {}, /^data must be .*, got number/],
    ['a plain object', {}, {}, /^data must be .*, got object/],
    ['a data type that is no text', 'x', { dataType: 1 as never }, /^dataType must be a text, got number/],
    ['one network', 'x', { toNetworks: 'n' as never }, /^toNetworks must be a list of texts, got string/],
    ['a session id as number', 'x', { toSessionIds: [7 as never] }, /^toSessionIds must be a list of texts/],
    ['a session id that is a name', 'x', { toSessionIds: ['kitchen'] }, /^Not a session id: "kitchen"/],
    ['a session id with more behind it', 'x', { toSessionIds: ['7~d=1'] }, /^Not a session id: "7~d=1"/],
  ])('%s is refused', async (_, data, options, text) => {
    const device = new FakePlatform().create();
    await expect(device.send(data as string, options)).rejects.toThrow(text);
    expect(() => device.sendData({ data: data as string, ...options })).toThrow(TypeError);
    expect(device.getBufferedAmount()).toBe(0);
  });

  it.each([undefined, null])('no data (%s) is code 6', async (data) => {
    const device = new FakePlatform().create();
    expect(device.sendData({ data: data as undefined })).toBe(6);
    await expect(device.send(data as never)).rejects.toMatchObject({ code: 6, name: 'NOTHING_TO_SEND', remote: false });
  });

  it.each<[what: string, data: string | Uint8Array | ArrayBuffer]>([
    ['text', 'ab'],
    ['bytes', Uint8Array.of(97, 98)],
    ['a buffer', Uint8Array.of(97, 98).buffer],
  ])('%s goes out as it is', async (_, data) => {
    const platform = new FakePlatform();
    const device = await platform.connect();
    expect(device.sendData({ ...device.createSendData(), data, dataType: 't', toNetworks: ['n'] })).toBe(0);
    await turn();
    expect(platform.socket.sent.at(-1)).toBe('~n=n~dt=t~d=ab~t=1');
  });

  it('P-26 a binary string has no characters above U+00FF', () => {
    const device = new FakePlatform().create({ textEncoding: 'latin-1' });
    expect(() => device.sendData({ data: 'a€' })).toThrow(RangeError);
    expect(() => device.sendData({ data: 'a€' })).toThrow(/20ac/i);
  });
});

describe('SEC-3 P-46 the clear-text warning', () => {
  const start = async (options: WebifiOptions): Promise<{ platform: FakePlatform; warnings: string[] }> => {
    const platform = new FakePlatform();
    const warnings: string[] = [];
    const device = platform.create({ ...options, logger: { warn: (text) => warnings.push(text) } });
    device.start();
    await turn();
    return { platform, warnings };
  };

  it('is given once, however often it logs in, and names no secret', async () => {
    const { platform, warnings } = await start({ server: 'http://relay.example:81' });
    await platform.lastPost.fail();
    await platform.pass(60_000);
    expect(platform.posts.length).toBeGreaterThan(1);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/relay\.example:81/);
    expect(warnings[0]).not.toMatch(/secret|home/);
  });

  it('comes before the first byte', async () => {
    const platform = new FakePlatform();
    const posted: number[] = [];
    const device = platform.create({ server: 'h', logger: { warn: () => posted.push(platform.posts.length) } });
    device.start();
    await turn();
    expect(posted).toEqual([0]);
    expect(platform.posts).toHaveLength(1);
  });

  it.each([
    ['127.0.0.1:9324', 0],
    ['127.8.9.1', 0],
    ['localhost', 0],
    ['http://LOCALHOST:80', 0],
    ['[::1]:9324', 0],
    ['https://relay.example', 0],
    ['127.0.0.1.evil.example', 1],
    ['localhost.evil.example', 1],
    ['192.168.1.5:9324', 1],
  ])('for %s: %i', async (server, count) => {
    const { warnings } = await start({ server });
    expect(warnings).toHaveLength(count);
  });

  it('goes to the console when there is no logger', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    try {
      const platform = new FakePlatform();
      platform.create({ server: 'h' }).start();
      await turn();
      expect(warn).toHaveBeenCalledTimes(1);
      expect(platform.posts).toHaveLength(1);
    } finally {
      warn.mockRestore();
    }
  });
});
