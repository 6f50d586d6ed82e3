import { generate } from 'selfsigned';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { environmentProxy, FrameSocket, httpProxy, socks, type ConnectOptions } from '../../../src/frames';
import { proxyFor } from '../../../src/frames/node/environment-proxy';
import { parseUrl } from '../../../src/frames/node/target';
import { binary, more, pattern, text } from '../frames/frame-bytes';
import { startHttpProxy, startSocksProxy, type ProxyOptions, type TestProxy } from './proxies';
import { RawServer, type RawPeer } from './raw-server';

let tls: { cert: string; key: string };
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
  tls = { cert: pems.cert, key: pems.private };
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Origin {
  port: number;
  peers: RawPeer[];
}

/** A server that greets over the WebSocket. */
async function startOrigin(): Promise<Origin> {
  const peers: RawPeer[] = [];
  const server = await RawServer.start((peer) => {
    peers.push(peer);
    peer.write(peer.answer(), text('hello'));
  });
  stops.push(() => server.stop());
  return { port: server.port, peers };
}

async function start(
  kind: (options: ProxyOptions) => Promise<TestProxy>,
  options: Omit<ProxyOptions, 'to'> = {},
): Promise<{ proxy: TestProxy; origin: Origin }> {
  const origin = await startOrigin();
  const proxy = await kind({ to: origin.port, ...options });
  stops.push(() => proxy.stop());
  return { proxy, origin };
}

async function connect(url: string, options: ConnectOptions): Promise<FrameSocket> {
  const socket = await FrameSocket.connect(url, options);
  stops.push(async () => socket.terminate());
  return socket;
}

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

describe('HTTP proxy', () => {
  it('W2, F-9: CONNECT with the credentials, which the server does not see', async () => {
    const { proxy, origin } = await start(startHttpProxy, { credentials: ['me', 'pässword'] });
    const connector = httpProxy({
      url: `http://127.0.0.1:${proxy.port}`,
      auth: { username: 'me', password: 'pässword' },
    });
    const socket = await connect('ws://chat.example/room?x=1', { connect: connector });
    expect((await socket.readFrame()).text()).toBe('hello');
    await socket.sendFrame('thanks');
    expect((await origin.peers[0]?.frames(1))?.[0]?.opcode).toBe(1);
    expect(proxy.asked).toEqual([{ target: 'chat.example:80', credentials: basic('me', 'pässword') }]);
    const seen = origin.peers[0]?.request;
    expect(seen?.line).toBe('GET /room?x=1 HTTP/1.1');
    expect(seen?.header('host')).toBe('chat.example');
    expect(seen?.headers.filter(([name]) => /proxy|authorization/i.test(name))).toEqual([]);
  });

  it('F-8: credentials of both, each where they belong, also out of the URLs', async () => {
    const { proxy, origin } = await start(startHttpProxy, { credentials: ['pu', 'p@w'] });
    const connector = httpProxy({ url: `http://pu:p%40w@127.0.0.1:${proxy.port}` });
    await connect('ws://ou:ow@[2001:db8::1]:8080/', { connect: connector });
    expect(proxy.asked).toEqual([{ target: '[2001:db8::1]:8080', credentials: basic('pu', 'p@w') }]);
    expect(origin.peers[0]?.request.header('authorization')).toBe(basic('ou', 'ow'));
    expect(origin.peers[0]?.request.header('host')).toBe('[2001:db8::1]:8080');
    expect(origin.peers[0]?.request.header('proxy-authorization')).toBeUndefined();
  });

  it('over TLS to the proxy, whose certificate is checked', async () => {
    const { proxy, origin } = await start(startHttpProxy, { tls });
    const url = `https://localhost:${proxy.port}`;
    const refused = FrameSocket.connect('ws://chat.example/', { connect: httpProxy({ url }) });
    await expect(refused).rejects.toMatchObject({
      code: 'PROXY_FAILED',
      cause: { code: 'CERTIFICATE_INVALID' },
    });
    expect(proxy.asked).toEqual([]);
    const socket = await connect('ws://chat.example/', {
      connect: httpProxy({ url, tls: { ca: tls.cert } }),
    });
    expect((await socket.readFrame()).text()).toBe('hello');
    expect(origin.peers).toHaveLength(1);
  });

  it.each([
    ['407 Proxy Authentication Required', 'PROXY_UNAUTHORIZED', 407],
    ['401 Unauthorized', 'PROXY_UNAUTHORIZED', 401],
    ['403 Forbidden', 'PROXY_REFUSED', 403],
    ['502 Bad Gateway', 'PROXY_REFUSED', 502],
    ['301 Moved', 'PROXY_REFUSED', 301],
  ])('F-9: a proxy that answers %s', async (status, code, number) => {
    const { proxy, origin } = await start(startHttpProxy, { answer: `HTTP/1.1 ${status}\r\n\r\nsorry` });
    const connector = httpProxy({ url: `http://u:secret@127.0.0.1:${proxy.port}` });
    const error = await FrameSocket.connect('ws://a.example/', { connect: connector }).catch(
      (one: unknown) => one,
    );
    expect(error).toMatchObject({ code, answer: { status: number } });
    expect(String(error)).not.toContain('secret');
    expect(origin.peers).toEqual([]);
  });

  it('W2: the wrong password', async () => {
    const { proxy } = await start(startHttpProxy, { credentials: ['me', 'right'] });
    const connector = httpProxy({ url: `http://me:wrong@127.0.0.1:${proxy.port}` });
    await expect(FrameSocket.connect('ws://a.example/', { connect: connector })).rejects.toMatchObject({
      code: 'PROXY_UNAUTHORIZED',
    });
  });
});

describe('SOCKS proxy', () => {
  const auth = { username: 'anna', password: 'secret' };
  const credentials = ['anna', 'secret'] as const;

  it.each([
    { version: 5, host: 'chat.example', target: '3 chat.example:80' },
    { version: 5, host: '192.0.2.7', target: '1 192.0.2.7:80' },
    { version: 5, host: '[2001:db8::7:1]', target: '4 20010db8000000000000000000070001:80' },
    { version: '4a', host: 'chat.example', target: 'chat.example:80' },
    { version: '4a', host: '192.0.2.7', target: '192.0.2.7:80' },
    { version: 4, host: '192.0.2.7', target: '192.0.2.7:80' },
    { version: 4, host: 'localhost', target: '127.0.0.1:80' },
  ] as const)('version $version asked for $host', async ({ version, host, target }) => {
    const { proxy } = await start(startSocksProxy);
    const url = `socks://127.0.0.1:${proxy.port}`;
    const socket = await connect(`ws://${host}/`, { connect: socks({ url, version }) });
    expect((await socket.readFrame()).text()).toBe('hello');
    expect(proxy.asked.map((one) => one.target)).toEqual([target]);
  });

  it('W5: user name and password; 70,000 bytes, whole and in five fragments', async () => {
    const { proxy, origin } = await start(startSocksProxy, { credentials });
    const connector = socks({ url: `socks5://127.0.0.1:${proxy.port}`, auth });
    const socket = await connect('ws://feed.example:81/', {
      connect: connector,
      headers: { Origin: 'http://feed.example', Cookie: 'a=b' },
    });
    expect(proxy.asked).toEqual([{ target: '3 feed.example:81', credentials: 'anna:secret' }]);
    const [peer] = origin.peers;
    expect([peer?.request.header('origin'), peer?.request.header('cookie')]).toEqual([
      'http://feed.example',
      'a=b',
    ]);
    const data = pattern(70_000);
    await socket.sendFrame(data);
    expect((await peer?.frames(1))?.[0]).toMatchObject({ opcode: 2, fin: true, payload: data });
    peer?.write(binary(data), binary(data.slice(0, 14_000), false));
    for (let i = 1; i < 5; i++) peer?.write(more(data.slice(i * 14_000, (i + 1) * 14_000), i === 4));
    const messages = socket.messages();
    expect((await messages.next()).value?.text()).toBe('hello');
    expect((await messages.next()).value?.payload).toEqual(data);
    expect((await messages.next()).value?.payload).toEqual(data);
  });

  it('version 4 shows the user name', async () => {
    const { proxy } = await start(startSocksProxy, { credentials });
    await connect('ws://a.example/', { connect: socks({ url: `socks4a://anna@127.0.0.1:${proxy.port}` }) });
    expect(proxy.asked).toEqual([{ target: 'a.example:80', credentials: 'anna' }]);
    const stranger = socks({ url: `socks4a://eve@127.0.0.1:${proxy.port}` });
    await expect(FrameSocket.connect('ws://a.example/', { connect: stranger })).rejects.toMatchObject({
      code: 'PROXY_UNAUTHORIZED',
    });
  });

  it.each([
    ['the wrong password', { username: 'anna', password: 'wrong' }],
    ['no password', undefined],
  ])('version 5 refuses %s', async (_, wrong) => {
    const { proxy } = await start(startSocksProxy, { credentials });
    const connector = socks({
      url: `socks5://127.0.0.1:${proxy.port}`,
      ...(wrong === undefined ? {} : { auth: wrong }),
    });
    const error = await FrameSocket.connect('ws://a.example/', { connect: connector }).catch(
      (one: unknown) => one,
    );
    expect(error).toMatchObject({ code: 'PROXY_UNAUTHORIZED' });
    expect(String(error)).not.toContain('wrong');
  });

  it.each([
    [5, Uint8Array.of(5, 0, 5, 5, 0, 1, 0, 0, 0, 0, 0, 0), 'PROXY_REFUSED', 'connection refused'],
    [5, Uint8Array.of(5, 0, 5, 0, 0, 9), 'PROXY_INVALID', 'address type 9'],
    [5, 'HTTP/1.1 400 Bad Request\r\n\r\n', 'PROXY_INVALID', 'SOCKS 5'],
    [5, Uint8Array.of(5), 'PROXY_FAILED', 'ended'],
    [4, Uint8Array.of(0, 91, 0, 0, 0, 0, 0, 0), 'PROXY_REFUSED', '91'],
    [4, 'nonsense', 'PROXY_INVALID', 'SOCKS 4'],
    [4, '', 'PROXY_FAILED', 'ended'],
  ] as const)('version %s: the proxy answers %j', async (version, answer, code, says) => {
    const { proxy } = await start(startSocksProxy, { answer });
    const connector = socks({ url: `socks://127.0.0.1:${proxy.port}`, version });
    await expect(FrameSocket.connect('ws://192.0.2.1/', { connect: connector })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(says) as string,
    });
  });

  it('a proxy behind a proxy', async () => {
    const { proxy: inner } = await start(startSocksProxy);
    const outer = await startHttpProxy({ to: inner.port });
    stops.push(() => outer.stop());
    const connector = socks({
      url: 'socks5://socks.example:1081',
      connect: httpProxy({ url: `http://127.0.0.1:${outer.port}` }),
    });
    const socket = await connect('ws://a.example/', { connect: connector });
    expect((await socket.readFrame()).text()).toBe('hello');
    expect([outer.asked[0]?.target, inner.asked[0]?.target]).toEqual([
      'socks.example:1081',
      '3 a.example:80',
    ]);
  });
});

describe('proxies of the environment, only when asked for', () => {
  it('is followed by environmentProxy alone', async () => {
    const { proxy, origin } = await start(startHttpProxy);
    const environment = {
      http_proxy: `http://127.0.0.1:${proxy.port}`,
      NO_PROXY: 'localhost, .direct.example',
    };
    await connect('ws://a.example/', { connect: environmentProxy(environment) });
    await connect(`ws://localhost:${origin.port}/`, { connect: environmentProxy(environment) });
    process.env['http_proxy'] = environment.http_proxy;
    try {
      await connect(`ws://127.0.0.1:${origin.port}/`, {});
    } finally {
      delete process.env['http_proxy'];
    }
    expect(proxy.asked.map((one) => one.target)).toEqual(['a.example:80']);
    expect(origin.peers).toHaveLength(3);
  });

  it.each([
    [{ HTTPS_PROXY: 'socks5://p', https_proxy: 'socks5://q' }, 'wss://a.example/', 'socks5://q'],
    [{ http_proxy: 'http://p' }, 'wss://a.example/', undefined],
    [{ http_proxy: '', all_proxy: 'http://p' }, 'ws://a.example/', 'http://p'],
    [{ ALL_PROXY: 'p:8080' }, 'wss://a.example/', 'http://p:8080'],
    [{ ALL_PROXY: 'http://p', NO_PROXY: '*' }, 'wss://a.example/', undefined],
    [{ ALL_PROXY: 'http://p', NO_PROXY: 'example' }, 'wss://a.example/', undefined],
    [{ ALL_PROXY: 'http://p', NO_PROXY: '*.Example' }, 'wss://a.example/', undefined],
    [{ ALL_PROXY: 'http://p', NO_PROXY: 'xample b.example,' }, 'wss://a.example/', 'http://p'],
    [{ ALL_PROXY: 'http://p', NO_PROXY: 'a.example:8443' }, 'wss://a.example/', 'http://p'],
    [{ ALL_PROXY: 'http://p', NO_PROXY: 'a.example:443' }, 'wss://a.example/', undefined],
    [{ ALL_PROXY: 'http://p', NO_PROXY: '::1' }, 'ws://[::1]/', undefined],
    [{ ALL_PROXY: 'http://p', NO_PROXY: '[::1]:80' }, 'ws://[::1]/', undefined],
    [{ ALL_PROXY: 'http://p', NO_PROXY: '[::1]:81' }, 'ws://[::1]/', 'http://p'],
  ])('%j for %s', (environment, url, proxy) => {
    expect(proxyFor(parseUrl(url), environment)).toBe(proxy);
  });
});
