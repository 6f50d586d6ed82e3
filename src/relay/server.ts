import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { inlineAccounts, openAccounts } from './accounts';
import type { AccountStore } from './account-types';
import { ConnectionGuard } from './connection-guard';
import type { RelayCounters } from './counters';
import { RelayDriver } from './driver';
import type { DurableFolder } from './durable';
import { type EdgeLimits, type RelayOptions, resolveSettings, type Settings } from './edge-options';
import { isLoopbackHost, joinHost } from './host';
import { HttpEdge } from './http-edge';
import { createTlsServer, Listener } from './listener';
import { silentLogger, type Logger } from './logger';
import type { RelayLevels } from './relay-core';
import { RelayError } from './relay-error';
import { relayMetrics } from './relay-metrics';
import { createEnv } from './resume-tokens';
import { Upgrades } from './upgrades';

const DEFAULT_PORT = 9324;
const DEFAULT_DRAIN_MS = 10_000;
/** Clients that come back per second after a shutdown: gives the time over which they spread. */
const RETURNS_PER_SECOND = 500;
const MAX_SPREAD_SECONDS = 60;
/** WebSockets are closed in slices over half of the drain time, but no fewer at once than this. */
const MIN_SLICE = 100;
const SLICE_MS = 100;

/** Where a relay can be reached. @public */
export interface RelayAddress {
  readonly host: string;
  readonly port: number;
  /** Such as `http://127.0.0.1:9324`; `https` when TLS is required. */
  readonly url: string;
  /** Closes the relay, as {@link Relay.close} does. */
  close(options?: CloseOptions): Promise<void>;
}

/** @public */
export interface ListenOptions {
  /** @defaultValue '127.0.0.1' */
  host?: string;
  /** 0 for a free one. @defaultValue 9324 */
  port?: number;
}

/** @public */
export interface CloseOptions {
  /** How long clients may take to leave before their connections are cut. @defaultValue 10000 */
  drainMs?: number;
}

/** What a relay holds now, and what it has done. @public */
export interface RelayStats extends RelayLevels {
  readonly counters: RelayCounters;
}

/** A running relay, or one about to run. @public */
export interface Relay {
  /**
   * Starts to listen.
   *
   * @throws RelayError with the code of the system, such as `EADDRINUSE`, and its error as `cause`; `LOOPBACK_ONLY` for
   *   a relay without accounts on another address than a loopback one; `WRONG_STATE` when it listens or is closed.
   */
  listen(options?: ListenOptions): Promise<RelayAddress>;
  /**
   * Serves the relay's paths on a server of yours, beside your own: `POST` and `OPTIONS` on the four paths of the
   * protocol, the files of `page`, and the upgrade on `/api/WebSocket`. Your listeners get everything else.
   */
  attach(server: Server): void;
  /** Serves one request when it is for the relay. @returns False when it is not; nothing was done then. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean;
  /** Serves one upgrade, or refuses it and closes the connection. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void;
  /** A copy of all figures. */
  stats(): RelayStats;
  /**
   * Shuts down in order: refuses newcomers, ends downloads, writes what waits, closes WebSockets with 1012, many of them in
   * slices, then cuts what is left. Resolves when nothing is open any more. Further calls give the same promise.
   */
  close(options?: CloseOptions): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes a relay; nothing is opened before {@link Relay.listen} or {@link Relay.attach}.
 *
 * @throws RelayError with code `NO_ACCOUNTS` when nobody could log in; TypeError or RangeError for an option that is
 *   not valid; the error of `node:tls` for a certificate or key that cannot be used.
 *
 * @example
 * ```ts
 * const relay = createRelay({ accounts: [{ connectName: 'home', password: 'correct horse' }] });
 * const { url } = await relay.listen({ port: 0 });
 * ```
 *
 * @public
 */
export function createRelay(options: RelayOptions): Relay {
  return new RelayServer(options);
}

function chooseAccounts({ accounts, accountStore, openAccess }: RelayOptions, { resumeKey }: Settings): AccountStore {
  if (accountStore !== undefined) return accountStore;
  if (accounts !== undefined) return inlineAccounts(accounts, { resumeKey });
  if (openAccess === true) return openAccounts({ resumeKey });
  throw new RelayError(
    'NO_ACCOUNTS',
    'A relay needs accounts: give accounts or accountStore, or openAccess: true to let everybody on this machine in.',
  );
}

class RelayServer implements Relay {
  readonly #settings: Settings;
  readonly #logger: Logger;
  readonly #ownStore: AccountStore | undefined;
  readonly #isOpen: boolean;
  readonly #driver: RelayDriver;
  readonly #guard: ConnectionGuard;
  readonly #edge: HttpEdge;
  readonly #upgrades: Upgrades;
  readonly #tlsServer: ReturnType<typeof createTlsServer> | undefined;
  /** With an error when that failed. */
  readonly #restored: Promise<unknown>;
  #server: Server | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: RelayOptions) {
    const settings = (this.#settings = resolveSettings(options));
    const accounts = chooseAccounts(options, settings);
    this.#ownStore = accounts === options.accountStore ? undefined : accounts;
    this.#isOpen = options.openAccess === true;
    this.#logger = options.logger ?? silentLogger;
    this.#tlsServer = options.tls && createTlsServer(options.tls, settings.edge.headersDeadlineMs);
    const { limits, durable, resumeKey } = settings;
    const env = createEnv({ key: resumeKey });
    const driver = (this.#driver = new RelayDriver(limits, accounts, this.#logger, env, durable));
    this.#restored = durable === undefined ? Promise.resolve() : this.#restore(durable);
    const guard = (this.#guard = new ConnectionGuard(settings.edge.maxUnauthenticatedPerAddress));
    const metrics = relayMetrics(driver);
    this.#edge = new HttpEdge({ settings, driver, guard, renderMetrics: () => metrics.render() });
    this.#upgrades = new Upgrades({
      driver,
      guard,
      edge: this.#edge,
      limits: settings.limits,
      deflate: settings.deflate,
    });
  }

  async listen({ host = '127.0.0.1', port = DEFAULT_PORT }: ListenOptions = {}): Promise<RelayAddress> {
    if (this.#server !== undefined || this.#isClosed) throw wrongState();
    if (this.#isOpen && !isLoopbackHost(host)) throw onlyLoopback(host);
    const server = (this.#server = createHttpServer(this.#settings.edge));
    const fault = await this.#restored;
    if (fault !== undefined) throw notRestored(fault);
    if (this.#isClosed) throw wrongState();
    server.on('request', (request, response) => this.#edge.handle(request, response));
    server.on('upgrade', (request, socket, head) => this.handleUpgrade(request, socket, head));
    new Listener({
      server,
      guard: this.#guard,
      tlsServer: this.#tlsServer,
      deadlineMs: this.#settings.edge.headersDeadlineMs,
    });
    try {
      await startListening(server, host, port);
    } catch (error) {
      this.#server = undefined;
      throw cannotListen(error, host, port);
    }
    server.on('error', ({ message }) => this.#logger.error('server failed', { reason: message }));
    const address = server.address() as AddressInfo;
    const scheme = this.#settings.policy.requireTls ? 'https' : 'http';
    this.#logger.info('listening', { host, port: address.port });
    return {
      host,
      port: address.port,
      url: `${scheme}://${joinHost(host, address.port)}`,
      close: (options) => this.close(options),
    };
  }

  attach(server: Server): void {
    if (this.#isOpen) throw onlyLoopback('a server whose address is not known');
    const own = server.listeners('request') as ((
      request: IncomingMessage,
      response: ServerResponse,
    ) => void)[];
    server.removeAllListeners('request');
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (!this.handleRequest(request, response))
        own.forEach((listener) => listener.call(server, request, response));
    });
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const isOurs = this.#edge.routeOf(request).type === 'websocket';
      if (isOurs || server.listenerCount('upgrade') === 1) this.handleUpgrade(request, socket, head);
    });
  }

  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const route = this.#edge.routeOf(request);
    if (route.type !== 'protocol' && route.type !== 'preflight' && route.type !== 'page') return false;
    this.#edge.handle(request, response, route);
    return true;
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    this.#upgrades.handle(request, socket, head);
  }

  stats(): RelayStats {
    const { core } = this.#driver;
    return { ...core.levels, counters: { ...core.counters } };
  }

  close(options: CloseOptions = {}): Promise<void> {
    return (this.#closed ??= this.#shutDown(options.drainMs ?? DEFAULT_DRAIN_MS));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** @returns What went wrong. */
  async #restore(durable: DurableFolder): Promise<unknown> {
    void durable.failed.then((error) => this.#stop(error));
    try {
      await this.#driver.restore(durable);
      return undefined;
    } catch (error) {
      this.#logger.error('sessions not restored', { reason: error instanceof Error ? error.message : String(error) });
      return error;
    }
  }

  /** What cannot be stored must not be said: ends at once. */
  #stop({ message }: RelayError): void {
    if (this.#closed !== undefined) return;
    this.#logger.error('stopped', { reason: message });
    this.#driver.close();
    this.#closed = this.#end(stopListening(this.#server));
  }

  async #end(stopped: Promise<void>): Promise<void> {
    this.#server?.closeAllConnections();
    this.#guard.destroyAll();
    await stopped;
    this.#driver.close();
    this.#ownStore?.close();
    await this.#settings.durable?.close();
    this.#logger.info('closed');
  }

  async #shutDown(drainMs: number): Promise<void> {
    const transports = this.#driver.core.levels.transports;
    const spreadSeconds = Math.min(
      Math.max(1, Math.ceil(transports / RETURNS_PER_SECOND)),
      MAX_SPREAD_SECONDS,
    );
    const endsAtMs = performance.now() + drainMs;
    const stopped = stopListening(this.#server);
    const slices = Math.max(1, Math.floor(drainMs / 2 / SLICE_MS));
    const count = Math.max(MIN_SLICE, Math.ceil(transports / slices));
    for (let left = transports - count; left > 0; left -= count) {
      this.#driver.input({ type: 'drain', spreadSeconds, count });
      await new Promise((resolve) => setTimeout(resolve, SLICE_MS));
    }
    this.#driver.input({ type: 'drain', spreadSeconds });
    await this.#untilEmpty(endsAtMs);
    await this.#end(stopped);
  }

  /** Waits for the connections to end by themselves, for a bounded time. */
  async #untilEmpty(endsAtMs: number): Promise<void> {
    while (this.#guard.size > 0 && performance.now() < endsAtMs) {
      this.#server?.closeIdleConnections();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function createHttpServer(edge: EdgeLimits): Server {
  const { headersDeadlineMs, bodyDeadlineMs } = edge;
  const requestTimeout = bodyDeadlineMs;
  const headersTimeout = Math.min(headersDeadlineMs, requestTimeout);
  const server = createServer({
    maxHeaderSize: edge.maxHeaderSize,
    headersTimeout,
    requestTimeout,
    keepAliveTimeout: edge.keepAliveMs,
    connectionsCheckingInterval: Math.min(1_000, Math.max(20, Math.floor(headersTimeout / 5))),
    noDelay: true,
  });
  server.maxConnections = edge.maxConnections;
  server.on('clientError', refuseBrokenRequest);
  return server;
}

const BROKEN_REQUEST_STATUS: ReadonlyMap<string, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);

/** What Node could not read as a request: one line, then the end. */
function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Anything else than bad HTTP is a connection that is gone, or TLS that failed: nobody could read an answer.
  const code = error.code ?? '';
  const isHttp = code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT';
  if (!socket.writable || !isHttp) return void socket.destroy();
  const status = BROKEN_REQUEST_STATUS.get(code) ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  (socket as Socket).destroySoon();
}

function startListening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function stopListening(server: Server | undefined): Promise<void> {
  return server === undefined ? Promise.resolve() : new Promise((resolve) => server.close(() => resolve()));
}

function wrongState(): RelayError {
  return new RelayError('WRONG_STATE', 'The relay listens already, or is closed; create another one.');
}

function onlyLoopback(where: string): RelayError {
  return new RelayError(
    'LOOPBACK_ONLY',
    `Without accounts a relay listens on loopback addresses only, such as 127.0.0.1, not on ${where}.`,
  );
}

function notRestored(cause: unknown): RelayError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new RelayError('JOURNAL', `The sessions of the relay before this one cannot be taken up: ${reason}`, { cause });
}

function cannotListen(cause: unknown, host: string, port: number): RelayError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  const message =
    code === 'EADDRINUSE'
      ? `Port ${port} on ${host} is in use; choose another one, or 0 for a free one.`
      : `Cannot listen on ${host}, port ${port} (${code}).`;
  return new RelayError(code, message, { cause });
}
