import { generate } from 'selfsigned';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConnectFailReason, Rest, Socket, TransferFailReason, WebSocket } from '../../../src/compat';
import { devicePassphrase, devicePem, devicePfx } from '../../helpers/device-certificate';
import { binary, pattern } from '../frames/frame-bytes';
import { onePeer } from '../frames-client/raw-server';
import { startTlsServer, type TlsServer } from './lab';

let pems: { cert: string; private: string };
const stops: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  pems = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function startTls(options: object = {}): Promise<TlsServer> {
  const server = await startTlsServer({ cert: pems.cert, key: pems.private, ...options });
  stops.push(() => server.stop());
  return server;
}

/** Hands the socket over and upgrades; the answer comes when the test gives it. */
async function upgrade(socket: Socket): Promise<{ ws: WebSocket; rest: Rest; asking: Promise<string | null> }> {
  const [rest, ws] = [new Rest(), new WebSocket()];
  stops.push(() => void ws.CloseConnection());
  rest.UseConnection(socket, false);
  ws.UseConnection(rest);
  ws.AddClientHeaders();
  return { ws, rest, asking: rest.FullRequestNoBody('GET', '/') };
}

describe('compat: Socket, TCP and TLS', () => {
  it('Connect, Rest.UseConnection: the socket hands its connection over', async () => {
    const { server, peer } = await onePeer();
    stops.push(() => server.stop());
    const [socket, rest] = [new Socket(), new Rest()];
    expect(rest.UseConnection(socket, true)).toBe(false);
    expect([await socket.Connect('127.0.0.1', server.port, false, 5_000), socket.IsConnected]).toEqual([true, true]);
    expect([socket.TlsCipherSuite, socket.TlsVersion]).toEqual(['', '']);
    const { ws, asking } = await upgrade(socket);
    expect(socket.IsConnected).toBe(false);
    const raw = await peer;
    raw.write(raw.answer());
    expect([await asking, await ws.ValidateServerHandshake()]).toEqual(['', true]);
    expect([await socket.Close(10), await socket.Connect('', 1, false, 0), socket.ConnectFailReason]).toEqual([
      ...[true, false, 1],
    ]);
    expect([await socket.Connect('a b', 1, false, 0), await socket.Connect('a', -1, false, 0)]).toEqual([
      ...[false, false],
    ]);
  });

  it('RequireSslCertVerify: certificates are checked unless it is off; TlsVersion, TlsCipherSuite say what was agreed', async () => {
    const { port } = await startTls();
    const [socket, rest] = [new Socket(), new Rest()];
    expect([await socket.Connect('127.0.0.1', port, true, 5_000), socket.ConnectFailReason]).toEqual([
      ...[false, ConnectFailReason.CERTIFICATE_INVALID],
    ]);
    expect([await rest.Connect('127.0.0.1', port, true, false), rest.ConnectFailReason]).toEqual([false, 106]);
    socket.RequireSslCertVerify = false;
    expect(await socket.Connect('127.0.0.1', port, true, 5_000), socket.LastErrorText).toBe(true);
    expect([socket.TlsVersion, socket.TlsCipherSuite]).toEqual([
      'TLS 1.3',
      expect.stringMatching(/^TLS_[A-Z0-9_]+$/) as string,
    ]);
    const { ws, asking } = await upgrade(socket);
    expect([await asking, await ws.ValidateServerHandshake()]).toEqual(['', true]);
    expect(socket.TlsVersion).toBe('TLS 1.3');
  });

  it.each([
    ['TLS 1.2', 'TLS 1.2'],
    ['tls 1.2 or higher', 'TLS 1.3'],
    ['TLS 1.3', 'TLS 1.3'],
    ['default', 'TLS 1.3'],
  ])('SslProtocol %s agrees on %s', async (protocol, agreed) => {
    const { port } = await startTls();
    const socket = Object.assign(new Socket(), { RequireSslCertVerify: false, SslProtocol: protocol });
    expect(await socket.Connect('localhost', port, true, 5_000), socket.LastErrorText).toBe(true);
    expect(socket.TlsVersion).toBe(agreed);
    await socket.Close(0);
  });

  it('SslProtocol that is none, and one that the server does not speak', async () => {
    const { port } = await startTls({ maxVersion: 'TLSv1.2' });
    const socket = Object.assign(new Socket(), { RequireSslCertVerify: false, SslProtocol: 'SSL 3.0' });
    expect([await socket.Connect('localhost', port, true, 5_000), socket.ConnectFailReason]).toEqual([false, 5]);
    socket.SslProtocol = 'TLS 1.3';
    expect([await socket.Connect('localhost', port, true, 5_000), socket.ConnectFailReason]).toEqual([
      ...[false, ConnectFailReason.TLS_FAILED],
    ]);
  });

  it('SslAllowedCiphers restricts what is agreed', async () => {
    const { port } = await startTls();
    const socket = Object.assign(new Socket(), { RequireSslCertVerify: false, SslProtocol: 'TLS 1.2' });
    socket.SslAllowedCiphers = 'ECDHE-RSA-AES256-GCM-SHA384';
    expect(await socket.Connect('localhost', port, true, 5_000)).toBe(true);
    expect(socket.TlsCipherSuite).toBe('TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384');
    await socket.Close(0);
  });

  it.each(['SetSslClientCertPem', 'SetSslClientCertPfx'] as const)('%s: the certificate reaches the server', async (method) => {
    const { port, seen } = await startTls({ requestCert: true, rejectUnauthorized: false });
    const socket = Object.assign(new Socket(), { RequireSslCertVerify: false });
    const isSet =
      method === 'SetSslClientCertPem'
        ? socket.SetSslClientCertPem(devicePem, devicePassphrase)
        : socket.SetSslClientCertPfx(devicePfx, devicePassphrase);
    expect([isSet, await socket.Connect('localhost', port, true, 5_000)]).toEqual([true, true]);
    await expect.poll(() => seen[0]?.getPeerCertificate().subject.CN).toBe('device.example');
    expect([socket.SetSslClientCertPem('no pem', ''), socket.LastMethodSuccess]).toEqual([false, false]);
    await socket.Close(0);
  });
});

describe('compat: Socket, options', () => {
  it.each([
    ['KeepAlive', true],
    ['TcpNoDelay', true],
    ['PreferIpv6', false],
    ['ClientIpAddress', ''],
    ['SslProtocol', 'default'],
    ['MaxReadIdleMs', 0],
    ['MaxSendIdleMs', 0],
    ['SoRcvBuf', 0],
    ['SoSndBuf', 0],
    ['BandwidthThrottleUp', 0],
    ['BandwidthThrottleDown', 0],
    ['HttpProxyForHttp', false],
    ['HttpProxyDomain', ''],
  ] as const)('%s begins as %j', (name, value) => {
    expect(new Socket()[name]).toBe(value);
  });

  it('ClientIpAddress, PreferIpv6, KeepAlive, TcpNoDelay: connects with them', async () => {
    const { server, peer } = await onePeer();
    stops.push(() => server.stop());
    const socket = Object.assign(new Socket(), { ClientIpAddress: '127.0.0.3', PreferIpv6: true });
    socket.KeepAlive = socket.TcpNoDelay = false;
    expect(await socket.Connect('127.0.0.1', server.port, false, 5_000), socket.LastErrorText).toBe(true);
    const { asking, ws } = await upgrade(socket);
    const raw = await peer;
    expect(raw.socket.remoteAddress).toBe('127.0.0.3');
    raw.write(raw.answer());
    expect([await asking, await ws.ValidateServerHandshake()]).toEqual(['', true]);
  });

  it('SoRcvBuf, SoSndBuf, MaxSendIdleMs have no effect; LastErrorText says so of the buffers', async () => {
    const { server } = await onePeer();
    stops.push(() => server.stop());
    const socket = Object.assign(new Socket(), { SoRcvBuf: 65_536, SoSndBuf: 65_536, MaxSendIdleMs: 1 });
    expect(await socket.Connect('127.0.0.1', server.port, false, 5_000)).toBe(true);
    expect([socket.SoRcvBuf, socket.SoSndBuf, socket.MaxSendIdleMs]).toEqual([65_536, 65_536, 1]);
    expect(socket.LastErrorText).toContain('SoRcvBuf and SoSndBuf have no effect');
    await socket.Close(0);
  });

  it('BandwidthThrottleUp, BandwidthThrottleDown: both ways take their time', async () => {
    const { server, peer } = await onePeer();
    stops.push(() => server.stop());
    const socket = Object.assign(new Socket(), { BandwidthThrottleUp: 20_000, BandwidthThrottleDown: 40_000 });
    await socket.Connect('127.0.0.1', server.port, false, 5_000);
    const { asking, ws } = await upgrade(socket);
    const raw = await peer;
    raw.write(raw.answer());
    expect([await asking, await ws.ValidateServerHandshake()]).toEqual(['', true]);
    const begin = performance.now();
    raw.write(binary(pattern(12_000)));
    const sending = ws.SendFrame('x'.repeat(6_000), true);
    expect([await ws.ReadFrame(), ws.FrameDataLen]).toEqual([true, 12_000]);
    expect(performance.now() - begin).toBeGreaterThan(190);
    expect([await sending, (await raw.frames(1))[0]?.payload.length]).toEqual([true, 6_000]);
    expect(performance.now() - begin).toBeGreaterThan(190);
    socket.BandwidthThrottleUp = -1;
    expect(await socket.Connect('127.0.0.1', server.port, false, 5_000)).toBe(false);
  });

  it('MaxReadIdleMs ends the wait for an answer; ReceiveFailReason says 5', async () => {
    const { server, peer } = await onePeer();
    stops.push(() => server.stop());
    const socket = Object.assign(new Socket(), { MaxReadIdleMs: 60 });
    expect([socket.ReceiveFailReason, socket.SendFailReason]).toEqual([2, 2]);
    await socket.Connect('127.0.0.1', server.port, false, 5_000);
    expect([socket.ReceiveFailReason, socket.SendFailReason]).toEqual([0, 0]);
    const { asking, rest } = await upgrade(socket);
    await peer;
    expect([await asking, rest.LastErrorText.includes('HANDSHAKE_TIMEOUT')]).toEqual([null, true]);
    expect([socket.ReceiveFailReason, socket.SendFailReason]).toEqual([TransferFailReason.TIMEOUT, 0]);
  });

  it.each([
    ['closed', 10],
    ['reset', 7],
  ] as const)('ReceiveFailReason after the server %s the connection: %i', async (how, reason) => {
    const { server, peer } = await onePeer();
    stops.push(() => server.stop());
    const socket = new Socket();
    await socket.Connect('127.0.0.1', server.port, false, 5_000);
    const { asking } = await upgrade(socket);
    const raw = await peer;
    if (how === 'reset') raw.socket.resetAndDestroy();
    else raw.socket.end();
    expect([await asking, socket.ReceiveFailReason, socket.SendFailReason]).toEqual([null, reason, 0]);
  });
});
