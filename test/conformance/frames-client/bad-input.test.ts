import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { PassThrough } from 'node:stream';
import { generate } from 'selfsigned';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { FrameSocket, FrameSocketError, httpProxy, socks } from '../../../src/frames';
import type { Authorization, ConnectOptions } from '../../../src/frames';

let tls: { cert: string; key: string };
const servers: Server[] = [];
const sockets = new Set<Socket>();

beforeAll(async () => {
  const pems = await generate([{ name: 'commonName', value: 'other.example' }], { keySize: 2048 });
  tls = { cert: pems.cert, key: pems.private };
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    for (const socket of sockets) socket.destroy();
    if (server.listening) await once(server, 'close');
  }
});

/** A server that does as told with each connection. */
async function serve(
  onSocket: (socket: Socket) => void,
  make: (listener: (socket: Socket) => void) => Server = (listener) => createServer(listener),
): Promise<number> {
  const server = make((socket) => {
    socket.on('error', () => socket.destroy()).resume();
    onSocket(socket);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Waits until every connection that a server here accepted has ended. */
async function allClosed(): Promise<void> {
  for (const socket of sockets) await new Promise((resolve) => socket.once('close', resolve));
}

/** Notes what is begun and not ended: timers of the program, listeners of the signal. */
function watch(signal: AbortSignal): { left: () => string[]; stop: () => void } {
  const timers = new Set<unknown>();
  const listeners = new Set<unknown>();
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  vi.stubGlobal('setTimeout', (run: () => void, ms: number) => {
    const timer = set(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
    return timer;
  });
  vi.stubGlobal('clearTimeout', (timer: NodeJS.Timeout) => {
    timers.delete(timer);
    clear(timer);
  });
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
    listeners.add(listener);
    add(type, listener);
  };
  signal.removeEventListener = (type: string, listener: EventListenerOrEventListenerObject) => {
    listeners.delete(listener);
    remove(type, listener);
  };
  return {
    left: () => [...[...timers].map(() => 'timer'), ...[...listeners].map(() => 'listener')],
    stop: () => vi.unstubAllGlobals(),
  };
}

/** Connects in vain: the error is the documented one, and nothing of ours is left behind. */
async function expectFailure(url: string, options: ConnectOptions, code: string): Promise<FrameSocketError> {
  const { signal } = new AbortController();
  const watched = watch(signal);
  try {
    const error: unknown = await FrameSocket.connect(url, { ...options, signal }).catch(
      (one: unknown) => one,
    );
    expect(error).toBeInstanceOf(FrameSocketError);
    expect(error).toMatchObject({ code });
    expect(watched.left()).toEqual([]);
    await allClosed();
    return error as FrameSocketError;
  } finally {
    watched.stop();
  }
}

describe('bad input: each has its own error and leaves nothing behind', () => {
  it.each([
    'nonsense',
    'ws://',
    '/relative',
    'ftp://127.0.0.1/',
    'ws://127.0.0.1/#fragment',
    'ws://127.0.0.1/#',
    'ws://127.0.0.1:99999/',
    'ws://127.0.0.1/a b',
    'ws://127.0.0.1/a\r\nX: y',
    'ws://u%ff:p@127.0.0.1/',
  ])('F-1, F-5: URL %j', async (url) => {
    await expectFailure(url, {}, 'INVALID_URL');
  });

  it.each([
    ['a header value with CR and LF', { headers: { 'X-A': 'b\r\nX-C: d' } }],
    ['a header value with NUL', { headers: { 'X-A': 'b\0' } }],
    ['a header name with a blank', { headers: { 'X A': 'b' } }],
    ['a header name with LF', { headers: [['X\nA', 'b'] as const] }],
    ['a header value outside Latin-1', { headers: { 'X-A': '\u20ac' } }],
    ['a header of the handshake', { headers: { 'sec-websocket-KEY': 'x' } }],
    ['another Host', { headers: { hOST: 'x' } }],
    ['a subprotocol with CR and LF', { protocols: ['a\r\nb'] }],
    ['a subprotocol twice', { protocols: ['a', 'a'] }],
    ['credentials of no kind', { auth: { username: 'a', password: 'b' } as unknown as Authorization }],
    ['a bearer token with LF', { auth: { bearer: 'a\nb' } }],
    ['a user name with a colon', { auth: { basic: { username: 'a:b', password: 'c' } } }],
    ['credentials twice', { auth: { bearer: 'a' }, headers: { authorization: 'b' } }],
  ] as [string, ConnectOptions][])('F-4 to F-6: %s', async (_, options) => {
    const port = await serve(() => expect.unreachable());
    await expectFailure(`ws://127.0.0.1:${port}/`, options, 'INVALID_REQUEST');
  });

  it.each([
    { idleTimeoutMs: -1 },
    { closeTimeoutMs: NaN },
    { maxFrameSize: 0 },
    { connectTimeoutMs: 1e12 },
    { maxRedirects: 1.5 },
    { controlFrames: 'sometimes' as 'eager' },
  ])('refuses %j before anything is sent', async (options) => {
    const outcome = FrameSocket.connect('ws://127.0.0.1:1/', options);
    await expect(outcome).rejects.toThrow(/Ms|maxFrameSize|maxRedirects|controlFrames/);
  });

  it('a port where nobody listens', async () => {
    const port = await serve(() => undefined);
    servers[0]?.close();
    await once(servers.splice(0)[0]!, 'close');
    await expectFailure(`ws://127.0.0.1:${port}/`, {}, 'CONNECT_FAILED');
  });

  it('a name that does not exist', async () => {
    await expectFailure('ws://does-not-exist.invalid/', {}, 'DNS_FAILED');
  });

  it('F-7: a certificate that nobody vouches for', async () => {
    const port = await serve(
      () => undefined,
      (listener) => createTlsServer(tls, listener),
    );
    await expectFailure(`wss://127.0.0.1:${port}/`, {}, 'CERTIFICATE_INVALID');
  });

  it('F-7: a certificate of another name', async () => {
    const port = await serve(
      () => undefined,
      (listener) => createTlsServer(tls, listener),
    );
    await expectFailure(`wss://localhost:${port}/`, { tls: { ca: tls.cert } }, 'CERTIFICATE_INVALID');
  });

  it('plain text in place of TLS', async () => {
    const port = await serve((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expectFailure(`wss://127.0.0.1:${port}/`, {}, 'TLS_FAILED');
  });

  it('F-10: a server that never begins TLS', async () => {
    const port = await serve((socket) => void socket.resume());
    await expectFailure(`wss://127.0.0.1:${port}/`, { connectTimeoutMs: 60 }, 'CONNECT_TIMEOUT');
  });

  it('a server that speaks HTTP/1.0', async () => {
    const port = await serve((socket) => {
      socket.on('data', () => {
        socket.write('HTTP/1.0 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
      });
    });
    const error = await expectFailure(`ws://127.0.0.1:${port}/`, {}, 'HANDSHAKE_INVALID');
    expect(error.message).toContain('HTTP/1.0');
  });

  it('a half-open server: it takes the connection and says nothing', async () => {
    const port = await serve((socket) => void socket.resume());
    await expectFailure(`ws://127.0.0.1:${port}/`, { handshakeTimeoutMs: 60 }, 'HANDSHAKE_TIMEOUT');
  });

  it('a slow-drip server', async () => {
    const port = await serve((socket) => {
      const drip = setInterval(() => socket.write('H'), 10);
      socket.resume().on('close', () => clearInterval(drip));
      socket.write('HTTP/1.1 101 ');
    });
    await expectFailure(`ws://127.0.0.1:${port}/`, { handshakeTimeoutMs: 80 }, 'HANDSHAKE_TIMEOUT');
  });

  it('a refusal whose body never ends', async () => {
    const port = await serve((socket) => {
      socket.resume().write('HTTP/1.1 500 Oh\r\nContent-Length: 1000\r\n\r\nbecause');
    });
    const error = await expectFailure(
      `ws://127.0.0.1:${port}/`,
      { handshakeTimeoutMs: 60 },
      'HANDSHAKE_REJECTED',
    );
    expect(Buffer.from(error.answer?.body ?? []).toString()).toBe('because');
  });

  it('a refusal with a body without end', async () => {
    const port = await serve((socket) => {
      socket.resume().write('HTTP/1.1 500 Oh\r\n\r\n');
      const more = () => {
        while (socket.writable && socket.write(Buffer.alloc(65_536, 'x')));
      };
      socket.on('drain', more);
      more();
    });
    const error = await expectFailure(`ws://127.0.0.1:${port}/`, {}, 'HANDSHAKE_REJECTED');
    expect(error.answer?.body).toHaveLength(65_536);
  });

  it('a proxy that refuses', async () => {
    const port = await serve((socket) => void socket.resume().end('HTTP/1.1 403 No\r\n\r\n'));
    const connect = httpProxy({ url: `http://127.0.0.1:${port}` });
    await expectFailure('ws://a.example/', { connect }, 'PROXY_REFUSED');
  });

  it.each(['SSH-2.0-nonsense\r\n', '\0\0\0\0\0\0'])('a proxy that speaks %j', async (words) => {
    const port = await serve((socket) => void socket.resume().write(words));
    const url = `127.0.0.1:${port}`;
    await expectFailure('ws://a.example/', { connect: httpProxy({ url: `http://${url}` }) }, 'PROXY_INVALID');
  });

  it('a SOCKS proxy that speaks something else', async () => {
    const port = await serve((socket) => void socket.resume().write('SSH-2.0-nonsense\r\n'));
    const connect = socks({ url: `socks5://127.0.0.1:${port}` });
    await expectFailure('ws://a.example/', { connect }, 'PROXY_INVALID');
  });

  it.each([
    ['HTTP', (url: string) => httpProxy({ url: `http://${url}` })],
    ['SOCKS', (url: string) => socks({ url: `socks5://${url}` })],
  ])('F-10: a silent %s proxy', async (_, make) => {
    const port = await serve((socket) => void socket.resume());
    const connect = make(`127.0.0.1:${port}`);
    await expectFailure('ws://a.example/', { connect, connectTimeoutMs: 60 }, 'CONNECT_TIMEOUT');
  });

  it.each(['ftp://127.0.0.1', 'nonsense', 'socks5://127.0.0.1'])('the URL of an HTTP proxy: %s', (url) => {
    expect(() => httpProxy({ url })).toThrow(FrameSocketError);
  });

  it('F-10: a connector that never answers, and opens too late', async () => {
    const late = new PassThrough();
    let open: () => void = () => undefined;
    const connect = () => new Promise<PassThrough>((resolve) => (open = () => resolve(late)));
    await expectFailure('ws://a.example/', { connect, connectTimeoutMs: 30 }, 'CONNECT_TIMEOUT');
    open();
    await once(late, 'close');
  });

  it('a connector that fails in its own way', async () => {
    const connect = () => Promise.reject(new Error('no tunnel'));
    const error = await expectFailure('ws://a.example/', { connect }, 'CONNECT_FAILED');
    expect(error.cause).toEqual(new Error('no tunnel'));
  });

  it.each(['before', 'while connecting', 'while the answer is awaited'])('F-10: aborted %s', async (when) => {
    const controller = new AbortController();
    const port = await serve((socket) => void socket.on('data', () => controller.abort(new Error('enough'))));
    const reason = new Error('enough');
    if (when === 'before') controller.abort(reason);
    const opening = FrameSocket.connect(`ws://127.0.0.1:${port}/`, { signal: controller.signal });
    if (when === 'while connecting') controller.abort(reason);
    await expect(opening).rejects.toMatchObject({
      code: 'ABORTED',
      failReason: 2,
      cause: { message: 'enough' },
    });
    await allClosed();
  });
});
