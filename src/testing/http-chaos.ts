import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ProxyTarget } from './chaos-proxy';
import { answerText, type Answer, plainHeaders, readBody, requestHead } from './http-parts';
import { listen } from './listening';
import { seededRandom } from './random';

/**
 * What becomes of a request to upgrade.
 *
 * - `pass`: it goes on, and what follows it.
 * - `refuse`: it is answered with `refusal`.
 * - `hang`: it is never answered.
 * - `strip`: it goes on as an ordinary request, as by a proxy that knows no upgrade.
 * - `mute`: it goes on and its answer comes back, but of what the target sends then nothing does before its end, as by
 *   a proxy that holds every body until it is complete.
 *
 * @public
 */
export type UpgradeFault = 'pass' | 'refuse' | 'hang' | 'strip' | 'mute';

/** What is wrong with the exchanges of a proxy. Chances are from 0 to 1. @public */
export interface HttpFaults {
  /** Chance that a request goes to the target twice; the second answer is thrown away. @defaultValue 0 */
  duplicate?: number;
  /** Chance that a request, or that an answer, is held back until a later one has passed it. @defaultValue 0 */
  reorder?: number;
  /** The longest time that one is held back when none passes it, in milliseconds. @defaultValue 500 */
  holdBackMs?: number;
  /** Chance that a request never gets to the target; its connection is cut. @defaultValue 0 */
  loseRequest?: number;
  /** Chance that the target has answered but its answer is lost; the connection is cut. @defaultValue 0 */
  loseAnswer?: number;
  /** @defaultValue 'pass' */
  upgrade?: UpgradeFault;
  /** Status that a refused upgrade is answered with. @defaultValue 403 */
  refusal?: number;
  /** An upgraded connection is cut after this time, in milliseconds. @defaultValue never */
  upgradeLifetimeMs?: number;
}

/** @public */
export interface HttpChaosOptions {
  /** Where requests go; with several, each one goes to the next. */
  target: ProxyTarget | readonly ProxyTarget[];
  /** @defaultValue '127.0.0.1' */
  host?: string;
  /** @defaultValue any free one */
  port?: number;
  /** Of all chance in it. @defaultValue 1 */
  seed?: number;
  faults?: HttpFaults;
}

/** How often each fault really happened. @public */
export interface HttpCounts {
  exchanges: number;
  duplicated: number;
  /** Requests and answers that a later one passed. */
  reordered: number;
  lostRequests: number;
  lostAnswers: number;
  upgrades: number;
  /** Upgrades that did not pass, or were cut. */
  faultyUpgrades: number;
}

/**
 * An HTTP proxy (reverse, buffering) that breaks exchanges: what a {@link ChaosProxy} cannot do, since it knows no
 * requests. `faults` may be changed at any time.
 *
 * @public
 */
export class HttpChaosProxy {
  faults: HttpFaults;
  readonly counts: HttpCounts = {
    ...{ exchanges: 0, duplicated: 0, reordered: 0, lostRequests: 0, lostAnswers: 0 },
    ...{ upgrades: 0, faultyUpgrades: 0 },
  };
  readonly #targets: readonly ProxyTarget[];
  readonly #host: string;
  readonly #random: () => number;
  /** What is held back waits for another to pass. */
  readonly #heldBack = new Set<() => void>();
  readonly #closing = new AbortController();
  readonly #upgraded = new Set<Duplex>();
  #server: Server | undefined;
  #port = 0;
  #turn = 0;

  private constructor({ target, host = '127.0.0.1', seed = 1, faults = {} }: HttpChaosOptions) {
    this.#targets = 'port' in target ? [target] : target;
    if (this.#targets.length === 0) throw new TypeError('target is an empty list; name where requests go.');
    this.#host = host;
    this.#random = seededRandom(seed);
    this.faults = faults;
  }

  /** @returns The proxy, once it listens. */
  static async start(options: HttpChaosOptions): Promise<HttpChaosProxy> {
    const proxy = new HttpChaosProxy(options);
    const makeServer = (): Server =>
      createServer((request, response) => void proxy.#exchange(request, response))
        .on('upgrade', (request, socket, head) => void proxy.#upgrade(request, socket, head))
        .on('clientError', (_error, socket) => socket.destroy());
    [proxy.#server, proxy.#port] = await listen(makeServer, proxy.#host, options.port ?? 0);
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** As a client's `server`. */
  get url(): string {
    return `http://${this.#host}:${this.#port}`;
  }

  /** Ends every connection and the proxy itself. */
  async close(): Promise<void> {
    this.#closing.abort();
    const server = this.#server as (Server & { closeAllConnections(): void }) | undefined;
    const closed = new Promise<void>((resolve) => server?.close(() => resolve()));
    server?.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
    await closed;
  }

  #chance(of: number | undefined): boolean {
    return of !== undefined && of > 0 && this.#random() < of;
  }

  async #exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.counts.exchanges++;
    // A client that goes away takes its request back, as with any proxy.
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const body = await readBody(request);
      await this.#holdBack();
      if (this.#chance(this.faults.loseRequest)) {
        this.counts.lostRequests++;
        return void response.destroy();
      }
      const answer = await this.#forwarded(request, body, AbortSignal.any([gone.signal, this.#closing.signal]));
      await this.#holdBack();
      if (this.#chance(this.faults.loseAnswer)) {
        this.counts.lostAnswers++;
        return void response.destroy();
      }
      response.writeHead(answer.status, answer.headers).end(answer.body);
    } catch {
      // The target, or the client, is gone: so is the exchange.
      response.destroy();
    }
  }

  /** The first answer counts. The second request goes out along with it, or only when it is answered. */
  async #forwarded(request: IncomingMessage, body: Buffer, signal: AbortSignal): Promise<Answer> {
    const isTwice = this.#chance(this.faults.duplicate);
    const isLate = isTwice && this.#random() < 0.5;
    const again = (): void => {
      this.counts.duplicated++;
      this.#forward(request, body, this.#closing.signal).catch(() => undefined);
    };
    const answer = this.#forward(request, body, signal);
    if (isTwice && !isLate) again();
    await answer;
    if (isLate) again();
    return answer;
  }

  async #forward(request: IncomingMessage, body: Buffer, signal: AbortSignal): Promise<Answer> {
    const { host = '127.0.0.1', port } = this.#nextTarget();
    const headers = { ...plainHeaders(request.headers), 'content-length': String(body.length) };
    const options = { host, port, signal, headers, method: request.method ?? 'GET', path: request.url ?? '/' };
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({ ...options, agent: false }, (incoming) => {
        const { statusCode: status = 502, headers: answered } = incoming;
        readBody(incoming).then((text) => resolve({ status, headers: plainHeaders(answered), body: text }), reject);
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  #nextTarget(): ProxyTarget {
    return this.#targets[this.#turn++ % this.#targets.length] ?? { port: 0 };
  }

  /** Holds one back with its chance; the next that is not held back lets all go that are, after itself. */
  async #holdBack(): Promise<void> {
    if (!this.#chance(this.faults.reorder)) {
      const held = [...this.#heldBack];
      if (held.length > 0) setImmediate(() => held.forEach((letGo) => letGo()));
      return;
    }
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        clearTimeout(timer);
        this.#heldBack.delete(passed);
        resolve();
      };
      const passed = (): void => {
        this.counts.reordered++;
        goOn();
      };
      const timer = setTimeout(goOn, this.faults.holdBackMs ?? 500);
      this.#heldBack.add(passed);
    });
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { upgrade = 'pass', refusal = 403, upgradeLifetimeMs } = this.faults;
    this.counts.upgrades++;
    this.#upgraded.add(socket);
    socket.on('error', () => undefined).once('close', () => this.#upgraded.delete(socket));
    if (upgrade !== 'pass' || upgradeLifetimeMs !== undefined) this.counts.faultyUpgrades++;
    if (upgrade === 'refuse') socket.end(answerText({ status: refusal, headers: {}, body: Buffer.alloc(0) }));
    if (upgrade === 'strip') {
      const answer = await this.#forward(request, Buffer.alloc(0), this.#closing.signal).catch(() => undefined);
      if (answer === undefined) socket.destroy();
      else socket.end(answerText(answer));
    }
    if (upgrade === 'pass' || upgrade === 'mute') this.#passUpgrade(request, socket, head);
  }

  #passUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { upgrade, upgradeLifetimeMs: lifetimeMs } = this.faults;
    const { host = '127.0.0.1', port } = this.#nextTarget();
    const target = connect(port, host);
    this.#upgraded.add(target);
    target.on('error', () => socket.destroy()).once('close', () => this.#upgraded.delete(target));
    socket.once('close', () => target.destroy());
    target.once('close', () => socket.destroy());
    target.write(`${requestHead(request)}\r\n`);
    target.write(head);
    socket.pipe(target);
    if (upgrade === 'mute') passLate(target, socket);
    else target.pipe(socket);
    if (lifetimeMs === undefined) return;
    const timer = setTimeout(() => socket.destroy(), lifetimeMs);
    socket.once('close', () => clearTimeout(timer));
  }
}

/** The head of the answer passes at once, what follows it when all of it is there. */
function passLate(target: Socket, socket: Duplex): void {
  target.once('data', (first: Buffer) => {
    const headLength = first.indexOf('\r\n\r\n') + 4;
    socket.write(first.subarray(0, headLength));
    const held = [first.subarray(headLength)];
    target.on('data', (bytes: Buffer) => held.push(bytes));
    target.once('end', () => socket.end(Buffer.concat(held)));
  });
}
