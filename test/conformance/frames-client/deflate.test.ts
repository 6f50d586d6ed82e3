import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { WebSocketServer, type PerMessageDeflateOptions, type WebSocket } from 'ws';
import {
  FrameSocket,
  type ConnectOptions,
  type DeflateOffer,
  type DeflateOptions,
} from '../../../src/frames';
import { concat } from '../../helpers/bytes';
import { deflated, flushed, isSame, prose } from '../../helpers/compressible';
import { binary, frame, hex, more, pattern, ping, text, utf8 } from '../frames/frame-bytes';
import { onePeer, type RawPeer } from './raw-server';

const NONE = new Uint8Array(0);
/** The examples of RFC 7692, section 7.2.3.2: the second leans on the first. */
const HELLO = hex('f248cdc9c90700');
const HELLO_AGAIN = hex('f200110000');
const NAME = 'permessage-deflate';
const sizes = [0, 1, 16, 64, 256, 1_024, 4_096, 8_192, 32_768, 65_536, 131_072];
interface ParameterSet {
  title: string;
  offers: readonly DeflateOffer[];
  server: PerMessageDeflateOptions;
  /** What the server's answer says. */
  answer: string;
}

const sets: ParameterSet[] = [
  { title: 'nothing special', offers: [{ clientMaxWindowBits: true }], server: {}, answer: NAME },
  {
    title: 'no context takeover',
    offers: [{ serverNoContextTakeover: true }],
    server: { clientNoContextTakeover: true },
    answer: `${NAME}; server_no_context_takeover; client_no_context_takeover`,
  },
  {
    title: 'windows of 9 bits',
    offers: [{ clientMaxWindowBits: true, serverMaxWindowBits: 9 }],
    server: { clientMaxWindowBits: 9 },
    answer: `${NAME}; server_max_window_bits=9; client_max_window_bits=9`,
  },
  {
    title: 'windows of 15 bits',
    offers: [{ clientMaxWindowBits: true, serverMaxWindowBits: 15 }],
    server: { clientMaxWindowBits: 15 },
    answer: `${NAME}; server_max_window_bits=15; client_max_window_bits=15`,
  },
  {
    title: 'no takeover and windows of 9 bits',
    offers: [{ clientMaxWindowBits: true, serverMaxWindowBits: 9, serverNoContextTakeover: true }],
    server: { clientMaxWindowBits: 9, clientNoContextTakeover: true },
    answer: `${NAME}; server_no_context_takeover; server_max_window_bits=9; client_no_context_takeover; client_max_window_bits=9`,
  },
  {
    title: 'no takeover and windows of 8 bits asked of us',
    offers: [{ clientMaxWindowBits: true, serverNoContextTakeover: true }],
    server: { clientMaxWindowBits: 8, clientNoContextTakeover: true },
    answer: `${NAME}; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=8`,
  },
  {
    title: 'a choice among offers',
    offers: [
      { serverMaxWindowBits: 9, clientMaxWindowBits: false },
      { clientMaxWindowBits: true, serverNoContextTakeover: true },
      {},
    ],
    server: { clientMaxWindowBits: 10 },
    answer: `${NAME}; server_no_context_takeover; client_max_window_bits=10`,
  },
];

interface Foreign {
  readonly socket: FrameSocket;
  readonly peer: WebSocket;
  readonly request: IncomingMessage;
}

const offersOf = ([first, ...fallbacks]: readonly DeflateOffer[]): DeflateOptions => ({
  ...first,
  fallbacks,
});

/** A socket of ours, and the `ws` package at the other end. */
async function withForeign(
  { offers, server: perMessageDeflate }: Pick<ParameterSet, 'offers' | 'server'>,
  run: (foreign: Foreign) => Promise<void>,
): Promise<void> {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    perMessageDeflate: { ...perMessageDeflate, threshold: 0 },
  });
  await once(server, 'listening');
  const connected = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>;
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const socket = await FrameSocket.connect(url, { perMessageDeflate: { ...offersOf(offers), threshold: 0 } });
  const [peer, request] = await connected;
  try {
    await run({ socket, peer, request });
  } finally {
    socket.terminate();
    for (const one of server.clients) one.terminate();
    server.close();
    await once(server, 'close');
  }
}

interface Raw {
  readonly socket: FrameSocket;
  readonly peer: RawPeer;
}

/** A socket of ours, and plain TCP at the other end, which agrees to compression. */
async function withRaw(
  { answer = NAME, ...options }: ConnectOptions & { answer?: string },
  run: (raw: Raw) => Promise<void>,
): Promise<void> {
  const { server, peer: coming } = await onePeer();
  const opening = FrameSocket.connect(server.url, { perMessageDeflate: true, ...options });
  const peer = await coming;
  peer.write(peer.answer({ headers: [`Sec-WebSocket-Extensions: ${answer}`] }));
  try {
    await run({ socket: await opening, peer });
  } finally {
    await server.stop();
  }
}

async function readMessage(socket: FrameSocket): Promise<{ type: string | undefined; payload: Uint8Array }> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const { payload, fin, messageType } = await socket.readFrame();
    parts.push(payload);
    if (fin) return { type: messageType, payload: concat(parts) };
  }
}

const SYNC = { finishFlush: constants.Z_SYNC_FLUSH };
const compressed = (payload: Uint8Array, opcode = 2, fin = true) => frame({ opcode, payload, fin, rsv: 4 });
const failed = (closeCode: number) => ({ code: 'INVALID_FRAME', closeCode });

describe.each(sets)('F-67, F-71: against the ws package with $title', (set) => {
  it('agrees on what was offered', () =>
    withForeign(set, async ({ peer, socket }) => {
      expect(socket.deflate).toBeDefined();
      expect(peer.extensions).toBe(NAME);
    }));

  it('messages of all sizes, twice each, whole and in fragments, come back as they were', () =>
    withForeign(set, async ({ socket, peer }) => {
      peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }));
      for (const size of sizes) {
        const sent = prose.slice(0, size);
        const bytes = pattern(size);
        for (let round = 0; round < 2; round++) {
          await socket.sendFrame(sent);
          expect((await readMessage(socket)).type).toBe('Text');
          for (let at = 0; at < size; at += 5_000) {
            await socket.sendFrame(sent.slice(at, at + 5_000), { fin: false });
          }
          await socket.sendFrame('');
          expect(isSame((await readMessage(socket)).payload, utf8(sent))).toBe(true);
          await socket.sendFrame(bytes);
          const back = await readMessage(socket);
          expect([back.type, isSame(back.payload, bytes)]).toEqual(['Binary', true]);
        }
      }
    }));

  it('150 messages in fragments of odd sizes, all under way at once, come back in order', () =>
    withForeign(set, async ({ socket, peer }) => {
      peer.on('message', (data: Buffer) => {
        const half = (data.length * 7) % (data.length + 1);
        peer.send(data.subarray(0, half), { fin: false });
        peer.send(data.subarray(half));
      });
      const sent = Array.from({ length: 150 }, (_, i) => utf8(prose.slice(i * 11, i * 11 + ((i * 977) % 9_000))));
      const sends = sent.flatMap((payload, i) => {
        const step = 1 + ((i * 389) % 4_999);
        const parts = Array.from({ length: Math.ceil(payload.length / step) }, (_part, n) =>
          socket.sendFrame(payload.subarray(n * step, (n + 1) * step), { fin: false }),
        );
        return [...parts, socket.sendFrame(NONE)];
      });
      for (const payload of sent) expect(isSame((await readMessage(socket)).payload, payload)).toBe(true);
      await Promise.all(sends);
    }));

  it('fragments of the server come out with what they hold, the first with rsv1', () =>
    withForeign(set, async ({ socket, peer }) => {
      for (let round = 0; round < 2; round++) {
        peer.send(prose.slice(0, 3_000), { fin: false });
        peer.send(prose.slice(3_000, 9_000), { fin: false });
        peer.send('', { fin: true });
        const frames = [await socket.readFrame(), await socket.readFrame(), await socket.readFrame()];
        expect(frames.map((one) => [one.rsv1, one.fin])).toEqual([
          [true, false],
          [false, false],
          [false, true],
        ]);
        expect(frames.map((one) => one.text()).join('')).toBe(prose.slice(0, 9_000));
      }
    }));

  it('fewer bytes travel than were sent', () =>
    withForeign(set, async ({ socket, peer, request }) => {
      const before = request.socket.bytesRead;
      const came = once(peer, 'message');
      await socket.sendFrame(prose);
      await came;
      expect(request.socket.bytesRead - before).toBeLessThan(prose.length / 2);
    }));
});

describe('F-67: the handshake', () => {
  it.each(sets)('$title is understood as $answer says', async ({ offers, answer }) =>
    withRaw({ answer, perMessageDeflate: offersOf(offers) }, async ({ socket }) => {
      expect(socket.deflate?.serverNoContextTakeover).toBe(answer.includes('server_no_context_takeover'));
      expect(socket.deflate?.clientNoContextTakeover).toBe(answer.includes('client_no_context_takeover'));
    }),
  );

  it('by default nothing is offered, and RSV1 stays a fault', async () => {
    const { server, peer: coming } = await onePeer();
    const opening = FrameSocket.connect(server.url);
    const peer = await coming;
    expect(peer.request.header('sec-websocket-extensions')).toBeUndefined();
    peer.write(peer.answer(), compressed(deflated(utf8('Hello'))));
    const socket = await opening;
    expect(socket.deflate).toBeUndefined();
    await expect(socket.readFrame()).rejects.toMatchObject(failed(1002));
    await server.stop();
  });

  it('a server without compression is fine, and RSV1 then a fault', async () => {
    const { server, peer: coming } = await onePeer();
    const opening = FrameSocket.connect(server.url, { perMessageDeflate: true });
    const peer = await coming;
    expect(peer.request.header('sec-websocket-extensions')).toBe(`${NAME}; client_max_window_bits`);
    peer.write(peer.answer(), text('as it is'), compressed(deflated(utf8('Hello'))));
    const socket = await opening;
    expect((await socket.readFrame()).text()).toBe('as it is');
    await expect(socket.readFrame()).rejects.toMatchObject(failed(1002));
    await server.stop();
  });

  it.each([`${NAME}; server_max_window_bits=16`, `${NAME}; bogus`, `${NAME}, ${NAME}`, 'other'])(
    'F-16, F-17: "%s" fails',
    async (value) => {
      await expect(withRaw({ answer: value }, () => Promise.resolve())).rejects.toMatchObject({
        code: 'HANDSHAKE_INVALID',
      });
    },
  );

  it.each([
    { serverMaxWindowBits: 16 },
    { fallbacks: [{ clientMaxWindowBits: 7 }] },
    { threshold: -1 },
    { threshold: NaN },
    { level: 10 },
    { memLevel: 0 },
  ])('%j is refused before anything is sent', async (perMessageDeflate) => {
    await expect(FrameSocket.connect('ws://127.0.0.1:9/', { perMessageDeflate })).rejects.toThrow(RangeError);
  });
});

describe('F-68 to F-72: on the wire', () => {
  it('F-68: RSV1 stands on the first frame only, and on no message that is sent as it is', () =>
    withRaw({}, async ({ socket, peer }) => {
      await socket.sendFrame(prose.slice(0, 500), { fin: false });
      await socket.sendPing('p');
      await socket.sendFrame(prose.slice(500, 1_000));
      await socket.sendFrame('short');
      const frames = await peer.frames(4);
      expect(frames.map((one) => [one.opcode, one.rsv, one.fin])).toEqual([
        [1, 4, false],
        [9, 0, true],
        [0, 0, true],
        [1, 0, true],
      ]);
      expect(frames[3]?.payload).toEqual(utf8('short'));
      const [first = NONE, , second = NONE] = frames.map((one) => one.payload);
      expect(inflateRawSync(first, SYNC).toString()).toBe(prose.slice(0, 500));
      const whole = concat([first, second, Uint8Array.of(0, 0, 255, 255)]);
      expect(inflateRawSync(whole, SYNC).toString()).toBe(prose.slice(0, 1_000));
    }));

  it.each([
    [NAME, true],
    [`${NAME}; client_no_context_takeover`, false],
  ])('F-71: after "%s" our second message leans on the first: %s', (answer, leans) =>
    withRaw({ answer }, async ({ socket, peer }) => {
      await socket.sendFrame(prose.slice(0, 2_000));
      await socket.sendFrame(prose.slice(0, 2_000));
      const [first, second] = (await peer.frames(2)).map((one) => one.payload.length);
      expect((second ?? 0) < (first ?? 0) / 5).toBe(leans);
    }),
  );

  it('F-71: a server that keeps its context although it agreed not to is found out', () =>
    withRaw({ answer: `${NAME}; server_no_context_takeover` }, async ({ socket, peer }) => {
      peer.write(compressed(HELLO), compressed(HELLO_AGAIN));
      expect((await socket.readFrame()).text()).toBe('Hello');
      await expect(socket.readFrame()).rejects.toMatchObject(failed(1007));
    }));

  it('F-69: messages as they are, between compressed ones, leave the context alone', () =>
    withRaw({}, async ({ socket, peer }) => {
      peer.write(compressed(HELLO), text('plain'), compressed(HELLO_AGAIN));
      const frames = [await socket.readFrame(), await socket.readFrame(), await socket.readFrame()];
      expect(frames.map((one) => [one.text(), one.rsv1])).toEqual([
        ['Hello', true],
        ['plain', false],
        ['Hello', true],
      ]);
    }));

  it('F-72: a message cut anywhere, also inside a code, with a Ping in it', () =>
    withRaw({}, async ({ socket, peer }) => {
      const bytes = deflated(utf8(prose.slice(0, 20_000)));
      for (let at = 0; at < bytes.length; at += 11) {
        const part = bytes.slice(at, at + 11);
        const fin = at + 11 >= bytes.length;
        peer.write(at === 0 ? compressed(part, 1, fin) : more(part, fin), ping());
      }
      expect(new TextDecoder().decode((await readMessage(socket)).payload)).toBe(prose.slice(0, 20_000));
    }));

  it.each<[string, ReturnType<typeof text>[]]>([
    ['a Continuation', [compressed(flushed(utf8('Hel')), 1, false), compressed(deflated(utf8('lo')), 0)]],
    ['a Continuation of a plain message', [text('Hel', false), compressed(deflated(utf8('lo')), 0)]],
    ['a Ping', [compressed(utf8('x'), 9)]],
    ['a Pong', [compressed(utf8('x'), 10)]],
    ['a Close', [compressed(Uint8Array.of(3, 232), 8)]],
    ['a frame with RSV2', [frame({ opcode: 1, payload: deflated(utf8('x')), rsv: 6 })]],
    ['a frame with RSV3', [frame({ opcode: 1, payload: deflated(utf8('x')), rsv: 5 })]],
  ])('F-68: RSV1 on %s fails with 1002', (_, frames) =>
    withRaw({}, async ({ socket, peer }) => {
      peer.write(...frames);
      await expect(readMessage(socket)).rejects.toMatchObject(failed(1002));
      const sent = (await peer.frames()).at(-1);
      expect([sent?.opcode, sent?.payload]).toEqual([8, Uint8Array.of(3, 234)]);
    }),
  );

  it.each([
    ['invalid UTF-8', concat([utf8(prose.slice(0, 300)), Uint8Array.of(0xc0, 0xaf)])],
    ['a text that ends inside a character', Uint8Array.of(0x61, 0xe2, 0x82)],
  ])('F-70: %s after inflation fails with 1007', (_, payload) =>
    withRaw({}, async ({ socket, peer }) => {
      peer.write(compressed(deflated(payload), 1));
      await expect(socket.readFrame()).rejects.toMatchObject(failed(1007));
    }),
  );

  it('damaged data fails with 1007', () =>
    withRaw({}, async ({ socket, peer }) => {
      peer.write(compressed(Uint8Array.of(0x06, 0xff)));
      await expect(socket.readFrame()).rejects.toMatchObject(failed(1007));
    }));
});

describe('SEC-15, F-70: much in few bytes', () => {
  it('a bomb of 256 MiB fails with 1009, and costs little more than the limit', () =>
    withRaw({ maxFrameSize: 1_048_576 }, async ({ socket, peer }) => {
      const bomb = deflated(new Uint8Array(268_435_456));
      expect(bomb.length).toBeLessThan(1_048_576);
      const before = process.memoryUsage().arrayBuffers;
      peer.write(binary(Uint8Array.of(1)), compressed(bomb));
      expect((await socket.readFrame()).payload).toEqual(Uint8Array.of(1));
      await expect(socket.readFrame()).rejects.toMatchObject(failed(1009));
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1_048_576);
      expect((await peer.frames()).at(-1)?.payload).toEqual(Uint8Array.of(3, 241));
    }));

  it('the limit is for a frame: two fragments of that size each are fine, a byte more is not', () =>
    withRaw({ maxFrameSize: 1_000 }, async ({ socket, peer }) => {
      const block = flushed(pattern(1_000));
      const [fits, not] = [concat([block]), concat([block, flushed(Uint8Array.of(1))])];
      peer.write(compressed(fits, 2, false), more(fits, false), more(not, true));
      expect((await socket.readFrame()).payload).toEqual(pattern(1_000));
      expect((await socket.readFrame()).payload).toEqual(pattern(1_000));
      await expect(socket.readFrame()).rejects.toMatchObject(failed(1009));
    }));
});
