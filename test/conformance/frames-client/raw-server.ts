import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { acceptValue } from '../../../src/frames/handshake';
import { concat } from '../../helpers/bytes';
import { FrameScanner, type PeerBytes, type WireFrame } from '../frames/frame-bytes';

/** What a client sent to open a WebSocket. */
export interface SeenRequest {
  line: string;
  headers: [name: string, value: string][];
  header(name: string): string | undefined;
}

/** One accepted connection of the {@link RawServer}: bytes in, bytes out, no WebSocket code. */
export class RawPeer {
  readonly request: SeenRequest;
  readonly #chunks: Uint8Array[] = [];
  #wake: (() => void)[] = [];
  isEnded = false;
  /** Takes the bytes in place of {@link RawPeer.received}. */
  onBytes: ((chunk: Uint8Array) => void) | undefined = undefined;

  constructor(
    readonly socket: Socket,
    head: string,
    rest: Uint8Array,
  ) {
    this.request = parseHead(head);
    if (rest.length > 0) this.#chunks.push(rest);
    socket.on('data', (chunk: Uint8Array) => {
      if (this.onBytes !== undefined) this.onBytes(chunk);
      else this.#note(() => this.#chunks.push(chunk));
    });
    socket.on('end', () => this.#note(() => (this.isEnded = true)));
    socket.on('close', () => this.#note(() => (this.isEnded = true)));
  }

  /** The 101 answer to this request; each part can be replaced. */
  answer({ status = '101 Switching Protocols', version = '1.1', headers = [] as string[] } = {}): string {
    const accept = acceptValue(this.request.header('sec-websocket-key') ?? '');
    const own = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
    const names = new Set(headers.map((line) => line.split(':')[0]?.toLowerCase()));
    const kept = own.filter((line) => !names.has(line.split(':')[0]?.toLowerCase()));
    return [
      `HTTP/${version} ${status}`,
      ...kept,
      ...headers.filter((line) => line.includes(':')),
      '',
      '',
    ].join('\r\n');
  }

  write(...bytes: (PeerBytes | Uint8Array | string)[]): void {
    for (const one of bytes) {
      const made = typeof one === 'function' ? one('client') : one;
      if (this.socket.writable) this.socket.write(made);
    }
  }

  /** Everything that came after the request. */
  get received(): Uint8Array {
    return concat(this.#chunks);
  }

  /** Waits until so many whole frames came, or the client has ended its side. */
  async frames(count = Infinity): Promise<WireFrame[]> {
    for (;;) {
      const scanner = new FrameScanner();
      scanner.push(this.received);
      const { frames } = scanner;
      if (frames.length >= count || this.isEnded) return frames;
      await this.next();
    }
  }

  /** Waits for the client's FIN or the end of the connection. */
  async ended(): Promise<void> {
    while (!this.isEnded) await this.next();
  }

  next(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #note(change: () => void): void {
    change();
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** A TCP server that reads the request of a WebSocket client and leaves everything else to the test. */
export class RawServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(onPeer: (peer: RawPeer) => void) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => socket.destroy());
      readPeer(socket, onPeer);
    });
  }

  static async start(onPeer: (peer: RawPeer) => void): Promise<RawServer> {
    const server = new RawServer(onPeer);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/`;
  }

  /** Connections that have not ended. */
  get open(): number {
    return this.#sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** A server for one connection, and a promise of it. */
export async function onePeer(): Promise<{ server: RawServer; peer: Promise<RawPeer> }> {
  let tell: (peer: RawPeer) => void = () => undefined;
  const peer = new Promise<RawPeer>((resolve) => (tell = resolve));
  return { server: await RawServer.start((one) => tell(one)), peer };
}

/** Reads the upgrade request from any stream. */
export function readPeer(stream: Duplex, onPeer: (peer: RawPeer) => void): void {
  readHead(stream, (head, rest) => onPeer(new RawPeer(stream as Socket, head, rest)));
}

function readHead(socket: Duplex, onHead: (head: string, rest: Uint8Array) => void): void {
  let bytes = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    bytes = Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return;
    socket.off('data', onData);
    onHead(bytes.toString('latin1', 0, end), bytes.subarray(end + 4));
  };
  socket.on('data', onData);
}

function parseHead(head: string): SeenRequest {
  const [line = '', ...rest] = head.split('\r\n');
  const headers = rest.map((one): [string, string] => {
    const colon = one.indexOf(':');
    return [one.slice(0, colon), one.slice(colon + 1).trim()];
  });
  const header = (name: string) => headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
  return { line, headers, header };
}
