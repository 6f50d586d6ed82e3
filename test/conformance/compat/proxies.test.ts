import { generate } from 'selfsigned';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BinData, ConnectFailReason, Rest, Socket, WebSocket } from '../../../src/compat';
import { binary, more, pattern } from '../frames/frame-bytes';
import { startHttpProxy, startSocksProxy, type ProxyOptions, type TestProxy } from '../frames-client/proxies';
import { RawServer, type RawPeer } from '../frames-client/raw-server';
import { startTlsServer } from './lab';

const stops: (() => Promise<void> | void)[] = [];
let pems: { cert: string; private: string };

beforeAll(async () => {
  pems = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function startOrigin(): Promise<{ port: number; peers: RawPeer[] }> {
  const peers: RawPeer[] = [];
  const server = await RawServer.start((peer) => {
    peers.push(peer);
    peer.write(peer.answer());
  });
  stops.push(() => server.stop());
  return { port: server.port, peers };
}

async function startProxy(
  kind: (options: ProxyOptions) => Promise<TestProxy>,
  options: ProxyOptions,
): Promise<TestProxy> {
  const proxy = await kind(options);
  stops.push(() => proxy.stop());
  return proxy;
}

function socketThroughHttp(port: number, username = '', password = ''): Socket {
  const socket = new Socket();
  socket.HttpProxyHostname = '127.0.0.1';
  socket.HttpProxyPort = port;
  socket.HttpProxyUsername = username;
  socket.HttpProxyPassword = password;
  socket.HttpProxyAuthMethod = 'Basic';
  socket.HttpProxyForHttp = true;
  return socket;
}

function socketThroughSocks(port: number, version: number, username = '', password = ''): Socket {
  const socket = new Socket();
  socket.SocksVersion = version;
  socket.SocksHostname = '127.0.0.1';
  socket.SocksPort = port;
  socket.SocksUsername = username;
  socket.SocksPassword = password;
  return socket;
}

/** Steps 3 to 6 of W1 over a socket that is connected. */
async function upgrade(socket: Socket, headers: Record<string, string> = {}): Promise<WebSocket> {
  const [rest, ws] = [new Rest(), new WebSocket()];
  stops.push(() => void ws.CloseConnection());
  expect(rest.UseConnection(socket, true)).toBe(true);
  expect([ws.UseConnection(rest), ws.AddClientHeaders()]).toEqual([true, true]);
  for (const [name, value] of Object.entries(headers)) expect(rest.AddHeader(name, value)).toBe(true);
  expect([await rest.FullRequestNoBody('GET', '/'), rest.ResponseStatusCode]).toEqual(['', 101]);
  expect(await ws.ValidateServerHandshake(), ws.LastErrorText).toBe(true);
  return ws;
}

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

describe('compat: W2, through an HTTP proxy', () => {
  it('HttpProxyHostname, HttpProxyPort, HttpProxyUsername, HttpProxyPassword: one CONNECT, which the server does not see', async () => {
    const origin = await startOrigin();
    const proxy = await startProxy(startHttpProxy, { to: origin.port, credentials: ['me', 'pass'] });
    const socket = socketThroughHttp(proxy.port, 'me', 'pass');
    expect(await socket.Connect('wshost.example', 80, false, 5_000), socket.LastErrorText).toBe(true);
    expect([socket.ConnectFailReason, socket.IsConnected]).toEqual([0, true]);
    expect(socket.LastErrorText).toContain('HttpProxyForHttp has no effect');
    const ws = await upgrade(socket);
    expect(ws.IsConnected).toBe(true);
    expect(proxy.asked).toEqual([{ target: 'wshost.example:80', credentials: basic('me', 'pass') }]);
    const names = proxy.rawHeaders.flat().map((name) => name.toLowerCase());
    expect(names.filter((name) => name === 'proxy-authorization')).toHaveLength(1);
    const [peer] = origin.peers;
    expect([peer?.request.line, peer?.request.header('host')]).toEqual(['GET / HTTP/1.1', 'wshost.example']);
    expect(peer?.request.headers.filter(([name]) => /proxy|authorization/i.test(name))).toEqual([]);
    expect([await ws.SendFrame('x', true), (await peer?.frames(1))?.[0]?.opcode]).toEqual([true, 1]);
  });

  it('the wrong password: Connect is false, ConnectFailReason 50, and LastErrorText says why without it', async () => {
    const origin = await startOrigin();
    const proxy = await startProxy(startHttpProxy, { to: origin.port, credentials: ['me', 'pass'] });
    const socket = socketThroughHttp(proxy.port, 'me', 'hunter2');
    expect([await socket.Connect('wshost.example', 80, false, 5_000), socket.ConnectFailReason]).toEqual([
      ...[false, ConnectFailReason.PROXY_UNAUTHORIZED],
    ]);
    expect([socket.IsConnected, socket.LastMethodSuccess, origin.peers]).toEqual([false, false, []]);
    expect(socket.LastErrorText).toMatch(/code: PROXY_UNAUTHORIZED[^]*answerStatus: 407[^]*Failed\.\n/);
    expect(socket.LastErrorText).not.toContain('hunter2');
  });

  it('the same with TLS on port 443: TLS runs inside the tunnel', async () => {
    const origin = await startTlsServer({ cert: pems.cert, key: pems.private });
    stops.push(() => origin.stop());
    const proxy = await startProxy(startHttpProxy, { to: origin.port, credentials: ['me', 'pass'] });
    const socket = socketThroughHttp(proxy.port, 'me', 'pass');
    expect([await socket.Connect('wshost.example', 443, true, 5_000), socket.ConnectFailReason]).toEqual([
      ...[false, ConnectFailReason.CERTIFICATE_INVALID],
    ]);
    socket.RequireSslCertVerify = false;
    expect(await socket.Connect('wshost.example', 443, true, 5_000), socket.LastErrorText).toBe(true);
    expect((await upgrade(socket)).IsConnected).toBe(true);
    expect(proxy.asked.map(({ target }) => target)).toEqual(['wshost.example:443', 'wshost.example:443']);
    expect(origin.seen.at(-1)?.servername).toBe('wshost.example');
    expect(origin.requests.at(-1)).toMatch(/^GET \/ HTTP\/1\.1\r\nHost: wshost\.example\r\n/);
    expect(origin.requests.join()).not.toMatch(/authorization/i);
  });

  it.each([
    ['HttpProxyAuthMethod NTLM', { HttpProxyAuthMethod: 'NTLM', HttpProxyDomain: 'D' }, 'NTLM is not there', 5],
    ['a proxy of each kind', { SocksVersion: 5, SocksHostname: 'p' }, 'use one of them', 5],
    ['HttpProxyHostname that is none', { HttpProxyHostname: 'a/b' }, 'host name', 5],
    ['HttpProxyPort that is none', { HttpProxyPort: 70_000 }, 'INVALID_URL', 2],
    ['HttpProxyUsername with a colon', { HttpProxyUsername: 'a:b' }, 'colon', 5],
  ])('%s: Connect is false and says why', async (_, properties, says, reason) => {
    const socket = Object.assign(socketThroughHttp(8_080), properties);
    expect([await socket.Connect('wshost.example', 80, false, 1_000), socket.ConnectFailReason]).toEqual([
      ...[false, reason],
    ]);
    expect(socket.LastErrorText).toContain(says);
  });

  it('a proxy that cannot be reached: ConnectFailReason 7', async () => {
    const gone = await startHttpProxy({ to: 9 });
    await gone.stop();
    const socket = socketThroughHttp(gone.port);
    expect([await socket.Connect('wshost.example', 80, false, 5_000), socket.ConnectFailReason]).toEqual([
      ...[false, ConnectFailReason.REFUSED],
    ]);
    expect(socket.LastErrorText).toContain('PROXY_FAILED');
  });
});

/** The login of W5: through the proxy to a WebSocket with two headers of its own. */
async function logIn(port: number): Promise<WebSocket> {
  const socket = socketThroughSocks(port, 5, 'anna', 'secret');
  socket.MaxReadIdleMs = 20_000;
  expect(await socket.Connect('feed.example', 80, false, 15_000), socket.LastErrorText).toBe(true);
  return upgrade(socket, { Origin: 'http://feed.example', Cookie: 'a=b' });
}

/** Reads whole messages and gives their bytes. */
async function readBinary(ws: WebSocket): Promise<Uint8Array> {
  do expect(await ws.ReadFrame(), ws.LastErrorText).toBe(true);
  while (!ws.FinalFrame);
  const bd = new BinData();
  expect([ws.GetFrameDataBd(bd), ws.FrameDataLen]).toEqual([true, 0]);
  const { NumBytes } = bd;
  expect([ws.GetFrameDataBd(bd), bd.NumBytes]).toEqual([true, NumBytes]);
  return bd.GetBinary();
}

describe('compat: W5, binary over SOCKS 5', () => {
  it('SocksVersion, SocksHostname, SocksPort, SocksUsername, SocksPassword: name and credentials at the proxy; 70,000 bytes in one frame and in five', async () => {
    const origin = await startOrigin();
    const proxy = await startProxy(startSocksProxy, { to: origin.port, credentials: ['anna', 'secret'] });
    const ws = await logIn(proxy.port);
    expect(proxy.asked).toEqual([{ target: '3 feed.example:80', credentials: 'anna:secret' }]);
    const [peer] = origin.peers;
    expect([peer?.request.header('origin'), peer?.request.header('cookie')]).toEqual(['http://feed.example', 'a=b']);
    const [data, bd] = [pattern(70_000), new BinData()];
    bd.AppendBinary(data);
    expect(await ws.SendFrameBd(bd, true)).toBe(true);
    expect((await peer?.frames(1))?.[0]).toMatchObject({ opcode: 2, fin: true, payload: data });
    peer?.write(binary(data), binary(data.slice(0, 14_000), false));
    for (let i = 1; i < 5; i++) peer?.write(more(data.slice(i * 14_000, (i + 1) * 14_000), i === 4));
    expect(await readBinary(ws)).toEqual(data);
    expect(await readBinary(ws)).toEqual(data);
  });

  it('a heartbeat that fails: drop, and log in again', async () => {
    const origin = await startOrigin();
    const proxy = await startProxy(startSocksProxy, { to: origin.port, credentials: ['anna', 'secret'] });
    let ws = await logIn(proxy.port);
    const beat = async () => (await ws.SendFrame('beat', true)) && (await ws.ReadFrame());
    const answering = beat();
    await origin.peers[0]?.frames(1);
    origin.peers[0]?.write(binary(Uint8Array.of(1)));
    expect(await answering).toBe(true);
    origin.peers[0]?.socket.destroy();
    expect([await ws.ReadFrame(), await beat(), ws.IsConnected]).toEqual([false, false, false]);
    ws = await logIn(proxy.port);
    const again = beat();
    await origin.peers[1]?.frames(1);
    origin.peers[1]?.write(binary(Uint8Array.of(2)));
    expect([await again, proxy.asked.length]).toEqual([true, 2]);
  });

  it.each([
    ['SocksPassword', socketThroughSocks(0, 5, 'anna', 'hunter2')],
    ['SocksUsername of version 4', socketThroughSocks(0, 4, 'eve')],
  ])('the wrong %s: Connect is false, ConnectFailReason 50', async (_, socket) => {
    const proxy = await startProxy(startSocksProxy, { to: 9, credentials: ['anna', 'secret'] });
    socket.SocksPort = proxy.port;
    expect([await socket.Connect('192.0.2.7', 80, false, 5_000), socket.ConnectFailReason]).toEqual([false, 50]);
    expect(socket.LastErrorText).not.toContain('hunter2');
  });

  it('SocksVersion 4 looks the name up here and shows SocksUsername; 3 is none', async () => {
    const origin = await startOrigin();
    const proxy = await startProxy(startSocksProxy, { to: origin.port, credentials: ['anna', ''] });
    const socket = socketThroughSocks(proxy.port, 4, 'anna');
    expect(await socket.Connect('localhost', 80, false, 5_000), socket.LastErrorText).toBe(true);
    expect(proxy.asked).toEqual([{ target: '127.0.0.1:80', credentials: 'anna' }]);
    socket.SocksVersion = 3;
    expect([await socket.Connect('localhost', 80, false, 5_000), socket.ConnectFailReason]).toEqual([false, 5]);
    expect(socket.LastErrorText).toContain('SocksVersion is 0, 4 or 5.');
    expect([new Socket().SocksVersion, new Socket().SocksPort]).toEqual([0, 1_080]);
  });
});
