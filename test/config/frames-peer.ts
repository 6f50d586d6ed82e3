import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/** A WebSocket server for tests inside Chromium, which say with the path how it behaves. */
export async function startFramesPeer(): Promise<{ url: string; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const http = createServer((_request, response) => void response.writeHead(426).end());
  http.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const server = new WebSocketServer({
    server: http,
    // Chooses `chat` when it is offered, and nothing else.
    handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
    verifyClient: ({ req }: { req: IncomingMessage }, decide: (isWelcome: boolean) => void) => {
      if (req.url !== '/hang') decide(req.url !== '/refuse');
    },
  });
  server.on('connection', (peer, { url = '' }) => behave(peer, new URL(url, 'ws://peer')));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    stop: async () => {
      // Those that were never answered among them.
      for (const socket of sockets) socket.destroy();
      http.close();
      await once(http, 'close');
    },
  };
}

function behave(peer: WebSocket, { pathname, searchParams }: URL): void {
  const number = (name: string): number => Number(searchParams.get(name) ?? '0');
  switch (pathname) {
    case '/echo':
      peer.on('message', (data: Buffer, isBinary) => peer.send(data, { binary: isBinary }));
      return;
    case '/query':
      return peer.send(searchParams.toString());
    case '/fragments':
      peer.send('one ', { fin: false });
      peer.ping();
      return peer.send('two', { fin: true });
    case '/close':
      peer.send('last words');
      return peer.close(number('code') || undefined, searchParams.get('reason') ?? '');
    case '/drop':
      peer.send('last words', () => peer.terminate());
      return;
    case '/mute':
      // Reads nothing any more, so that no Close is answered.
      return peer.pause();
    case '/flood':
      for (let i = 0; i < number('count'); i++) peer.send(Buffer.alloc(number('size')));
      return;
    default:
      return;
  }
}
