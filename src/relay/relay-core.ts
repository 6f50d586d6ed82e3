import { parseBody } from '../core/codec';
import { CloseCode } from './close-codes';
import { CoreContext, type InputOf, type TimedTarget } from './core-context';
import type { RelayCounters } from './counters';
import { Deliveries } from './deliveries';
import { Downloads } from './downloads';
import type { ProtocolRoute, RelayEffect, RelayInput } from './events';
import { FieldReader } from './field-reader';
import type { RelayEnv } from './env';
import type { Allocate } from './joiner';
import type { RelayLimits } from './limits';
import { LoginRequests } from './login-requests';
import { Polling } from './polling';
import { Publisher } from './publisher';
import { Resumption } from './resumption';
import { NumberedMessages } from './numbered-messages';
import { NumberedPolling } from './numbered-polling';
import { Renewals } from './renewals';
import type { RoutedAccount } from './router';
import { SessionLife } from './session-life';
import type { SavedSession } from './saved-session';
import type { Transport } from './sessions';
import { Transports } from './transports';
import { Uploads } from './uploads';
import { WebSocketMessages } from './websocket-messages';

/** What a relay holds at this moment. */
export interface RelayLevels {
  sessions: number;
  accounts: number;
  transports: number;
  pendingDownloads: number;
  pendingLogins: number;
  /** Messages in out-queues, counted per recipient; what waits for many in a network alike counts once. */
  queuedMessages: number;
  /** Their bytes, what several queues share counted once. */
  queuedBytes: number;
  /** Bytes of unfinished WebSocket messages. */
  heldInputBytes: number;
}

/**
 * The whole protocol of the relay, without a clock, a socket or randomness of its own.
 *
 * Everything that happens goes in by `input`, payload bytes by `receive`; everything to be done comes out of `poll`.
 * The driver polls until `undefined` after each input, inputs `flush` once per turn of the event loop while
 * `isFlushWanted`, and `deadline` when that time has come.
 */
export class RelayCore {
  readonly #context: CoreContext;
  readonly #transports: Transports;
  readonly #downloads: Downloads;
  readonly #deliveries: Deliveries;
  readonly #life: SessionLife;
  readonly #publisher: Publisher;
  readonly #messages: WebSocketMessages;
  readonly #polling: Polling;
  readonly #logins: LoginRequests;
  readonly #renewals: Renewals;
  /** Since the last flush. */
  #hasReceived = false;

  /**
   * @param allocate - Gives the memory for what is written; by default plain bytes.
   * @param savedEpoch - Makes the relay durable: it says nothing before that is stored. The epoch of what it goes on with.
   */
  constructor(
    limits: RelayLimits,
    env: RelayEnv,
    allocate: Allocate = (length) => new Uint8Array(length),
    savedEpoch?: string,
  ) {
    const context = (this.#context = new CoreContext(limits, allocate, savedEpoch));
    const reader = new FieldReader(context.counters);
    const resumption = new Resumption(context, env, reader);
    const transports = (this.#transports = new Transports(context));
    const downloads = (this.#downloads = new Downloads(context));
    const deliveries = (this.#deliveries = new Deliveries(context, transports, downloads));
    const life = (this.#life = new SessionLife({
      context,
      transports,
      downloads,
      deliveries,
      resumption,
      reader,
      randomBytes: (length) => env.randomBytes(length),
    }));
    const publisher = (this.#publisher = new Publisher(context, deliveries));
    const uploads = new Uploads(context, publisher);
    const numbered = new NumberedMessages(context, publisher);
    const renewals = (this.#renewals = new Renewals({ context, transports, life, resumption }));
    const parts = { context, downloads, deliveries, life, reader, resumption, numbered };
    const numberedPolling = new NumberedPolling(parts);
    this.#messages = new WebSocketMessages({ ...parts, transports, publisher, renewals });
    this.#polling = new Polling({ ...parts, uploads, numberedPolling });
    this.#logins = new LoginRequests(context, life, reader, resumption);
  }

  get counters(): Readonly<RelayCounters> {
    return this.#context.counters;
  }

  get levels(): RelayLevels {
    const { totals } = this.#context;
    return {
      sessions: this.#life.size,
      accounts: this.#life.accountCount,
      transports: this.#transports.size,
      pendingDownloads: this.#downloads.size,
      pendingLogins: this.#logins.size + this.#renewals.size,
      queuedMessages: totals.messages,
      queuedBytes: totals.bytes,
      heldInputBytes: this.#messages.heldBytes,
    };
  }

  get isDraining(): boolean {
    return this.#context.isDraining;
  }

  /** Whether something waits for the end of the turn. */
  get isFlushWanted(): boolean {
    return this.#deliveries.isPending || this.#context.journal?.isPending === true;
  }

  /** When `input({ type: 'deadline' })` is wanted; undefined when never. */
  get deadline(): number | undefined {
    return this.#context.deadlines.nextMs;
  }

  /**
   * Takes one event.
   *
   * @param nowMs - Monotonic time; never lower than before.
   */
  input(event: RelayInput, nowMs: number): void {
    this.#context.nowMs = nowMs;
    switch (event.type) {
      case 'alive':
      case 'blocked':
      case 'drained':
      case 'lost':
      case 'closed':
        return this.#inputTransport(event);
      case 'opened':
        return this.#open(event.transport);
      case 'request':
        return event.route === 'login' ? this.#logins.take(event) : this.#polling.take(event);
      case 'login-checked':
        return this.#finishCheck(event);
      case 'aborted':
        this.#logins.abort(event.request);
        return this.#downloads.abort(event.request);
      case 'flush':
        return this.#flush();
      case 'stored':
        return this.#context.confirmStore();
      case 'compact':
        return this.#context.journal?.wantWhole();
      case 'deadline':
        return this.#wake();
      case 'drain':
        return this.#drain(event.spreadSeconds, event.count ?? Infinity);
    }
  }

  /**
   * Takes payload bytes of a transport, cut anywhere, at the time of the last input.
   *
   * @param bytes - Only read during the call.
   */
  receive(transportId: number, bytes: Uint8Array, start: number, end: number): void {
    const transport = this.#transports.get(transportId);
    if (transport === undefined) return;
    this.#hasReceived = true;
    this.#messages.receive(transport, bytes, start, end);
  }

  /**
   * Takes up the sessions that an earlier relay has stored, before anything else is put in. Then writes them all anew.
   *
   * @param accounts - By connect name and generation, as {@link accountKey} joins them; sessions of others are gone.
   */
  restore(sessions: Iterable<SavedSession>, accounts: ReadonlyMap<string, RoutedAccount>, nowMs: number): void {
    this.#context.nowMs = nowMs;
    this.#life.restore(sessions, accounts);
    this.#context.journal?.wantWhole();
  }

  /** The next thing to do; undefined when there is none before more is put in. */
  poll(): RelayEffect | undefined {
    return this.#context.effects.shift();
  }

  /**
   * Whether a body may grow above the limit for strangers.
   *
   * @param start - Its beginning: a valid device id has to stand in there.
   */
  allowsLargeBody(route: ProtocolRoute, start: Uint8Array): boolean {
    if (route === 'login') return false;
    const fields = parseBody(start, { maxSize: start.length });
    const id = fields.indexOf('id');
    return id >= 0 && this.#life.find(fields.raw(id)) !== undefined;
  }

  #open(transportId: number): void {
    const transport = this.#transports.open(transportId);
    if (this.isDraining) this.#transports.close(transport, CloseCode.RESTART, '');
  }

  #finishCheck({ asker, result }: InputOf<'login-checked'>): void {
    if ('request' in asker) this.#logins.finish(asker.request, result);
    else this.#renewals.finish(asker.transport, result);
  }

  #inputTransport(event: Extract<RelayInput, { transport: number }>): void {
    const transport = this.#transports.get(event.transport);
    if (transport === undefined) return;
    if (event.type === 'alive') {
      transport.lastReceivedMs = this.#context.nowMs;
    } else if (event.type === 'blocked') {
      this.#block(transport);
    } else if (event.type === 'drained') {
      transport.blockedAtMs = undefined;
      if (transport.session !== undefined) this.#deliveries.touch(transport.session);
    } else {
      this.#messages.forget(transport);
      this.#life.loseTransport(transport);
      if (event.type === 'closed') this.#transports.remove(transport);
    }
  }

  #block(transport: Transport): void {
    if (transport.blockedAtMs !== undefined) return;
    transport.blockedAtMs = this.#context.nowMs;
    transport.isSlow = true;
    transport.session?.catchUp();
    this.#context.deadlines.schedule(transport);
  }

  #flush(): void {
    this.#deliveries.flush(!this.#hasReceived);
    this.#hasReceived = false;
    this.#publisher.endTurn();
    this.#deliveries.endTurn();
    this.#life.evict();
    this.#context.journal?.commit(this.#life.sessions());
  }

  #wake(): void {
    const { deadlines, nowMs } = this.#context;
    for (let target = deadlines.takeDue(nowMs); target !== undefined; target = deadlines.takeDue(nowMs)) {
      this.#wakeTarget(target);
      deadlines.schedule(target);
    }
  }

  #wakeTarget(target: TimedTarget): void {
    if (target.kind === 'session') this.#life.wake(target);
    else if (target.kind === 'held') this.#downloads.answerHeld(target);
    else this.#wakeTransport(target);
  }

  #wakeTransport(transport: Transport): void {
    const { nowMs } = this.#context;
    if (transport.state === 'open')
      return this.#close(transport, CloseCode.POLICY, 'no authentication in time');
    if (transport.state === 'ending') return this.#close(transport, CloseCode.NORMAL, '');
    if (transport.state === 'closing') return this.#destroy(transport);
    if (transport.stalledAtMs <= nowMs) return this.#deliveries.closeSlow(transport);
    if (transport.idleAtMs > nowMs) return this.#transports.ping(transport);
    this.#close(transport, CloseCode.GOING_AWAY, 'idle');
  }

  /** No more is heard of it: what was held of an unfinished message goes with it. */
  #destroy(transport: Transport): void {
    this.#messages.forget(transport);
    this.#transports.destroy(transport);
  }

  #close(transport: Transport, code: number, reason: string): void {
    this.#messages.forget(transport);
    if (transport.session !== undefined) this.#deliveries.writeAnswers(transport.session, transport);
    this.#transports.detach(transport, 'detached');
    this.#transports.close(transport, code, reason);
  }

  #drain(spreadSeconds: number, count: number): void {
    if (!this.isDraining) this.#context.log('info', 'draining', { sessions: this.#life.size });
    this.#context.isDraining = true;
    this.#hasReceived = false;
    this.#flush();
    this.#downloads.endAll();
    const open = [...this.#transports.values()].filter(({ state }) => state !== 'closing');
    for (const transport of open.slice(0, count)) {
      if (transport.session !== undefined) this.#deliveries.writeAll(transport.session, transport);
      this.#close(transport, CloseCode.RESTART, String(spreadSeconds));
    }
  }
}
