import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type LookupFunction, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { createServer as createTlsServer, type TlsOptions, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { direct, FrameSocket, type ConnectOptions, type FrameSocketError } from '../../../src/frames';
import { devicePassphrase, devicePem, devicePfx } from '../../helpers/device-certificate';
import { close, text } from '../frames/frame-bytes';
import { readPeer, RawServer, type RawPeer } from './raw-server';

interface Pems {
  cert: string;
  key: string;
}

let server: Pems;
let device: Pems;
const stops: (() => Promise<void> | void)[] = [];
/** Servers of this test. */
const listeners: Server[] = [];

async function makePems(name: string): Promise<Pems> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], { keySize: 2048 });
  return { cert, key };
}

beforeAll(async () => {
  [server, device] = await Promise.all([makePems('localhost'), makePems('device.example')]);
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  listeners.length = 0;
});

async function listen(made: Server, place: { path: string } | { port: number; host: string }): Promise<void> {
  const sockets = new Set<Socket>();
  listeners.push(made);
  made.on('connection', (socket: Socket) => sockets.add(socket));
  made.listen(place);
  await once(made, 'listening');
  stops.push(async () => {
    for (const socket of sockets) socket.destroy();
    made.close();
    await once(made, 'close');
  });
}

/** Greets, and answers Closes of the client with FIN. */
const greet = (peer: RawPeer): void => peer.write(peer.answer(), text('hello'));

async function startTls(
  options: TlsOptions = {},
): Promise<{ url: string; seen: TLSSocket[]; peers: RawPeer[] }> {
  const [seen, peers]: [TLSSocket[], RawPeer[]] = [[], []];
  const made = createTlsServer({ ...server, ALPNProtocols: ['http/1.1'], ...options }, (socket) => {
    seen.push(socket);
    socket.on('error', () => socket.destroy());
    readPeer(socket, (peer) => {
      peers.push(peer);
      greet(peer);
    });
  });
  await listen(made, { port: 0, host: '127.0.0.1' });
  return { url: `wss://localhost:${(made.address() as AddressInfo).port}/`, seen, peers };
}

/** A server that greets, and the connections that came. */
async function startPlain(host: string, port = 0): Promise<{ port: number; seen: Socket[] }> {
  const seen: Socket[] = [];
  const made = createServer((socket) => {
    seen.push(socket);
    socket.on('error', () => socket.destroy());
    readPeer(socket, greet);
  });
  await listen(made, { port, host });
  return { port: (made.address() as AddressInfo).port, seen };
}

async function connect(url: string, options: ConnectOptions = {}): Promise<FrameSocket> {
  const socket = await FrameSocket.connect(url, options);
  stops.push(() => socket.terminate());
  return socket;
}

describe('TLS', () => {
  it('F-7: own CA, server name and ALPN http/1.1; frames and closing over it', async () => {
    const { url, seen, peers } = await startTls();
    const socket = await connect(url, { tls: { ca: server.cert } });
    expect((await socket.readFrame()).text()).toBe('hello');
    expect([seen[0]?.servername, seen[0]?.alpnProtocol, seen[0]?.authorized]).toEqual([
      'localhost',
      'http/1.1',
      false,
    ]);
    const data = new Uint8Array(1_000_000).fill(7);
    await socket.sendFrame(data);
    const [frame] = (await peers[0]?.frames(1)) ?? [];
    expect([frame?.opcode, frame?.payload.length]).toEqual([2, 1_000_000]);
    const closed = socket.close(1000);
    await peers[0]?.frames(2);
    peers[0]?.write(close(1000));
    await closed;
    expect(socket.wasClean).toBe(true);
  });

  it('F-7: no server name for an address, whose certificate is checked all the same', async () => {
    const { url, seen } = await startTls(device);
    const address = url.replace('localhost', '127.0.0.1');
    await expect(FrameSocket.connect(address, { tls: { ca: device.cert } })).rejects.toMatchObject({
      code: 'CERTIFICATE_INVALID',
    });
    const named = { ca: device.cert, servername: 'device.example' };
    const socket = await connect(address, { tls: named });
    expect((await socket.readFrame()).text()).toBe('hello');
    await connect(address, { tls: { insecure: true } });
    expect(seen.map((one) => one.servername).slice(-2)).toEqual(['device.example', false]);
    const { url: own } = await startTls();
    await connect(own.replace('localhost', '127.0.0.1'), { tls: { ca: server.cert } });
  });

  it('client certificates', async () => {
    const { url, seen } = await startTls({ requestCert: true, rejectUnauthorized: true, ca: device.cert });
    await connect(url, { tls: { ca: server.cert, ...device } });
    expect(seen[0]?.getPeerCertificate().subject.CN).toBe('device.example');
    const without = FrameSocket.connect(url, { tls: { ca: server.cert } });
    await expect(without).rejects.toMatchObject({
      code: expect.stringMatching(/^(TLS_FAILED|HANDSHAKE_LOST)$/) as string,
    });
  });
});

describe('TLS: the other options', () => {
  it.each([
    ['pfx', { pfx: devicePfx, passphrase: devicePassphrase }],
    ['cert and encrypted key', { cert: devicePem, key: devicePem, passphrase: devicePassphrase }],
  ])('client certificates: %s with passphrase', async (_, own) => {
    const { url, seen } = await startTls({ requestCert: true, rejectUnauthorized: false });
    const socket = await connect(url, { tls: { ca: server.cert, ...own } });
    expect((await socket.readFrame()).text()).toBe('hello');
    expect(seen[0]?.getPeerCertificate().subject.CN).toBe('device.example');
  });

  it('minVersion, maxVersion, ciphers: what is agreed', async () => {
    const { url, seen } = await startTls();
    const ciphers = 'ECDHE-RSA-AES256-GCM-SHA384';
    await connect(url, { tls: { ca: server.cert, maxVersion: 'TLSv1.2', ciphers } });
    await connect(url, { tls: { ca: server.cert, minVersion: 'TLSv1.3' } });
    expect(seen.map((one) => one.getProtocol())).toEqual(['TLSv1.2', 'TLSv1.3']);
    expect(seen[0]?.getCipher().name).toBe(ciphers);
    const { url: old } = await startTls({ maxVersion: 'TLSv1.2' });
    const newer = FrameSocket.connect(old, { tls: { ca: server.cert, minVersion: 'TLSv1.3' } });
    await expect(newer).rejects.toMatchObject({ code: 'TLS_FAILED' });
  });

  it('checkServerIdentity has the last word', async () => {
    const { url } = await startTls();
    const names: string[] = [];
    const checkServerIdentity = (name: string) => {
      names.push(name);
      return new Error('not this one');
    };
    const refused = FrameSocket.connect(url, { tls: { ca: server.cert, checkServerIdentity } });
    await expect(refused).rejects.toMatchObject({ code: 'TLS_FAILED', cause: { message: 'not this one' } });
    expect(names).toEqual(['localhost']);
  });

  it.each([
    { pfx: devicePfx, passphrase: 'wrong' },
    { ciphers: 'NO-SUCH-CIPHER' },
    { cert: 'no pem' },
    { minVersion: 'TLSv9' as 'TLSv1.3' },
  ])('options that cannot be used are TLS_FAILED and leave no connection open', async (options) => {
    const { url } = await startTls();
    const ended = new Promise<void>((resolve) => listeners[0]?.once('connection', (socket: Socket) => {
      socket.once('close', () => resolve());
    }));
    await expect(FrameSocket.connect(url, { tls: { ca: server.cert, ...options } })).rejects.toMatchObject({
      name: 'FrameSocketError',
      code: 'TLS_FAILED',
    });
    await ended;
  });
});

describe('other ways to a server', () => {
  it('a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webifi-frames-'));
    stops.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'relay.sock');
    let host: string | undefined;
    const made = createServer((socket) => {
      readPeer(socket, (peer) => {
        host = peer.request.header('host');
        greet(peer);
      });
    });
    await listen(made, { path });
    const socket = await connect('ws://relay.local/', { connect: direct({ socketPath: path }) });
    expect([(await socket.readFrame()).text(), host]).toEqual(['hello', 'relay.local']);
  });

  it('IPv6', async () => {
    const made = createServer((socket) => readPeer(socket, greet));
    await listen(made, { port: 0, host: '::1' });
    const socket = await connect(`ws://[::1]:${(made.address() as AddressInfo).port}/`);
    expect((await socket.readFrame()).text()).toBe('hello');
  });

  it('localAddress, localPort, lookup', async () => {
    const { port: free } = await startPlain('127.0.0.1');
    await stops.pop()?.();
    const { port, seen } = await startPlain('127.0.0.1');
    const lookup: LookupFunction = (_, { all }, done) =>
      all === true ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
    const way = direct({ localAddress: '127.0.0.2', localPort: free, lookup });
    const socket = await connect(`ws://no-such-name.invalid:${port}/`, { connect: way });
    expect((await socket.readFrame()).text()).toBe('hello');
    expect(seen.map(({ remoteAddress, remotePort }) => [remoteAddress, remotePort])).toEqual([
      ['127.0.0.2', free],
    ]);
  });

  it('preferIpv6 and family choose among the addresses of a name', async () => {
    const four = await startPlain('127.0.0.1');
    const six = await startPlain('::1', four.port);
    const both = [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ];
    const lookup: LookupFunction = (_, { all, family }, done) => {
      const found = both.filter((one) => family === 0 || family === undefined || family === one.family);
      if (all === true) done(null, found);
      else done(null, found[0]?.address ?? '', found[0]?.family);
    };
    const url = `ws://both.invalid:${four.port}/`;
    const used: string[] = [];
    for (const options of [{}, { preferIpv6: true }, { family: 6 }, { family: 4, preferIpv6: true }] as const) {
      const before = six.seen.length;
      const socket = await connect(url, { connect: direct({ ...options, lookup }) });
      expect((await socket.readFrame()).text()).toBe('hello');
      used.push(six.seen.length > before ? '::1' : '127.0.0.1');
    }
    expect(used).toEqual(['127.0.0.1', '::1', '::1', '127.0.0.1']);
  });

  it('any stream both ways', async () => {
    const [ours, theirs] = duplexPair();
    readPeer(theirs, greet);
    const targets: unknown[] = [];
    const socket = await connect('ws://inside.example:81/', {
      connect: (target) => {
        targets.push(target);
        return Promise.resolve(ours);
      },
    });
    expect((await socket.readFrame()).text()).toBe('hello');
    expect(targets).toEqual([{ host: 'inside.example', port: 81, secure: false }]);
    socket.terminate();
    expect(ours.destroyed).toBe(true);
  });
});

describe('credentials and redirects', () => {
  async function startServer(answer: (peer: RawPeer) => void): Promise<{ url: string; seen: RawPeer[] }> {
    const seen: RawPeer[] = [];
    const made = await RawServer.start((peer) => {
      seen.push(peer);
      answer(peer);
    });
    stops.push(() => made.stop());
    return { url: made.url, seen };
  }

  const moved = (to: string) => (peer: RawPeer) =>
    peer.write(`HTTP/1.1 307 Moved\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`);

  it.each([
    [{ auth: { basic: { username: 'anna', password: 'pä:ss' } } }, 'Basic YW5uYTpww6Q6c3M='],
    [{ auth: { bearer: 'abc.def' } }, 'Bearer abc.def'],
  ] as [ConnectOptions, string][])('%j', async (options, header) => {
    const { url, seen } = await startServer(greet);
    await connect(url, options);
    expect(seen[0]?.request.header('authorization')).toBe(header);
  });

  it('F-20, SEC-21: follows when allowed; credentials stay with their origin', async () => {
    const second = await startServer(greet);
    const first = await startServer((peer) =>
      moved(peer.request.line.includes('/there') ? second.url : '/there')(peer),
    );
    const socket = await connect(first.url, {
      maxRedirects: 2,
      query: { a: 'b' },
      auth: { bearer: 'secret' },
      headers: { Cookie: 'c=d', 'X-Kept': 'yes' },
    });
    expect((await socket.readFrame()).text()).toBe('hello');
    expect(first.seen.map((peer) => [peer.request.line, peer.request.header('authorization')])).toEqual([
      ['GET /?a=b HTTP/1.1', 'Bearer secret'],
      ['GET /there HTTP/1.1', 'Bearer secret'],
    ]);
    const [last] = second.seen;
    expect(last?.request.headers.filter(([name]) => /cookie|auth/i.test(name))).toEqual([]);
    expect(last?.request.header('x-kept')).toBe('yes');
    const keys = [...first.seen, ...second.seen].map((peer) => peer.request.header('sec-websocket-key'));
    expect(new Set(keys).size).toBe(3);
    for (const peer of first.seen) await peer.ended();
  });

  it('F-20: does not follow unless told to, nor more often', async () => {
    const { url, seen } = await startServer(moved('/again'));
    await expect(FrameSocket.connect(url)).rejects.toMatchObject({
      code: 'HANDSHAKE_REJECTED',
      answer: { status: 307 },
    });
    await expect(FrameSocket.connect(url, { maxRedirects: 3 })).rejects.toMatchObject({
      code: 'HANDSHAKE_REJECTED',
    });
    expect(seen).toHaveLength(5);
  });

  it('F-20: never from TLS to plain text, to another scheme, or to nowhere', async () => {
    for (const place of ['ws://127.0.0.1/', 'http://127.0.0.1/', 'ftp://127.0.0.1/', 'ws://[', undefined]) {
      const made = createTlsServer(server, (socket) => {
        socket.on('error', () => socket.destroy());
        readPeer(
          socket,
          place === undefined ? (peer) => peer.write('HTTP/1.1 302 Moved\r\n\r\n') : moved(place),
        );
        socket.on('end', () => socket.end());
      });
      await listen(made, { port: 0, host: '127.0.0.1' });
      const url = `wss://localhost:${(made.address() as AddressInfo).port}/`;
      const options = { maxRedirects: 1, tls: { ca: server.cert }, handshakeTimeoutMs: 200 };
      const error = await FrameSocket.connect(url, options).catch((one: unknown) => one as FrameSocketError);
      expect([place, (error as FrameSocketError).code]).toEqual([
        place,
        place?.startsWith('ftp') ? expect.stringMatching(/REDIRECT_REFUSED|INVALID_URL/) : 'REDIRECT_REFUSED',
      ]);
    }
  });
});
