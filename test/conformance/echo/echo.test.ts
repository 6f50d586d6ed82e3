import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { FrameSocket } from '../../../src/frames';
import type { DeflateAcceptOptions } from '../../../src/frames/deflate-offer';
import { isSame, prose } from '../../helpers/compressible';
import { pattern } from '../frames/frame-bytes';
import { playSuite, WIDE } from './echo-client';
import { startEchoServer, WIDE_LIMITS } from './echo-server';

const stops: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const SIZES = [0, 1, 125, 126, 65_535, 65_536, 1_048_576, 16_777_216];

describe('echo tools: the codec against a foreign one', () => {
  it('server: FrameSocket and ws get back what they send', async () => {
    const server = await startEchoServer();
    stops.push(() => server.stop());
    const { url } = server;
    const socket = await FrameSocket.connect(url);
    const foreign = new WebSocket(url, { perMessageDeflate: true });
    await once(foreign, 'open');
    for (const size of SIZES) {
      const data = pattern(size);
      void socket.sendFrame(data);
      expect(Buffer.compare((await socket.readFrame()).payload, data)).toBe(0);
      foreign.send(data);
      const [back] = (await once(foreign, 'message')) as [Buffer];
      expect(Buffer.compare(back, data)).toBe(0);
    }
    await socket.close(1000);
    foreign.close(3000);
    expect((await once(foreign, 'close'))[0]).toBe(3000);
    expect(socket.wasClean).toBe(true);
  });

  it('client: echoes what a suite sends, case by case, and asks for its report', async () => {
    const asked: string[] = [];
    const echoed: [string, number][] = [];
    const suite = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    stops.push(() => new Promise((resolve) => suite.close(() => resolve())));
    suite.on('connection', (peer, { url = '' }) => {
      asked.push(url);
      if (url === '/getCaseCount') peer.send('2');
      else if (url.startsWith('/runCase')) {
        peer.on('message', (data: Buffer, isBinary) => {
          echoed.push([isBinary ? 'binary' : data.toString(), data.length]);
          if (isBinary) peer.close(1000);
        });
        peer.send('te', { fin: false });
        peer.ping();
        peer.send('xt');
        peer.send(pattern(100_000));
      } else peer.close(1000);
    });
    await once(suite, 'listening');
    const { port } = suite.address() as AddressInfo;
    expect(await playSuite(`ws://127.0.0.1:${port}/`, 'webifi')).toBe(2);
    expect(asked).toEqual([
      '/getCaseCount',
      '/runCase?case=1&agent=webifi',
      '/runCase?case=2&agent=webifi',
      '/updateReports?agent=webifi',
    ]);
    expect(echoed).toEqual([
      ['text', 4],
      ['binary', 100_000],
      ['text', 4],
      ['binary', 100_000],
    ]);
  });

  it('F-63: the command plays a suite to its end, and then nothing keeps its process', async () => {
    const suite = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    stops.push(() => new Promise((resolve) => suite.close(() => resolve())));
    suite.on('connection', (peer, { url = '' }) => {
      if (url === '/getCaseCount') peer.send('1');
      else peer.close(1000);
    });
    await once(suite, 'listening');
    const { port } = suite.address() as AddressInfo;
    const command = fileURLToPath(new URL('run.mjs', import.meta.url));
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [command, 'client', `ws://127.0.0.1:${port}/`]);
    expect(stdout).toBe('1 cases played\n');
  });

  it('both tools against each other', async () => {
    const server = await startEchoServer();
    stops.push(() => server.stop());
    const { url } = server;
    const socket = await FrameSocket.connect(url);
    await socket.sendMessage(Array.from({ length: 2_000 }, () => 'part '));
    const messages = socket.messages();
    expect((await messages.next()).value?.text()).toBe('part '.repeat(2_000));
    await socket.close();
  });
});

/** What the client offers, and what the server wants. */
const bothSides: [string, DeflateAcceptOptions, DeflateAcceptOptions][] = [
  ['nothing special', {}, {}],
  [
    'no context takeover',
    { serverNoContextTakeover: true, clientNoContextTakeover: true },
    { clientNoContextTakeover: true },
  ],
  ['windows of 9 bits', { serverMaxWindowBits: 9, clientMaxWindowBits: 9 }, {}],
  ['windows of 9 bits that the server asks for', {}, { serverMaxWindowBits: 9, clientMaxWindowBits: 9 }],
  ['windows of 8 bits', { serverMaxWindowBits: 8, clientMaxWindowBits: 8 }, {}],
];

describe.each(bothSides)('echo tools with compression, %s', (_, offer, deflate) => {
  it('F-71: FrameSocket and ws get back what they send, whole and in fragments', async () => {
    const server = await startEchoServer(0, WIDE_LIMITS, deflate);
    stops.push(() => server.stop());
    const socket = await FrameSocket.connect(server.url, { perMessageDeflate: { threshold: 0, ...offer } });
    const foreign = new WebSocket(server.url, {
      perMessageDeflate: { threshold: 0, ...offer, ...deflate },
    });
    await once(foreign, 'open');
    for (const size of [0, 1, 126, 1_000, 65_536, 300_000]) {
      const text = prose.slice(0, size);
      for (const step of [size + 1, 7_777]) {
        for (let at = 0; at < size; at += step) {
          await socket.sendFrame(text.slice(at, at + step), { fin: false });
          foreign.send(text.slice(at, at + step), { fin: false });
        }
        const back = once(foreign, 'message') as Promise<[Buffer, boolean]>;
        await socket.sendFrame('');
        foreign.send('', { fin: true });
        const frame = await socket.readFrame();
        expect([frame.rsv1, frame.messageType, frame.text() === text]).toEqual([true, 'Text', true]);
        expect((await back)[0].toString() === text).toBe(true);
      }
    }
    foreign.terminate();
    await socket.close();
  });
});

describe('echo tools with compression', () => {
  it('F-69: a thousand messages, most of them compressed, come back in order', async () => {
    const server = await startEchoServer(0, WIDE_LIMITS, { threshold: 200 });
    stops.push(() => server.stop());
    const socket = await FrameSocket.connect(server.url, { perMessageDeflate: { threshold: 100 } });
    const sizeOf = (i: number) => (i * 7_919) % 1_500;
    const sends = Array.from({ length: 1_000 }, (_, i) => socket.sendFrame(prose.slice(i, i + sizeOf(i))));
    for (let i = 0; i < 1_000; i++) {
      const frame = await socket.readFrame();
      expect(frame.text()).toBe(prose.slice(i, i + sizeOf(i)));
      expect(frame.rsv1).toBe(sizeOf(i) >= 200);
    }
    await Promise.all(sends);
    await socket.close();
  });

  it('a message of 16 MiB, and one of 20,000 frames', async () => {
    const server = await startEchoServer(0, WIDE_LIMITS, {});
    stops.push(() => server.stop());
    const socket = await FrameSocket.connect(server.url, { ...WIDE, perMessageDeflate: { level: 1 } });
    const large = pattern(16_777_216);
    void socket.sendFrame(large);
    expect(isSame((await socket.readFrame()).payload, large)).toBe(true);
    await socket.sendMessage(Array.from({ length: 20_000 }, (_, i) => large.subarray(i, i + 1)));
    expect(isSame((await socket.readFrame()).payload, large.subarray(0, 20_000))).toBe(true);
    await socket.close();
  }, 30_000);

  it('client: echoes compressed what a suite sends', async () => {
    const suite = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: true });
    stops.push(() => new Promise((resolve) => suite.close(() => resolve())));
    const echoed: [string, boolean, number][] = [];
    suite.on('connection', (peer, { url = '', socket }) => {
      if (url === '/getCaseCount') peer.send('1');
      else if (url.startsWith('/runCase')) {
        peer.on('message', (data: Buffer) => {
          echoed.push([peer.extensions, data.toString() === prose, socket.bytesRead]);
          peer.close(1000);
        });
        peer.send(prose, { compress: true });
      } else peer.close(1000);
    });
    await once(suite, 'listening');
    const { port } = suite.address() as AddressInfo;
    const options = { ...WIDE, perMessageDeflate: { threshold: 0 } };
    expect(await playSuite(`ws://127.0.0.1:${port}/`, 'webifi', options)).toBe(1);
    expect(echoed).toEqual([['permessage-deflate', true, expect.any(Number)]]);
    expect(echoed[0]?.[2]).toBeLessThan(prose.length / 2);
  });
});
