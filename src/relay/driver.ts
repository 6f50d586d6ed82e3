import type { Account, AccountStore, LoginResult } from './account-types';
import type { DurableFolder } from './durable';
import type { RelayEnv } from './env';
import type { Asker, ProtocolRoute, RelayEffect, RelayInput, RequestInput, StoreEffect } from './events';
import type { RelayLimits } from './limits';
import type { Logger } from './logger';
import { RelayCore } from './relay-core';
import { accountKey } from './restored';
import { createEnv } from './resume-tokens';
import type { SavedSession } from './saved-session';
import { readSessions } from './session-records';

/** What the core can do with a WebSocket. */
export interface TransportSink {
  write(chunks: readonly Uint8Array[]): void;
  close(code: number, reason: string): void;
  destroy(): void;
  /** A valid device id was shown. */
  markAttached(): void;
}

/** What the core can do with a request. */
export interface RequestSink {
  /** Its one use ends the request. */
  answer(body: Uint8Array, isRefused: boolean): void;
  /** A valid device id was shown; the answer may take long. */
  markHeld(): void;
}

/** Longest time that a timer of the platform can hold. */
const MAX_TIMER_MS = 2_147_483_647;

/** Joins the core with sockets, clock and account store: owns the one timer and the one flush per turn. */
export class RelayDriver {
  readonly core: RelayCore;
  readonly #sinks = new Map<number, TransportSink>();
  readonly #requests = new Map<number, RequestSink>();
  #lastTransport = 0;
  #lastRequest = 0;
  #flush: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;
  #isPumping = false;
  #isRestoring: boolean;
  #isCompacting = false;
  #isClosed = false;

  constructor(
    limits: RelayLimits,
    private readonly accounts: AccountStore,
    private readonly logger: Logger,
    env: RelayEnv = createEnv(),
    private readonly durable?: DurableFolder,
  ) {
    // Buffers, since a socket makes one of everything else, at every write.
    this.core = new RelayCore(limits, env, (length) => Buffer.allocUnsafe(length), durable?.epoch);
    this.#isRestoring = durable !== undefined;
  }

  /** Whether nothing is answered yet: the sessions of an earlier relay are being looked up. */
  get isRestoring(): boolean {
    return this.#isRestoring;
  }

  /**
   * Takes up the sessions of an earlier relay. Comes before all else with a durable relay.
   *
   * @throws RangeError when the journal was written by another version.
   */
  async restore(durable: DurableFolder): Promise<void> {
    const sessions = [...readSessions(durable.takeRecords()).values()];
    const accounts = await this.#findAccounts(sessions);
    if (this.#isClosed) return;
    this.core.restore(sessions, accounts, performance.now());
    this.#isRestoring = false;
    this.pump();
  }

  /** Accounts that are gone, or have another password now, are not there. */
  async #findAccounts(sessions: readonly SavedSession[]): Promise<ReadonlyMap<string, Account>> {
    const heads = new Map(sessions.map(({ head }) => [accountKey(head.connectName, head.generation), head]));
    const accounts = new Map<string, Account>();
    for (const [key, { connectName, generation }] of heads) {
      const result = await this.accounts.resume?.(connectName, generation);
      if (result?.ok === true) accounts.set(key, result.account);
    }
    return accounts;
  }

  /** Whether nothing is answered any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  openTransport(sink: TransportSink): number {
    const transport = ++this.#lastTransport;
    this.#sinks.set(transport, sink);
    this.input({ type: 'opened', transport });
    return transport;
  }

  /** The connection of a transport is gone, or of no more use. */
  closeTransport(transport: number): void {
    if (this.#sinks.delete(transport)) this.input({ type: 'closed', transport });
  }

  /** @returns The number by which {@link RelayDriver.abortRequest} knows the request. */
  openRequest(
    route: ProtocolRoute,
    details: Omit<RequestInput, 'type' | 'request' | 'route'>,
    sink: RequestSink,
  ): number {
    const request = ++this.#lastRequest;
    this.#requests.set(request, sink);
    this.input({ type: 'request', request, route, ...details });
    return request;
  }

  abortRequest(request: number): void {
    if (this.#requests.delete(request)) this.input({ type: 'aborted', request });
  }

  /** Takes one event and does what follows from it. */
  input(event: RelayInput): void {
    this.feed(event);
    this.pump();
  }

  /** Takes one event of several; the last one is followed by {@link RelayDriver.pump}. */
  feed(event: RelayInput): void {
    if (this.#isClosed) return;
    try {
      this.core.input(event, performance.now());
    } catch (error) {
      // A fault of ours in one event must not end the service for all (SEC-25).
      this.logger.error('internal error', { input: event.type, reason: reasonOf(error) });
    }
  }

  /** Takes payload bytes that came with what was fed before. */
  receive(transport: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#isClosed) return;
    try {
      this.core.receive(transport, bytes, start, end);
    } catch (error) {
      this.logger.error('internal error', { input: 'bytes', reason: reasonOf(error) });
    }
  }

  /** Does everything the core wants done, then sets its timer and its flush. */
  pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    for (let effect = this.core.poll(); effect !== undefined; effect = this.core.poll()) {
      try {
        this.#perform(effect);
      } catch (error) {
        this.logger.error('internal error', { effect: effect.type, reason: reasonOf(error) });
      }
    }
    this.#isPumping = false;
    this.#schedule();
  }

  /** Stops the clock; later events are without effect. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#flush);
    this.#sinks.clear();
    this.#requests.clear();
  }

  #perform(effect: RelayEffect): void {
    switch (effect.type) {
      case 'write':
        return this.#sinks.get(effect.transport)?.write(effect.chunks);
      case 'close':
        return this.#sinks.get(effect.transport)?.close(effect.code, effect.reason);
      case 'destroy':
        this.#sinks.get(effect.transport)?.destroy();
        this.#sinks.delete(effect.transport);
        return;
      case 'attached':
        return this.#sinks.get(effect.transport)?.markAttached();
      case 'held':
        return this.#requests.get(effect.request)?.markHeld();
      case 'answer':
        return this.#answer(effect.request, effect.body, effect.isRefused ?? false);
      case 'check-login':
        return this.#checkLogin(effect);
      case 'check-token':
        return this.#checkToken(effect);
      case 'store':
        return this.#store(effect);
      case 'log':
        return this.logger[effect.level](effect.event, effect.fields);
    }
  }

  #answer(request: number, body: Uint8Array, isRefused: boolean): void {
    const sink = this.#requests.get(request);
    this.#requests.delete(request);
    sink?.answer(body, isRefused);
  }

  #checkLogin(effect: Extract<RelayEffect, { type: 'check-login' }>): void {
    const { asker, connectName, connectPassword, remoteAddress } = effect;
    this.#finishLogin(asker, this.accounts.login(connectName, connectPassword, remoteAddress));
  }

  #checkToken({ asker, connectName, generation }: Extract<RelayEffect, { type: 'check-token' }>): void {
    const refused: LoginResult = { ok: false, code: 8 };
    this.#finishLogin(asker, this.accounts.resume?.(connectName, generation) ?? Promise.resolve(refused));
  }

  #finishLogin(asker: Asker, outcome: Promise<LoginResult>): void {
    outcome.then(
      (result) => this.input({ type: 'login-checked', asker, result }),
      (error: unknown) => {
        this.logger.error('account store failed', { reason: reasonOf(error) });
        this.input({ type: 'login-checked', asker, result: { ok: false, code: 20 } });
      },
    );
  }

  #store({ records, isWhole }: StoreEffect): void {
    if (isWhole) this.#isCompacting = true;
    this.durable?.store(records, isWhole).then(
      () => {
        if (isWhole) this.#isCompacting = false;
        this.feed({ type: 'stored' });
        this.#compactIfLong();
        this.pump();
      },
      (error: unknown) => this.logger.error('not stored', { reason: reasonOf(error) }),
    );
  }

  #compactIfLong(): void {
    if (this.#isCompacting || this.durable?.isLong !== true) return;
    this.#isCompacting = true;
    this.feed({ type: 'compact' });
  }

  #schedule(): void {
    if (this.#isClosed) return;
    if (this.core.isFlushWanted && this.#flush === undefined) this.#flush = setImmediate(this.#onFlush);
    const deadline = this.core.deadline ?? Infinity;
    if (deadline >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = deadline;
    const delayMs = Math.min(Math.max(0, Math.ceil(deadline - performance.now())), MAX_TIMER_MS);
    this.#timer = setTimeout(this.#onDeadline, delayMs);
    // A relay without sockets has nothing to wait for.
    this.#timer.unref();
  }

  readonly #onFlush = (): void => {
    this.#flush = undefined;
    this.input({ type: 'flush' });
  };

  readonly #onDeadline = (): void => {
    this.#timerAtMs = Infinity;
    this.input({ type: 'deadline' });
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
