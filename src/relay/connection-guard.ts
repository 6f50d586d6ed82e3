import type { Socket } from 'node:net';
import type { Stream } from 'node:stream';
import { addressKey } from './guessing';

/**
 * Counts, per address, the connections that have shown nothing yet: no completed request, no attach (SEC-14). Also
 * knows every connection, so that none is left when the relay closes.
 */
export class ConnectionGuard {
  /** Every open socket, with the address it counts for as long as it counts. */
  readonly #sockets = new Map<Socket, string | undefined>();
  readonly #counts = new Map<string, number>();
  /** TCP sockets with TLS on top, by the peer's address and port: the TLS socket has the same. */
  readonly #underTls = new Map<string, Socket>();
  readonly #onClose: (this: Socket) => void;

  constructor(private readonly maxPerAddress: number) {
    const forget = (socket: Socket): void => this.#forget(socket);
    // One for all sockets: a listener of its own for each would be memory for as long as it is connected.
    this.#onClose = function () {
      forget(this);
    };
  }

  get size(): number {
    return this.#sockets.size;
  }

  /** @returns False when its address has too many already; then the caller ends it. */
  admit(socket: Socket): boolean {
    if (this.#sockets.has(this.#admittedOf(socket))) return true;
    const address = addressKey(socket.remoteAddress ?? '');
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.maxPerAddress) return false;
    this.#counts.set(address, count + 1);
    this.#sockets.set(socket, address);
    socket.on('close', this.#onClose);
    return true;
  }

  /** An admitted socket gets another one on top, which stands for the same connection. */
  expectTls(socket: Socket): void {
    const peer = peerOf(socket);
    this.#underTls.set(peer, socket);
    socket.once('close', () => {
      if (this.#underTls.get(peer) === socket) this.#underTls.delete(peer);
    });
  }

  /** The connection has completed a request or an attach. */
  prove(socket: Socket): void {
    this.#release(this.#admittedOf(socket));
  }

  destroyAll(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #admittedOf(socket: Socket): Socket {
    if (this.#underTls.size === 0 || this.#sockets.has(socket)) return socket;
    return this.#underTls.get(peerOf(socket)) ?? socket;
  }

  #forget(socket: Socket): void {
    this.#release(socket);
    this.#sockets.delete(socket);
  }

  #release(socket: Socket): void {
    const address = this.#sockets.get(socket);
    if (address === undefined) return;
    this.#sockets.set(socket, undefined);
    const count = (this.#counts.get(address) ?? 1) - 1;
    if (count > 0) this.#counts.set(address, count);
    else this.#counts.delete(address);
  }
}

/** What fails ends by itself, and not the process with it (SEC-25); `close` follows and does what is to be done. */
export function guardErrors(stream: Stream & Destroyable): void {
  if (stream.listenerCount('error', destroyThis) === 0) stream.on('error', destroyThis);
}

interface Destroyable {
  destroy(): unknown;
}

function destroyThis(this: Destroyable): void {
  this.destroy();
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
