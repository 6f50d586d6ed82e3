import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket as UndiciSocket } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { ConnectionEvent } from '../../../src/frames/connection';
import { pattern, utf8 } from './frame-bytes';
import { connectTo, startEcho } from './loopback';

const SIZES = [0, 1, 125, 126, 65_535, 65_536, 300_000, 1_048_576];
const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function echoServer(protocols: string[] = []) {
  const server = await startEcho({}, protocols);
  stops.push(() => server.stop());
  return server;
}

/** Events of one kind, as promises in the order they come. */
function inbox<T>(): { put: (value: T) => void; next: () => Promise<T> } {
  const values: T[] = [];
  const waiting: ((value: T) => void)[] = [];
  return {
    put: (value) => {
      const wake = waiting.shift();
      if (wake === undefined) values.push(value);
      else wake(value);
    },
    next: () =>
      values.length > 0 ? Promise.resolve(values.shift()!) : new Promise((wake) => waiting.push(wake)),
  };
}

describe('foreign codecs against an echo server made of ours', () => {
  it('F-25, F-52: ws sends and gets back every size, as text and as binary', async () => {
    const { port } = await echoServer();
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    const messages = inbox<[Buffer, boolean]>();
    socket.on('message', (data: Buffer, isBinary) => messages.put([data, isBinary]));
    await once(socket, 'open');
    for (const size of SIZES) {
      for (const isBinary of [true, false]) {
        const data = isBinary ? pattern(size) : utf8('z'.repeat(size));
        socket.send(data, { binary: isBinary });
        const [echo, kind] = await messages.next();
        expect([kind, Buffer.compare(echo, data)]).toEqual([isBinary, 0]);
      }
    }
    socket.close(4000, 'done');
    expect(await once(socket, 'close')).toEqual([4000, Buffer.alloc(0)]);
  });

  it('F-48: fragments of ws with a Ping between them come back as one message, the Pong first', async () => {
    const { port } = await echoServer();
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    const seen = inbox<string>();
    socket.on('message', (data: Buffer) => seen.put(data.toString()));
    socket.on('pong', (data) => seen.put(`pong ${data.toString()}`));
    await once(socket, 'open');
    expect(socket.extensions).toBe('');
    socket.send('ei', { fin: false });
    socket.ping('between');
    socket.send('ns', { fin: true });
    expect([await seen.next(), await seen.next()]).toEqual(['pong between', 'eins']);
    socket.terminate();
  });

  it('F-4, F-54: undici agrees on a subprotocol, exchanges messages and closes without a code', async () => {
    const { port, events } = await echoServer(['b.example']);
    const socket = new UndiciSocket(`ws://127.0.0.1:${port}`, ['a.example', 'b.example']);
    socket.binaryType = 'arraybuffer';
    const messages = inbox<unknown>();
    socket.addEventListener('message', (event) => messages.put(event.data));
    await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
    expect(socket.protocol).toBe('b.example');
    socket.send('\ufeffgrüße 𝄞');
    socket.send(pattern(70_000));
    expect(await messages.next()).toMatch(/grüße 𝄞$/);
    expect(Buffer.compare(new Uint8Array((await messages.next()) as ArrayBuffer), pattern(70_000))).toBe(0);
    const closed = new Promise((resolve) => socket.addEventListener('close', resolve, { once: true }));
    socket.close();
    expect(await closed).toMatchObject({ wasClean: true, code: 1005 });
    expect(events.at(-2)).toEqual({ type: 'close', code: undefined, reason: '' });
  });
});

describe('a client made of our codec against a server made of ws', () => {
  async function wsServer(): Promise<{ port: number; server: WebSocketServer }> {
    const server = new WebSocketServer({
      host: '127.0.0.1',
      port: 0,
      handleProtocols: (offered) => [...offered].at(-1)!,
    });
    stops.push(() => {
      for (const client of server.clients) client.terminate();
      return new Promise((resolve) => server.close(resolve));
    });
    server.on('connection', (socket) => {
      socket.on('message', (data, binary) => socket.send(data, { binary }));
    });
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, server };
  }

  it('F-24, F-52: every size comes back unchanged, as text and as binary', async () => {
    const { port } = await wsServer();
    const events = inbox<ConnectionEvent>();
    const { connection, drain, protocol } = await connectTo(
      port,
      (event) => event.type === 'message' && events.put(event),
      ['a', 'b'],
    );
    expect(protocol).toBe('b');
    for (const size of SIZES) {
      for (const opcode of [1, 2] as const) {
        const payload = opcode === 2 ? pattern(size) : utf8('y'.repeat(size));
        connection.send(opcode, payload);
        drain();
        const event = await events.next();
        expect(event.type === 'message' && [event.opcode, Buffer.compare(event.payload, payload)]).toEqual([
          opcode,
          0,
        ]);
      }
    }
  });

  it('F-26, F-27, F-61: fragments and a Ping between them are understood, and the close handshake is clean', async () => {
    const { port } = await wsServer();
    const events = inbox<ConnectionEvent>();
    const { connection, drain } = await connectTo(
      port,
      (event) => event.type !== 'transmit' && events.put(event),
    );
    connection.send(1, utf8('zw'), false);
    connection.sendPing(utf8('?'));
    connection.send(1, utf8('ei'));
    connection.sendClose(1000, 'bye');
    drain();
    expect([await events.next(), await events.next(), await events.next(), await events.next()]).toEqual([
      { type: 'pong', payload: utf8('?') },
      { type: 'message', opcode: 1, payload: utf8('zwei') },
      { type: 'close', code: 1000, reason: 'bye' },
      { type: 'end', clean: true },
    ]);
  });
});
