import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { ConnectionGuard } from './connection-guard';

/** First byte of a TLS handshake; no HTTP request begins with it. */
const TLS_HANDSHAKE = 0x16;

export interface TlsMaterial {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/** @throws Error of `node:tls` when certificate and key are no PEM or do not belong together. */
export function readTlsMaterial({ cert, key }: TlsMaterial): SecureContext {
  return createSecureContext({ cert, key, minVersion: 'TLSv1.2' });
}

export interface ListenerOptions {
  readonly server: Server;
  readonly guard: ConnectionGuard;
  readonly secureContext: SecureContext | undefined;
  /** Until the first byte, and until the end of a TLS handshake. */
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
    const { server } = options;
    const own = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
    server.removeAllListeners('connection');
    this.#acceptHttp = (socket) => own.forEach((listener) => listener.call(server, socket));
    server.on('connection', (socket) => this.#accept(socket));
  }

  #accept(socket: Socket): void {
    const { guard, secureContext } = this.#options;
    socket.on('error', () => socket.destroy());
    if (!guard.admit(socket)) socket.destroy();
    else if (secureContext === undefined) this.#acceptHttp(socket);
    else this.#sniff(socket, secureContext);
  }

  #sniff(socket: Socket, secureContext: SecureContext): void {
    socket.setTimeout(this.#options.deadlineMs, () => socket.destroy());
    socket.once('end', () => socket.destroy());
    socket.once('data', (start: Buffer) => {
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      socket.pause();
      socket.unshift(start);
      if (start[0] === TLS_HANDSHAKE) this.#acceptTls(socket, secureContext);
      else this.#acceptPlain(socket);
    });
  }

  #acceptPlain(socket: Socket): void {
    this.#acceptHttp(socket);
    process.nextTick(() => socket.resume());
  }

  #acceptTls(inner: Socket, secureContext: SecureContext): void {
    const outer = new TLSSocket(inner, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
    this.#options.guard.wrap(outer, inner);
    outer.on('error', () => inner.destroy());
    outer.setTimeout(this.#options.deadlineMs, () => inner.destroy());
    outer.once('secure', () => {
      outer.setTimeout(0);
      outer.removeAllListeners('timeout');
      this.#acceptHttp(outer);
    });
  }
}
