import { connect, createServer, type Server, type Socket } from 'node:net';
import { ChaosConnection, type ConnectionFaults, type CutHow, type Direction } from './chaos-connection';
import type { FlowMode } from './flow';
import { listen } from './listening';
import { seededRandom } from './random';

/** Where a proxy leads. @public */
export interface ProxyTarget {
  /** @defaultValue '127.0.0.1' */
  host?: string;
  port: number;
}

/** @public */
export interface ChaosProxyOptions {
  /** Where connections go; with several, each connection goes to the next one. */
  target: ProxyTarget | readonly ProxyTarget[];
  /** @defaultValue '127.0.0.1' */
  host?: string;
  /** @defaultValue any free one */
  port?: number;
  /** Of all chance in it. @defaultValue 1 */
  seed?: number;
  /** What is wrong with each connection from its beginning. @defaultValue nothing */
  faults?: ConnectionFaults;
}

/** What has happened at a proxy so far. @public */
export interface ChaosCounts {
  connections: number;
  /** Connections that were cut, in whatever way. */
  cuts: number;
  /** Those of them that were cut for their age or for silence. */
  timeCuts: number;
  bytesUp: number;
  bytesDown: number;
}

const BOTH: readonly Direction[] = ['up', 'down'];

/**
 * A TCP proxy that breaks what passes through it. `faults` holds for connections that begin later; the methods act on
 * those that are open.
 *
 * @example
 * ```ts
 * const proxy = await ChaosProxy.start({ target: { port: 9324 }, faults: { up: { delayMs: 60 } } });
 * const device = new Webifi({ server: proxy.url, connectName: 'home', connectPassword: 'secret' });
 * // ...
 * proxy.cut('reset');
 * await proxy.refuse();
 * ```
 *
 * @public
 */
export class ChaosProxy {
  /** What is wrong with connections that begin from now on. */
  faults: ConnectionFaults;
  readonly counts: ChaosCounts = { connections: 0, cuts: 0, timeCuts: 0, bytesUp: 0, bytesDown: 0 };
  readonly #targets: readonly ProxyTarget[];
  readonly #host: string;
  readonly #random: () => number;
  readonly #connections = new Set<ChaosConnection>();
  #port = 0;
  #server: Server | undefined;
  #return: NodeJS.Timeout | undefined;
  #cut: { direction: Direction; left: number; how: CutHow; done: () => void } | undefined;

  private constructor({ target, host = '127.0.0.1', seed = 1, faults = {} }: ChaosProxyOptions) {
    this.#targets = 'port' in target ? [target] : target;
    if (this.#targets.length === 0) throw new TypeError('target is an empty list; name where connections go.');
    this.#host = host;
    this.#random = seededRandom(seed);
    this.faults = faults;
  }

  /** @returns The proxy, once it listens. */
  static async start(options: ChaosProxyOptions): Promise<ChaosProxy> {
    const proxy = new ChaosProxy(options);
    proxy.#port = options.port ?? 0;
    await proxy.accept();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** As a client's `server`. */
  get url(): string {
    return `http://${this.#host}:${this.#port}`;
  }

  /** Open connections. */
  get connections(): number {
    return this.#open().length;
  }

  /** Bytes that were read and lost, on the connections that are open. */
  get swallowed(): number {
    return this.#open().reduce((sum, { swallowed }) => sum + swallowed, 0);
  }

  /** Ends every open connection. */
  cut(how: CutHow = 'reset'): void {
    for (const connection of this.#open()) {
      this.counts.cuts++;
      connection.cut(how);
    }
  }

  /**
   * Ends every connection once that many more bytes have passed in that direction, over all connections together: those
   * bytes arrive, the next ones do not. Takes the place of an earlier such call.
   *
   * @returns Resolves when it happened.
   */
  cutAfterBytes(direction: Direction, bytes: number, how: CutHow = 'reset'): Promise<void> {
    return new Promise((done) => {
      this.#cut = { direction, left: bytes, how, done };
    });
  }

  /** Says to the receivers of that direction that no more comes; the other direction goes on. */
  halfClose(direction: Direction): void {
    for (const connection of this.#open()) connection.halfClose(direction);
  }

  /** What happens to the bytes of the connections that are open. */
  set(mode: FlowMode, ...directions: readonly Direction[]): void {
    for (const connection of this.#open()) connection.set(mode, directions.length === 0 ? BOTH : directions);
  }

  /** Refuses new connections, as a port does on which nobody listens; those that are open stay. */
  refuse(forMs?: number): void {
    clearTimeout(this.#return);
    this.#server?.close();
    this.#server = undefined;
    if (forMs !== undefined) this.#return = setTimeout(() => void this.accept(), forMs);
  }

  /** Takes new connections again. */
  async accept(): Promise<void> {
    clearTimeout(this.#return);
    if (this.#server !== undefined) return;
    const makeServer = (): Server => createServer({ allowHalfOpen: true }, (client) => this.#connect(client));
    [this.#server, this.#port] = await listen(makeServer, this.#host, this.#port);
  }

  /** Ends every connection and the proxy itself. */
  async close(): Promise<void> {
    clearTimeout(this.#return);
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
    for (const connection of this.#open()) connection.cut('reset');
    await closed;
  }

  #open(): ChaosConnection[] {
    for (const connection of this.#connections) if (connection.isClosed) this.#connections.delete(connection);
    return [...this.#connections];
  }

  #connect(client: Socket): void {
    const { host = '127.0.0.1', port } = this.#targets[this.counts.connections++ % this.#targets.length] ?? { port: 0 };
    const target = connect({ host, port, allowHalfOpen: true });
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      socket.once('close', () => void this.#open());
    }
    this.#connections.add(
      new ChaosConnection(client, target, this.faults, {
        random: this.#random,
        cutWithin: (direction, length) => this.#cutWithin(direction, length),
        onCut: () => this.#cutNow(),
        onBytes: (direction, length) => {
          this.counts[direction === 'up' ? 'bytesUp' : 'bytesDown'] += length;
        },
        onTimeCut: () => {
          this.counts.cuts++;
          this.counts.timeCuts++;
        },
      }),
    );
  }

  #cutWithin(direction: Direction, length: number): number | undefined {
    const cut = this.#cut;
    if (cut?.direction !== direction) return undefined;
    const last = cut.left;
    cut.left -= length;
    return last <= length ? last : undefined;
  }

  #cutNow(): void {
    const cut = this.#cut;
    this.#cut = undefined;
    this.cut(cut?.how);
    cut?.done();
  }
}
