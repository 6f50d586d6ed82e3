import { randomBytes } from 'node:crypto';
import { createServer, request } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Connection, type ConnectionEvent, type ConnectionOptions } from '../../../src/frames/connection';
import {
  acceptUpgrade,
  checkUpgradeResponse,
  createUpgradeRequest,
  type HeaderList,
} from '../../../src/frames/handshake';

type Listener = (event: ConnectionEvent, connection: Connection) => void;

/** Joins a connection with a socket; the only code here that knows both. */
function join(connection: Connection, socket: Duplex, head: Uint8Array, listener: Listener): () => void {
  const drain = () => {
    for (let event = connection.poll(); event !== undefined; event = connection.poll()) {
      if (event.type === 'transmit') for (const chunk of event.chunks) socket.write(chunk);
      listener(event, connection);
      if (event.type === 'end') socket.end();
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
  return drain;
}

export function pairs(rawHeaders: readonly string[]): HeaderList {
  return Array.from({ length: rawHeaders.length / 2 }, (_, i): [string, string] => [
    rawHeaders[2 * i]!,
    rawHeaders[2 * i + 1]!,
  ]);
}

const echo: Listener = (event, connection) => {
  if (event.type === 'message') connection.send(event.opcode, event.payload);
};

/** A server made of the codec alone: it sends every message back. */
export async function startEcho(options: Partial<ConnectionOptions> = {}, protocols: string[] = []) {
  const events: ConnectionEvent[] = [];
  const sockets = new Set<Duplex>();
  const server = createServer((_, response) => response.writeHead(404).end());
  server.on('upgrade', (incoming, socket: Socket, head) => {
    const { method = '', httpVersion } = incoming;
    const answer = acceptUpgrade({ method, httpVersion, headers: pairs(incoming.rawHeaders) }, { protocols });
    const status = answer.ok ? '101 Switching Protocols' : `${answer.status} Refused`;
    const headers = answer.ok ? answer.responseHeaders : answer.headers;
    socket.write(
      `HTTP/1.1 ${status}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    );
    sockets.add(socket);
    if (!answer.ok) socket.end();
    else
      join(new Connection({ ...options, role: 'server' }), socket, head, (event, connection) => {
        if (event.type !== 'transmit') events.push(event);
        echo(event, connection);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    events,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A client made of the codec and node:http. */
export async function connectTo(port: number, listener: Listener, protocols: string[] = []) {
  const target = { host: '127.0.0.1', port, nonce: randomBytes(16), protocols };
  const upgrade = createUpgradeRequest(target);
  const maskKey = () => randomBytes(4).readInt32BE();
  return new Promise<{ connection: Connection; drain: () => void; protocol: string | undefined }>(
    (resolve, reject) => {
      const outgoing = request({
        host: '127.0.0.1',
        port,
        path: upgrade.path,
        headers: upgrade.headers.flat(),
      });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => reject(new Error(`status ${response.statusCode}`)));
      outgoing.on('upgrade', (response, socket, head) => {
        const { httpVersion, statusCode: status = 0 } = response;
        const result = checkUpgradeResponse(upgrade, {
          httpVersion,
          status,
          headers: pairs(response.rawHeaders),
        });
        if (!result.ok) {
          socket.destroy();
          reject(new Error(result.message));
          return;
        }
        const connection = new Connection({ role: 'client', maskKey });
        resolve({ connection, drain: join(connection, socket, head, listener), protocol: result.protocol });
      });
      outgoing.end();
    },
  );
}
