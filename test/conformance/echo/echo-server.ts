import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { Connection } from '../../../src/frames/connection';
import type { DeflateAcceptOptions } from '../../../src/frames/deflate-offer';
import { resolveDeflateTuning, type DeflateTuning } from '../../../src/frames/deflate-options';
import { acceptUpgrade, type AcceptUpgradeResult } from '../../../src/frames/handshake';
import type { FrameLimits } from '../../../src/frames/limits';
import { createCompression } from '../../../src/frames/node/deflate';

/** Limits that an external suite needs: messages of 16 MiB, and 65,537 frames in one. */
export const WIDE_LIMITS: Partial<FrameLimits> = {
  maxFrameSize: 33_554_432,
  maxMessageSize: 33_554_432,
  maxFragments: 131_072,
};

/** What a server agrees to, and how it compresses: whatever its size, so that a suite gets to see it. */
export type ServerDeflate = DeflateAcceptOptions & Partial<DeflateTuning>;

/** A running echo server. */
export interface EchoServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Sends every message back as it came, on the codec that the relay uses.
 *
 * @param deflate - `{}` to agree to any offer of compression; without it none is agreed to.
 */
export async function startEchoServer(
  port = 0,
  limits: Partial<FrameLimits> = WIDE_LIMITS,
  deflate?: ServerDeflate,
): Promise<EchoServer> {
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => void response.writeHead(426).end());
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Uint8Array) => {
    const result = answer(request, socket, deflate);
    if (result.ok) echo(socket, head, connectionFor(result, limits, deflate));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

type Accepted = Extract<AcceptUpgradeResult, { ok: true }>;

function answer(
  { method = '', httpVersion, rawHeaders }: IncomingMessage,
  socket: Socket,
  deflate: ServerDeflate | undefined,
): AcceptUpgradeResult {
  const headers = Array.from(
    { length: rawHeaders.length / 2 },
    (_, i) => [rawHeaders[2 * i]!, rawHeaders[2 * i + 1]!] as const,
  );
  const result = acceptUpgrade({ method, httpVersion, headers }, { deflate });
  const [status, lines] = result.ok
    ? ['101 Switching Protocols', result.responseHeaders]
    : [`${result.status} Refused`, result.headers];
  socket.write(
    [`HTTP/1.1 ${status}`, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n'),
  );
  if (!result.ok) socket.end();
  return result;
}

function connectionFor(
  { deflate: agreed }: Accepted,
  limits: Partial<FrameLimits>,
  tuning: ServerDeflate = {},
): Connection {
  const compression =
    agreed && createCompression(agreed, 'server', resolveDeflateTuning({ threshold: 0, ...tuning }));
  return new Connection({ role: 'server', limits, compression });
}

function echo(socket: Socket, head: Uint8Array, connection: Connection): void {
  const drain = (): void => {
    for (let event = connection.poll(); event !== undefined; event = connection.poll()) {
      if (event.type === 'transmit') {
        socket.cork();
        for (const chunk of event.chunks) socket.write(chunk);
        socket.uncork();
      } else if (event.type === 'message') connection.send(event.opcode, event.payload);
      else if (event.type === 'end') socket.end();
    }
    // Whoever does not read his echoes is not read either.
    if (socket.writableNeedDrain) socket.pause();
  };
  const receive = (chunk: Uint8Array): void => {
    connection.receive(chunk);
    drain();
  };
  socket.setNoDelay(true);
  socket.on('data', receive).on('drain', () => socket.resume());
  socket.on('error', () => socket.destroy());
  socket.on('end', () => {
    connection.receiveEnd();
    drain();
  });
  if (head.length > 0) receive(head);
}
