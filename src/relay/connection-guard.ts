import type { Socket } from 'node:net';
import { addressKey } from './guessing';

/**
 * Counts, per address, the connections that have shown nothing yet: no completed request, no attach (SEC-14). Also
 * knows every connection, so that none is left when the relay closes.
 */
export class ConnectionGuard {
  /** Every open socket, with the address it counts for as long as it counts. */
  readonly #sockets = new Map<Socket, string | undefined>();
  readonly #counts = new Map<string, number>();
  /** By the peer's address and port, which a TLS socket shares with the TCP socket inside it. */
  readonly #byPeer = new Map<string, Socket>();

  constructor(private readonly maxPerAddress: number) {}

  get size(): number {
    return this.#sockets.size;
  }

  /** @returns False when its address has too many already; then the caller ends it. */
  admit(socket: Socket): boolean {
    if (this.#sockets.has(socket)) return true;
    const address = addressKey(socket.remoteAddress ?? '');
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.maxPerAddress) return false;
    this.#counts.set(address, count + 1);
    this.#sockets.set(socket, address);
    const peer = peerOf(socket);
    this.#byPeer.set(peer, socket);
    socket.once('close', () => {
      if (this.#byPeer.get(peer) === socket) this.#byPeer.delete(peer);
      this.#release(socket);
      this.#sockets.delete(socket);
    });
    return true;
  }

  /** The connection has completed a request or an attach. */
  prove(socket: Socket): void {
    const admitted = this.#byPeer.get(peerOf(socket));
    if (admitted !== undefined) this.#release(admitted);
  }

  destroyAll(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
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

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
