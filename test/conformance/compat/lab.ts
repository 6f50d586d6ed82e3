import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls';
import { expect } from 'vitest';
import { Rest, WebSocket } from '../../../src/compat';
import { acceptValue } from '../../../src/frames/handshake';
import { RawServer, type RawPeer } from '../frames-client/raw-server';

/** A WebSocket under the seed's names, validated, and the raw peer behind it. */
export interface CompatPair {
  readonly ws: WebSocket;
  readonly rest: Rest;
  readonly peer: RawPeer;
}

/** Runs the steps of W1 and then the test; takes everything down whatever happens. */
export async function withWebSocket(
  run: (pair: CompatPair) => Promise<void>,
  prepare: (ws: WebSocket) => void = () => undefined,
): Promise<void> {
  let tell: (peer: RawPeer) => void = () => undefined;
  const upgraded = new Promise<RawPeer>((resolve) => (tell = resolve));
  const server = await RawServer.start((peer) => {
    peer.write(peer.answer());
    tell(peer);
  });
  const rest = new Rest();
  const ws = new WebSocket();
  prepare(ws);
  try {
    expect(await rest.Connect('127.0.0.1', server.port, false, false)).toBe(true);
    expect(ws.UseConnection(rest)).toBe(true);
    expect(ws.AddClientHeaders()).toBe(true);
    expect(await rest.FullRequestNoBody('GET', '/')).toBe('');
    expect(await ws.ValidateServerHandshake(), ws.LastErrorText).toBe(true);
    await run({ ws, rest, peer: await upgraded });
  } finally {
    ws.CloseConnection();
    await server.stop();
  }
}

/** A TLS server that answers every upgrade. */
export interface TlsServer {
  readonly port: number;
  readonly seen: TLSSocket[];
  /** Heads of the requests that came. */
  readonly requests: string[];
  stop(): Promise<void>;
}

export async function startTlsServer(options: TlsOptions): Promise<TlsServer> {
  const seen: TLSSocket[] = [];
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(options, (socket) => {
    seen.push(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', (head: Buffer) => {
      requests.push(head.toString('latin1'));
      const key = /^Sec-WebSocket-Key: (.*)\r$/m.exec(head.toString('latin1'))?.[1] ?? '';
      const lines = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${acceptValue(key)}`];
      socket.write(['HTTP/1.1 101 OK', ...lines, '', ''].join('\r\n'));
    });
  });
  server.on('tlsClientError', () => undefined);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { port: (server.address() as AddressInfo).port, seen, requests, stop };
}
