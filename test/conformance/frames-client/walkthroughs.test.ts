import { generate } from 'selfsigned';
import { afterEach, describe, expect, it } from 'vitest';
import { FrameSocket, httpProxy, ReadFailReason, socks, UpgradeRequest } from '../../../src/frames';
import { startTlsServer } from '../compat/lab';
import { binary, close, frame, more, pattern, ping, pong, text } from '../frames/frame-bytes';
import { withPair } from './lab';
import { startHttpProxy, startSocksProxy } from './proxies';
import { onePeer, RawServer, type RawPeer } from './raw-server';

/** The walkthroughs of a user, as far as no other file here has them: each once from its beginning to its end. */

const stops: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function startOrigin(): Promise<{ port: number; url: string; peers: RawPeer[] }> {
  const peers: RawPeer[] = [];
  const server = await RawServer.start((peer) => {
    peers.push(peer);
    peer.write(peer.answer());
  });
  stops.push(() => server.stop());
  return { port: server.port, url: server.url, peers };
}

const shown = (payload: Uint8Array | undefined) => new TextDecoder().decode(payload);

/** Reads one whole message, frame by frame. */
async function readMessage(socket: FrameSocket): Promise<{ steps: [string, boolean][]; all: string }> {
  const steps: [string, boolean][] = [];
  for (let all = ''; ;) {
    const one = await socket.readFrame();
    steps.push([one.opcodeName, one.fin]);
    all += one.text();
    if (one.fin) return { steps, all };
  }
}

describe('W1: connect and validate', () => {
  it('addWebSocketHeaders, send, validate, fromUpgrade; the socket begins as the seed says', async () => {
    const { server, peer } = await onePeer();
    stops.push(() => server.stop());
    const request = new UpgradeRequest(server.url, { protocols: 'chat' });
    request.addWebSocketHeaders();
    request.setHeader('Origin', 'http://example.test');
    const sending = request.send();
    const raw = await peer;
    raw.write(raw.answer({ headers: ['Sec-WebSocket-Protocol: chat'] }));
    expect((await sending).status).toBe(101);
    expect(raw.request.header('sec-websocket-key')).toMatch(/^[\w+/]{22}==$/);
    request.validate();
    const socket = FrameSocket.fromUpgrade(request);
    stops.push(() => socket.terminate());
    const { isConnected, closeReceived, closeCode, closeReason, pongPending, pongConsumed, lastFrame } = socket;
    expect([isConnected, closeReceived, closeCode, closeReason, pongPending, pongConsumed, lastFrame]).toEqual([
      ...[true, false, undefined, '', false, false, undefined],
    ]);
    const { autoClose, autoPong, deliverPongs, idleTimeoutMs, lastFailReason, dataAvailable } = socket;
    expect([autoClose, autoPong, deliverPongs, idleTimeoutMs, lastFailReason, dataAvailable]).toEqual([
      ...[true, true, false, 30_000, 0, false],
    ]);
  });
});

describe('W2: through an HTTP proxy', () => {
  it('with TLS on port 443: TLS runs inside the tunnel; one Proxy-Authorization, and none at the server', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'wshost.example' }]);
    const origin = await startTlsServer({ cert, key });
    const proxy = await startHttpProxy({ to: origin.port, credentials: ['me', 'pass'] });
    stops.push(() => origin.stop(), () => proxy.stop());
    const auth = { username: 'me', password: 'pass' };
    const connect = httpProxy({ url: `http://127.0.0.1:${proxy.port}`, auth });
    const socket = await FrameSocket.connect('wss://wshost.example/', { connect, tls: { ca: cert } });
    stops.push(() => socket.terminate());
    expect(socket.isConnected).toBe(true);
    expect(proxy.asked.map(({ target }) => target)).toEqual(['wshost.example:443']);
    const names = proxy.rawHeaders.flat().map((name) => name.toLowerCase());
    expect(names.filter((name) => name === 'proxy-authorization')).toHaveLength(1);
    expect(origin.seen[0]?.servername).toBe('wshost.example');
    expect(origin.requests.join()).not.toMatch(/authorization|connect wshost/i);
    const wrong = httpProxy({ url: `http://127.0.0.1:${proxy.port}`, auth: { ...auth, password: 'x' } });
    await expect(FrameSocket.connect('wss://wshost.example/', { connect: wrong })).rejects.toMatchObject({
      code: 'PROXY_UNAUTHORIZED',
      answer: { status: 407 },
    });
  });
});

describe('W3: a message in three frames', () => {
  it('three frames out, masked with three keys; three frames in, or one', () =>
    withPair({}, async ({ socket, peer }) => {
      const lines = ['one\n', 'two\n', 'three\n'] as const;
      await socket.sendFrame(lines[0], { fin: false });
      await socket.sendFrame(lines[1], { fin: false });
      await socket.sendFrame(lines[2]);
      const sent = await peer.frames(3);
      expect(sent.map(({ opcode, fin, masked, payload }) => [opcode, fin, masked, shown(payload)])).toEqual([
        [1, false, true, lines[0]],
        [0, false, true, lines[1]],
        [0, true, true, lines[2]],
      ]);
      const keys = [2, 12, 22].map((at) => Buffer.from(peer.received.slice(at, at + 4)).toString('hex'));
      expect(new Set(keys).size).toBe(3);
      peer.write(text(lines[0], false), more(lines[1], false), more(lines[2], true), text(lines.join('')));
      expect(await readMessage(socket)).toEqual({
        steps: [
          ['Text', false],
          ['Continuation', false],
          ['Continuation', true],
        ],
        all: lines.join(''),
      });
      expect(await readMessage(socket)).toEqual({ steps: [['Text', true]], all: lines.join('') });
    }));
});

describe('W4: a Ping in the middle of a message', () => {
  it('passes the Pong over, before, between and behind the data; pongConsumed tells of the last read', () =>
    withPair({}, async ({ socket, peer }) => {
      await socket.sendFrame('part 1 ', { fin: false });
      await socket.sendPing('hello');
      await socket.sendFrame('part 2');
      expect((await peer.frames(3)).map(({ opcode, fin }) => [opcode, fin])).toEqual([
        [1, false],
        [9, true],
        [0, true],
      ]);
      const [first, last] = [text('part 1 ', false), more('part 2', true)];
      const orders = [
        { bytes: [pong('hello'), first, last], consumed: [true, false] },
        { bytes: [first, pong('hello'), last], consumed: [false, true] },
        { bytes: [first, last, pong('hello'), first, last], consumed: [false, false, true, false] },
      ];
      for (const { bytes, consumed } of orders) {
        peer.write(...bytes);
        for (const isConsumed of consumed) {
          const { opcodeName } = await socket.readFrame();
          expect([opcodeName === 'Pong', socket.pongConsumed]).toEqual([false, isConsumed]);
        }
      }
    }));

  it('delivers the Pong when told to, and leaves the message as it is', () =>
    withPair({ deliverPongs: true }, async ({ socket, peer }) => {
      peer.write(text('part 1 ', false), pong('hello'), more('part 2', true));
      const seen = [await socket.readFrame(), await socket.readFrame(), await socket.readFrame()];
      expect(seen.map((one) => [one.opcodeName, one.opcode, one.text()])).toEqual([
        ['Text', 1, 'part 1 '],
        ['Pong', 10, 'hello'],
        ['Continuation', 0, 'part 2'],
      ]);
      expect(socket.pongConsumed).toBe(false);
    }));

  it('answers the server\u2019s Ping unseen, or leaves it to the application', () =>
    withPair({}, async ({ socket, peer }) => {
      peer.write(ping('p1'));
      expect((await peer.frames(1)).map(({ opcode, payload }) => [opcode, shown(payload)])).toEqual([[10, 'p1']]);
      expect(socket.pongPending).toBe(false);
      socket.autoPong = false;
      peer.write(ping('p2'));
      expect([(await socket.readFrame()).opcodeName, socket.pongPending]).toEqual(['Ping', true]);
      await socket.sendPong();
      expect([socket.pongPending, shown((await peer.frames(2))[1]?.payload)]).toEqual([false, 'p2']);
    }));
});

describe('W5: binary over SOCKS 5', () => {
  it('a heartbeat that fails: drop, and connect again', async () => {
    const origin = await startOrigin();
    const proxy = await startSocksProxy({ to: origin.port, credentials: ['anna', 'secret'] });
    stops.push(() => proxy.stop());
    const connect = socks({ url: `socks5://anna:secret@127.0.0.1:${proxy.port}` });
    const logIn = async () => {
      const made = await FrameSocket.connect('ws://feed.example/', { connect, connectTimeoutMs: 15_000 });
      stops.push(() => made.terminate());
      return made;
    };
    let socket = await logIn();
    const beat = async () => {
      await socket.sendFrame(pattern(4));
      return (await socket.readFrame({ timeoutMs: 20_000 })).messageType;
    };
    const answering = beat();
    await origin.peers[0]?.frames(1);
    origin.peers[0]?.write(binary(pattern(4)));
    expect(await answering).toBe('Binary');
    origin.peers[0]?.socket.destroy();
    await expect(socket.readFrame()).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await expect(beat()).rejects.toMatchObject({ failReason: ReadFailReason.LOST });
    socket = await logIn();
    const again = beat();
    await origin.peers[1]?.frames(1);
    origin.peers[1]?.write(binary(pattern(4)));
    expect(await again).toBe('Binary');
    expect(proxy.asked.map(({ target }) => target)).toEqual(['3 feed.example:80', '3 feed.example:80']);
  });
});

describe('W6: closing and reading', () => {
  it('an aborted read leaves the next one whole', () =>
    withPair({}, async ({ socket, peer }) => {
      const whole = text('complete')('client');
      const controller = new AbortController();
      const reading = socket.tryReadFrame({ signal: controller.signal });
      peer.write(whole.slice(0, 4));
      controller.abort();
      expect(await reading).toMatchObject({ ok: false, reason: ReadFailReason.ABORTED });
      peer.write(whole.slice(4));
      expect((await socket.readFrame()).text()).toBe('complete');
    }));

  it('silence for idleTimeoutMs is reason 1, and a later frame is read', () =>
    withPair({ idleTimeoutMs: 200 }, async ({ socket, peer }) => {
      const begin = performance.now();
      expect(await socket.tryReadFrame()).toMatchObject({ ok: false, reason: ReadFailReason.TIMEOUT });
      // Timers may be a millisecond early; a slow machine makes it longer.
      expect(performance.now() - begin).toBeGreaterThan(198);
      expect(socket.isConnected).toBe(true);
      peer.write(text('late'));
      expect((await socket.readFrame()).text()).toBe('late');
    }));

  it('a dropped connection is reason 3, without a Close', () =>
    withPair({}, async ({ socket, peer }) => {
      peer.socket.destroy();
      expect(await socket.tryReadFrame()).toMatchObject({ ok: false, reason: ReadFailReason.LOST });
      expect([socket.closeReceived, socket.closeCode, socket.isConnected]).toEqual([false, undefined, false]);
    }));

  it.each([
    ['masked', frame({ opcode: 1, payload: 'x', masked: true })],
    ['with a reserved bit', frame({ opcode: 1, payload: 'x', rsv: 4 })],
  ])('a frame that is %s is reason 4, and the server sees Close 1002', (_, bytes) =>
    withPair({}, async ({ socket, peer }) => {
      peer.write(bytes);
      expect(await socket.tryReadFrame()).toMatchObject({ ok: false, reason: ReadFailReason.INVALID });
      expect(await peer.frames()).toMatchObject([{ opcode: 8, payload: Uint8Array.of(0x03, 0xea) }]);
    }));

  it('our Close, the peer\u2019s Close, and nothing more', () =>
    withPair({}, async ({ socket, peer }) => {
      await socket.sendClose(1000, 'Closing');
      await expect(socket.sendFrame('x')).rejects.toMatchObject({ code: 'CLOSE_SENT' });
      peer.write(close(1000, 'Closing'));
      expect(await socket.readFrame()).toMatchObject({ opcode: 8, opcodeName: 'Close' });
      expect([socket.closeCode, socket.closeReason, socket.isConnected]).toEqual([1000, 'Closing', false]);
    }));
});
