import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { createServer, type Server as TlsServer } from 'node:tls';
import { type ConnectionGuard, guardErrors } from './connection-guard';

/** First byte of a TLS handshake; no HTTP request begins with it. */
const TLS_HANDSHAKE = 0x16;

export interface TlsMaterial {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/**
 * A TLS server that never listens: the listener hands it connections that begin with a TLS handshake.
 *
 * @throws Error of `node:tls` when certificate and key are no PEM or do not belong together.
 */
export function createTlsServer({ cert, key }: TlsMaterial, handshakeTimeout: number): TlsServer {
  return createServer({ cert, key, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'], handshakeTimeout });
}

export interface ListenerOptions {
  readonly server: Server;
  readonly guard: ConnectionGuard;
  /** Undefined when only plain connections are served. */
  readonly tlsServer: TlsServer | undefined;
  /** Until the first byte. */
  readonly deadlineMs: number;
}

/**
 * Puts itself in front of the connections of an HTTP server: refuses those of an address that has too many, and lets
 * one port serve TLS and plain connections, because one session may use both (section 15 of the protocol).
 */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #acceptHttp: (socket: Socket) => void;

  constructor(options: ListenerOptions) {
    this.#options = options;
    const { server, tlsServer } = options;
    const own = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
    server.removeAllListeners('connection');
    this.#acceptHttp = (socket) => own.forEach((listener) => listener.call(server, socket));
    server.on('connection', (socket) => this.#accept(socket));
    tlsServer?.on('secureConnection', (socket) => this.#acceptHttp(socket));
    tlsServer?.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  #accept(socket: Socket): void {
    const { guard, tlsServer } = this.#options;
    guardErrors(socket);
    if (!guard.admit(socket)) socket.destroy();
    else if (tlsServer === undefined) this.#acceptHttp(socket);
    else this.#sniff(socket, tlsServer);
  }

  #sniff(socket: Socket, tlsServer: TlsServer): void {
    socket.setTimeout(this.#options.deadlineMs, () => socket.destroy());
    socket.once('end', () => socket.destroy());
    socket.once('data', (start: Buffer) => {
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      socket.pause();
      socket.unshift(start);
      if (start[0] === TLS_HANDSHAKE) this.#acceptTls(socket, tlsServer);
      else this.#acceptPlain(socket);
    });
  }

  #acceptPlain(socket: Socket): void {
    this.#acceptHttp(socket);
    process.nextTick(() => socket.resume());
  }

  #acceptTls(socket: Socket, tlsServer: TlsServer): void {
    this.#options.guard.expectTls(socket);
    // HTTP sockets stay half open when the peer ends; in the midst of a TLS handshake nobody would ever end them.
    socket.allowHalfOpen = false;
    tlsServer.emit('connection', socket);
  }
}
