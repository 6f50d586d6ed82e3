import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Connection, type ConnectionEvent } from '../../../src/frames/connection';
import { acceptUpgrade, type HeaderList } from '../../../src/frames/handshake';
import { utf8 } from '../frames/frame-bytes';

/** A server made of the codec: it sends every message back, except for those that ask for something else. */
export interface CodecServer {
  readonly url: string;
  /** Pongs and Closes that came, in words. */
  readonly seen: string[];
  stop(): Promise<void>;
}

/** Subprotocols that it knows. */
export const PROTOCOLS: readonly string[] = ['b.example', 'c.example'];

export async function startCodecServer(): Promise<CodecServer> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => response.writeHead(404).end());
  server.on('upgrade', (request, socket: Socket, head) => {
    sockets.add(socket);
    if (request.url === '/refused') socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    else if (answer(request, socket)) serve(socket, head, seen);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer({ method = '', httpVersion, rawHeaders }: IncomingMessage, socket: Socket): boolean {
  const headers: HeaderList = Array.from({ length: rawHeaders.length / 2 }, (_, i): [string, string] => [
    rawHeaders[2 * i]!,
    rawHeaders[2 * i + 1]!,
  ]);
  const result = acceptUpgrade({ method, httpVersion, headers }, { protocols: PROTOCOLS });
  const status = result.ok ? '101 Switching Protocols' : `${result.status} Refused`;
  const lines = result.ok ? result.responseHeaders : result.headers;
  socket.write(`HTTP/1.1 ${status}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  if (!result.ok) socket.end();
  return result.ok;
}

function serve(socket: Socket, head: Uint8Array, seen: string[]): void {
  const connection = new Connection({ role: 'server' });
  const drain = (): void => {
    for (let event = connection.poll(); event !== undefined; event = connection.poll()) {
      if (event.type === 'transmit') for (const chunk of event.chunks) socket.write(chunk);
      else if (event.type === 'end') socket.end();
      else take(event, connection, seen);
    }
  };
  socket.on('data', (chunk: Uint8Array) => {
    connection.receive(chunk);
    drain();
  });
  socket.on('end', () => {
    connection.receiveEnd();
    drain();
  });
  socket.on('error', () => socket.destroy());
  connection.receive(head);
  drain();
}

function take(event: ConnectionEvent, connection: Connection, seen: string[]): void {
  if (event.type === 'pong') seen.push(`pong ${Buffer.from(event.payload).toString()}`);
  if (event.type === 'close') seen.push(`close ${event.code} ${event.reason}`);
  if (event.type !== 'message') return;
  switch (event.opcode === 1 ? Buffer.from(event.payload).toString() : '') {
    case 'ping me':
      connection.sendPing(utf8('there?'));
      break;
    case 'close me':
      connection.sendClose(4001, 'bye');
      break;
    case 'fragments':
      connection.send(1, utf8('fr'), false);
      connection.sendPing(utf8('between'));
      connection.send(1, utf8(''), false);
      connection.send(1, utf8('agments'));
      break;
    default:
      connection.send(event.opcode, event.payload);
  }
}
