import { bothTransports } from '../client/links';
import type { WebifiOptions } from '../client/options';
import { WebifiClient } from '../client/webifi';
import type { HttpAnswer, Platform, Signal, SocketHandlers, SocketTransport } from '../core/transport';
import { Connection } from '../frames/connection';
import type { ProtocolRoute, RelayEffect } from '../relay/events';
import { resolveLimits, type RelayLimits } from '../relay/limits';
import { RelayCore } from '../relay/relay-core';
import { memoryEnv } from './memory-env';
import type { VirtualClock } from './virtual-clock';

/** Of the password that is never changed. */
const GENERATION = '0000000000000001';

/** @public */
export interface MemoryRelayOptions extends Partial<RelayLimits> {
  /** How long bytes and requests are on their way, in one direction, in milliseconds. @defaultValue 0 */
  latencyMs?: number;
}

/** What a socket or a request waits with. */
interface Waiting {
  lose(): void;
}

interface MemorySocket extends Waiting {
  /** Frames from the relay. */
  write(chunks: readonly Uint8Array[]): void;
  close(code: number, reason: string): void;
}

interface MemoryRequest extends Waiting {
  answer(body: Uint8Array): void;
}

const ROUTES: Readonly<Record<string, ProtocolRoute>> = {
  '/': 'login',
  '/Upload': 'upload',
  '/Download': 'download',
  '/CancelDownload': 'cancel',
};

/** Nothing is looked up there; clients do not warn of a plain connection that stays on the machine. */
const HOSTS = { ip: 'localhost', dn: 'localhost' };

/**
 * The relay's real protocol without a port: its devices are in memory, too, in the time of a virtual
 * clock. Any name and password may log in; each name is an account.
 *
 * @public
 */
export class MemoryRelay {
  readonly #core: RelayCore;
  readonly #clock: VirtualClock;
  readonly #latencyMs: number;
  readonly #accounts = new Map<string, number>();
  readonly #sockets = new Map<number, MemorySocket>();
  readonly #requests = new Map<number, MemoryRequest>();
  #lastNumber = 0;
  #stopTimer: (() => void) | undefined;
  #isFlushSet = false;
  /** Sockets and requests that devices have begun so far, also in vain. */
  readonly counts = { sockets: 0, requests: 0 };
  /** Nothing reaches the relay, as with a cable that is out. */
  isUnreachable = false;

  constructor(clock: VirtualClock, { latencyMs = 0, ...limits }: MemoryRelayOptions = {}) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
    const randomBytes = (length: number): Uint8Array =>
      Uint8Array.from({ length }, () => Math.floor(clock.random() * 256));
    this.#core = new RelayCore(resolveLimits(limits), memoryEnv(randomBytes));
  }

  /** A device that reaches this relay and no other. */
  device(options: WebifiOptions): WebifiClient {
    return new WebifiClient(options, this.#platform(), bothTransports);
  }

  #platform(): Platform {
    return {
      openSocket: (_url, handlers) => this.#openSocket(handlers),
      post: (url, body, signal) => this.#post(new URL(url).pathname, body, signal),
      clock: this.#clock,
      defaultServer: () => `http://${HOSTS.ip}`,
      watchPage: () => () => undefined,
      isHidden: () => false,
    };
  }

  /** Loses every socket and every request, and what is on its way in them. */
  cut(): void {
    for (const waiting of [...this.#sockets.values(), ...this.#requests.values()]) waiting.lose();
  }

  #later(run: () => void): void {
    this.#clock.setTimer(run, this.#latencyMs);
  }

  #openSocket(handlers: SocketHandlers): SocketTransport {
    const transport = ++this.#lastNumber;
    this.counts.sockets++;
    const connection = new Connection({ role: 'client', maskKey: () => 0 });
    let isOpen = false;
    let isOver = false;
    const over = (code: number, reason: string): void => {
      if (isOver) return;
      isOver = true;
      this.#sockets.delete(transport);
      if (isOpen) this.#input({ type: 'closed', transport });
      handlers.closed(code, reason);
    };
    const deliver = (bytes: Uint8Array): void => {
      connection.receive(bytes);
      for (let event = connection.poll(); event !== undefined && !isOver; event = connection.poll()) {
        if (event.type === 'message') handlers.message(event.payload);
      }
    };
    this.#sockets.set(transport, {
      // Copied, since the relay writes into the same memory again.
      write: (chunks) => chunks.map((chunk) => chunk.slice()).forEach((chunk) => this.#later(() => deliver(chunk))),
      close: (code, reason) => this.#later(() => over(code, reason)),
      lose: () => over(1006, ''),
    });
    this.#later(() => {
      if (isOver) return;
      if (this.isUnreachable) return over(1006, '');
      isOpen = true;
      this.#input({ type: 'opened', transport });
      this.#later(() => isOver || handlers.opened());
    });
    return {
      send: (bytes) => this.#later(() => isOver || this.#receive(transport, bytes)),
      close: () => this.#later(() => over(1000, '')),
    };
  }

  #post(path: string, body: Uint8Array, signal: Signal): Promise<HttpAnswer> {
    const request = ++this.#lastNumber;
    this.counts.requests++;
    const route = ROUTES[path];
    return new Promise((resolve, reject) => {
      if (route === undefined) return reject(new Error(`The relay has no ${path}.`));
      let isAtRelay = false;
      const lose = (): void => {
        if (this.#requests.delete(request) && isAtRelay) this.#input({ type: 'aborted', request });
        reject(new Error('The connection was lost.'));
      };
      const answer = (bytes: Uint8Array): void => {
        isAtRelay = false;
        this.#later(() => this.#requests.delete(request) && resolve({ status: 200, body: bytes }));
      };
      this.#requests.set(request, { lose, answer });
      (signal as AbortSignal).addEventListener('abort', lose);
      this.#later(() => {
        if (!this.#requests.has(request)) return;
        if (this.isUnreachable) return lose();
        isAtRelay = true;
        this.#input({ type: 'request', request, route, body, hosts: HOSTS, remoteAddress: '192.0.2.1' });
      });
    });
  }

  #receive(transport: number, bytes: Uint8Array): void {
    this.#core.input({ type: 'alive', transport }, this.#clock.now());
    this.#core.receive(transport, bytes, 0, bytes.length);
    this.#carryOut();
  }

  #input(event: Parameters<RelayCore['input']>[0]): void {
    this.#core.input(event, this.#clock.now());
    this.#carryOut();
  }

  #carryOut(): void {
    for (let effect = this.#core.poll(); effect !== undefined; effect = this.#core.poll()) this.#perform(effect);
    this.#schedule();
  }

  #perform(effect: RelayEffect): void {
    switch (effect.type) {
      case 'write':
        return this.#sockets.get(effect.transport)?.write(effect.chunks);
      case 'close':
        return this.#sockets.get(effect.transport)?.close(effect.code, effect.reason);
      case 'destroy':
        return this.#sockets.get(effect.transport)?.lose();
      case 'answer':
        return this.#requests.get(effect.request)?.answer(effect.body.slice());
      case 'check-login':
      case 'check-token':
        return this.#letIn(effect.request, effect.connectName);
      default:
        return;
    }
  }

  #letIn(request: number, connectName: string): void {
    const id = this.#accounts.get(connectName) ?? this.#accounts.size + 1;
    this.#accounts.set(connectName, id);
    const result = { ok: true, account: { id, connectName, networks: undefined, generation: GENERATION } } as const;
    this.#clock.setTimer(() => this.#input({ type: 'login-checked', request, result }), 0);
  }

  #schedule(): void {
    if (this.#core.isFlushWanted && !this.#isFlushSet) {
      this.#isFlushSet = true;
      this.#clock.setTimer(() => {
        this.#isFlushSet = false;
        this.#input({ type: 'flush' });
      }, 0);
    }
    this.#stopTimer?.();
    const { deadline } = this.#core;
    const wake = (): void => this.#input({ type: 'deadline' });
    this.#stopTimer = deadline === undefined ? undefined : this.#clock.setTimer(wake, deadline - this.#clock.now());
  }
}
