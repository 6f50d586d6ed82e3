import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { server as WebSocketPackageServer, type connection as WebSocketConnection } from 'websocket';
import { WebSocketServer, type WebSocket } from 'ws';
import { Part } from '../../helpers/part';

/**
 * A server of somebody else. It sends every message back, except for `close me`, `ping me` and `fragments`, chooses the
 * subprotocol `b.example` where it is offered, and refuses the path `/refused` with 403.
 */
export interface ForeignServer {
  readonly url: string;
  /** Pongs and Closes that came, one a line. */
  seen(): string;
  stop(): Promise<void>;
}

const PROTOCOL = 'b.example';

export async function startWs(): Promise<ForeignServer> {
  let seen = '';
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
    verifyClient: ({ req }, done) => done(req.url !== '/refused', 403),
  });
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer, isBinary) => answerByWs(socket, data, isBinary));
    socket.on('pong', (data) => (seen += `pong ${data.toString()}\n`));
    socket.on('close', (code, reason) => (seen += `close ${code} ${reason.toString()}\n`));
  });
  await once(server, 'listening');
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: () => seen,
    stop: async () => {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answerByWs(socket: WebSocket, data: Buffer, isBinary: boolean): void {
  switch (data.toString()) {
    case 'close me':
      return socket.close(4001, 'bye');
    case 'ping me':
      return socket.ping('there?');
    case 'fragments':
      for (const part of ['x'.repeat(60_000), '', 'x'.repeat(20_000)]) socket.send(part, { fin: false });
      return socket.send('x'.repeat(20_000));
    default:
      return socket.send(data, { binary: isBinary });
  }
}

/** The npm package `websocket`. It breaks what is longer than 16 KiB into fragments by itself. */
export async function startWebSocket(): Promise<ForeignServer> {
  let seen = '';
  const httpServer: Server = createServer((_, response) => response.writeHead(404).end());
  const sizes = { maxReceivedFrameSize: 0x200000, maxReceivedMessageSize: 0x200000 };
  const server = new WebSocketPackageServer({ httpServer, ...sizes });
  server.on('request', (request) => {
    if (request.resource === '/refused') return request.reject(403);
    const isOffered = request.requestedProtocols.includes(PROTOCOL);
    const socket = request.accept(isOffered ? PROTOCOL : undefined, request.origin);
    socket.on('message', (message) =>
      message.type === 'utf8'
        ? answerByWebSocket(socket, message.utf8Data)
        : socket.sendBytes(message.binaryData),
    );
    socket.on('pong', (data) => (seen += `pong ${data.toString()}\n`));
    socket.on('close', (code, reason) => (seen += `close ${code} ${reason}\n`));
  });
  await once(httpServer.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `ws://127.0.0.1:${(httpServer.address() as AddressInfo).port}`,
    seen: () => seen,
    stop: async () => {
      server.shutDown();
      httpServer.closeAllConnections();
      httpServer.close();
      await once(httpServer, 'close');
    },
  };
}

function answerByWebSocket(socket: WebSocketConnection, text: string): void {
  switch (text) {
    case 'close me':
      return socket.close(4001, 'bye');
    case 'ping me':
      return socket.ping(Buffer.from('there?'));
    case 'fragments':
      return socket.sendUTF('x'.repeat(100_000));
    default:
      return socket.sendUTF(text);
  }
}

export async function startPython(): Promise<ForeignServer> {
  const script = readFileSync(new URL('./server.py', import.meta.url), 'utf8');
  const part = await Part.start('Python websockets', ({ port }) => ({
    args: ['server.py', String(port)],
    files: { 'server.py': script },
  }));
  return { url: `ws://127.0.0.1:${part.port}`, seen: () => part.log, stop: () => part.stop() };
}
