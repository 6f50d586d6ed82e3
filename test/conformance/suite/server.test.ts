import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEchoServer, WIDE_LIMITS, type EchoServer } from '../echo/echo-server';
import { ACCEPT, KEY } from '../frames/header-pairs';
import { readPeer, type RawPeer } from '../frames-client/raw-server';
import { NAMED } from './cases';
import { expectation, play } from './player';

describe('conformance suite, as a server', () => {
  let server: EchoServer;
  beforeAll(async () => void (server = await startEchoServer(0, WIDE_LIMITS, {})));
  afterAll(() => server.stop());

  it.each(NAMED)('%s', async (_, one) => {
    const peer = await openAsClient(server.url, one.deflate?.offer);
    expect(peer.request.header('sec-websocket-extensions')).toBe(one.deflate?.accepted);
    try {
      expect(await play(one, peer, 'server')).toEqual(expectation(one));
    } finally {
      peer.socket.destroy();
    }
  });
});

/** Opens a connection by hand, as a client. */
async function openAsClient(url: string, offer: string | undefined): Promise<RawPeer> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true });
  await once(socket, 'connect');
  const lines = [
    ...['GET / HTTP/1.1', `Host: ${hostname}:${port}`, 'Upgrade: websocket', 'Connection: Upgrade'],
    ...['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${KEY}`],
    ...(offer === undefined ? [] : [`Sec-WebSocket-Extensions: ${offer}`]),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const peer = await new Promise<RawPeer>((resolve) => readPeer(socket, resolve));
  expect(peer.request.line).toBe('HTTP/1.1 101 Switching Protocols');
  expect(peer.request.header('sec-websocket-accept')).toBe(ACCEPT);
  return peer;
}
