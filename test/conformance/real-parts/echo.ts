import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { FrameSocket } from '../../../src/frames';
import { startEchoServer } from '../echo/echo-server';
import { pattern } from '../frames/frame-bytes';

const MEBIBYTE = 1_048_576;

/** Something that leads every connection on to another port of this machine, and can cut them all. */
export interface Front {
  readonly port: number;
  cut(): void;
  stop(): Promise<void>;
}

/** Leads on to `to`; with `tls` the front alone speaks it. */
export async function startFront(
  to: number,
  { tls, host = '127.0.0.1', port = 0 }: FrontOptions = {},
): Promise<Front> {
  const sockets = new Set<Socket>();
  const lead = (client: Socket): void => {
    const server = connect(to, '127.0.0.1');
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on('close', () => sockets.delete(one));
      one.on('error', () => other.destroy());
      one.pipe(other);
    }
  };
  const server: Server = tls === undefined ? createServer(lead) : createTlsServer(tls, lead);
  await once(server.listen(port, host), 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    stop: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

interface FrontOptions {
  tls?: TlsOptions;
  host?: string;
  port?: number;
}

/** A port that nobody listens on. */
export async function deadPort(): Promise<number> {
  const gone = await startFront(0);
  await gone.stop();
  return gone.port;
}

/** Certificate and key, PEM. */
export interface Pems {
  cert: string;
  key: string;
}

/** Of `localhost`, and its own authority. */
export async function makePems(): Promise<Pems> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
  });
  return { cert, key };
}

/**
 * Declares an echo server around the tests of a file. Both addresses of `localhost` lead to it, since a proxy may
 * try the first one alone.
 *
 * @returns Its port.
 */
export function useEcho(): () => number {
  let port: number | undefined;
  const stops: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    const echo = await startEchoServer();
    stops.push(() => echo.stop());
    port = Number(new URL(echo.url).port);
    // A machine without IPv6 has one address only.
    const second = await startFront(port, { host: '::1', port }).catch(() => undefined);
    if (second !== undefined) stops.push(() => second.stop());
  });
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
  });
  return () => {
    if (port === undefined) throw new Error('The echo server is not started.');
    return port;
  };
}

/** `FrameSocket.connect` for the tests of a file: what a test leaves open is ended after it. */
export function useSockets(): typeof FrameSocket.connect {
  const sockets: FrameSocket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.terminate();
  });
  return async (url, options) => {
    const socket = await FrameSocket.connect(url, options);
    sockets.push(socket);
    return socket;
  };
}

/** Exchanges what a WebSocket can carry with an echo server, and closes in good order. */
export async function exchangeAll(socket: FrameSocket): Promise<void> {
  socket.deliverPongs = true;
  await socket.sendFrame('grüße 𝄞');
  expect((await socket.readFrame()).text()).toBe('grüße 𝄞');
  await socket.sendFrame('ei', { fin: false });
  await socket.sendPing('between');
  await socket.sendFrame('ns');
  const pong = await socket.readFrame();
  expect([pong.opcodeName, pong.text()]).toEqual(['Pong', 'between']);
  expect((await socket.readFrame()).text()).toBe('eins');
  const data = pattern(MEBIBYTE);
  const sent = socket.sendFrame(data);
  expect(Buffer.compare((await socket.readFrame()).payload, data)).toBe(0);
  await sent;
  await socket.close(1000, 'done');
  expect([socket.wasClean, socket.closeCode]).toEqual([true, 1000]);
}

/** Many messages, then a large one in pieces, on one connection. */
export async function exchangeMuch(socket: FrameSocket): Promise<void> {
  for (let number = 0; number < 200; number++) {
    await socket.sendFrame(`message ${number}`);
    expect((await socket.readFrame()).text()).toBe(`message ${number}`);
  }
  const part = pattern(MEBIBYTE);
  const sent = socket.sendMessage(Array.from({ length: 8 }, () => part));
  const { value } = await socket.messages().next();
  await sent;
  expect(value?.payload.length).toBe(8 * MEBIBYTE);
  expect(Buffer.compare(value?.payload.subarray(-MEBIBYTE) ?? new Uint8Array(), part)).toBe(0);
}
