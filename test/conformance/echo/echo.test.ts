import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { FrameSocket } from '../../../src/frames';
import { pattern } from '../frames/frame-bytes';
import { playSuite } from './echo-client';
import { startEchoServer } from './echo-server';

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
