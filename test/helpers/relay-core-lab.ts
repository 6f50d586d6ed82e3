import { randomFillSync } from 'node:crypto';
import { Connection } from '../../src/frames/connection';
import type { TokenClaims } from '../../src/relay/env';
import type { Asker, CheckedLogin, ProtocolRoute, RelayEffect, RequestInput, StoreEffect } from '../../src/relay/events';
import type { RandomBytes } from '../../src/relay/ids';
import { resolveLimits, type RelayLimits } from '../../src/relay/limits';
import { RelayCore } from '../../src/relay/relay-core';
import { accountKey } from '../../src/relay/restored';
import { readSessions } from '../../src/relay/session-records';
import { seededRandom } from './bytes';
import { memoryEnv } from '../../src/testing/memory-env';

export interface LabAccount {
  readonly id: number;
  readonly connectName: string;
  readonly networks: ReadonlySet<string> | undefined;
  readonly generation?: string;
}

/** Of durable relays of the lab. */
export const EPOCH = '00112233445566ff';
export const HOME: LabAccount = { id: 1, connectName: 'home', networks: undefined };
export const OFFICE: LabAccount = { id: 2, connectName: 'office', networks: undefined };

export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** What one WebSocket of the lab has seen. */
export class LabSocket {
  /** Payload of each frame, as Latin-1. */
  readonly frames: string[] = [];
  readonly writes: (readonly Uint8Array[])[] = [];
  closed: { code: number; reason: string } | undefined;
  isDestroyed = false;
  isAttached = false;
  pings = 0;
  readonly #connection = new Connection({ role: 'client', maskKey: () => 0 });

  constructor(
    private readonly lab: RelayCoreLab,
    readonly transport: number,
  ) {}

  /** Gives the payload of one frame to the relay. */
  send(payload: string | Uint8Array): this {
    const bytes = typeof payload === 'string' ? bytesOf(payload) : payload;
    this.lab.receive(this.transport, bytes);
    return this;
  }

  /** Sends, ends the turn, and gives what came in it. */
  exchange(payload: string): string {
    this.take();
    this.send(payload);
    this.lab.flush();
    return this.take();
  }

  /** Everything that came since the last call. */
  take(): string {
    return this.frames.splice(0).join('');
  }

  /** The connection is gone. */
  drop(): void {
    this.lab.input({ type: 'closed', transport: this.transport });
  }

  block(): void {
    this.lab.input({ type: 'blocked', transport: this.transport });
  }

  drain(): void {
    this.lab.input({ type: 'drained', transport: this.transport });
  }

  /** @internal */
  written(chunks: readonly Uint8Array[]): void {
    this.writes.push(chunks);
    for (const chunk of chunks) this.#connection.receive(chunk.slice());
    for (let event = this.#connection.poll(); event !== undefined; event = this.#connection.poll()) {
      if (event.type === 'ping') this.pings += 1;
      // Its pong is not sent: each test says itself when there is a sign of life.
      if (event.type === 'ping' || event.type === 'transmit') continue;
      if (event.type !== 'message') throw new Error(`the relay wrote ${event.type}`);
      if (event.opcode !== 2) throw new Error('P-1: a frame that is not BINARY');
      this.frames.push(textOf(event.payload));
    }
  }
}

/** A request of the lab: answered when `body` is there. */
export interface LabRequest {
  readonly request: number;
  body: string | undefined;
  isRefused: boolean;
  isHeld: boolean;
}

/** The core with virtual time: every event is a call, and each test says when a turn ends. */
export class RelayCoreLab {
  readonly core: RelayCore;
  readonly limits: RelayLimits;
  readonly logs: Extract<RelayEffect, { type: 'log' }>[] = [];
  /** Name and password of the logins that wait for an outcome; with `checks` none does. */
  readonly waitingLogins: Extract<RelayEffect, { type: 'check-login' }>[] = [];
  /** Outcome of a login; undefined leaves it waiting. */
  check: ((connectName: string, password: string) => CheckedLogin | undefined) | undefined = undefined;
  /** Outcome of a login with a token; undefined leaves it waiting. */
  checkToken: (claims: TokenClaims) => CheckedLogin | undefined = () => ({ ok: true, account: this.account });
  tokenLogins = 0;
  nowMs = 1_000;
  readonly #sockets = new Map<number, LabSocket>();
  readonly #requests = new Map<number, LabRequest>();
  #lastNumber = 0;
  /** Who the next login is for. */
  account: LabAccount = HOME;

  /** What a durable relay has stored. */
  disk: Uint8Array[] = [];
  /** Stores that the disk has not confirmed. */
  readonly stores: StoreEffect[] = [];
  isDiskStuck = false;

  /** @param epoch - Makes the relay durable. */
  constructor(limits: Partial<RelayLimits> = {}, seed = 1, epoch?: string) {
    this.limits = resolveLimits(limits);
    this.core = new RelayCore(this.limits, memoryEnv(seededBytes(seed)), undefined, epoch);
  }

  /** A durable relay that goes on with what is on this disk; all sessions are of one account. */
  static restore(disk: readonly Uint8Array[], limits: Partial<RelayLimits> = {}, seed = 2, account = HOME): RelayCoreLab {
    const lab = new RelayCoreLab(limits, seed, EPOCH);
    const sessions = [...readSessions(disk).values()];
    const accounts = sessions.map(({ head }) => [accountKey(head.connectName, head.generation), account] as const);
    lab.core.restore(sessions, new Map(accounts), lab.nowMs);
    lab.flush();
    return lab;
  }

  /** The disk confirms the oldest store. */
  confirmStore(): void {
    const store = this.stores.shift();
    if (store === undefined) throw new Error('nothing is being stored');
    this.disk = store.isWhole ? [...store.records] : [...this.disk, ...store.records];
    this.input({ type: 'stored' });
  }

  input(event: Parameters<RelayCore['input']>[0]): void {
    this.core.input(event, this.nowMs);
    this.#perform();
  }

  receive(transport: number, bytes: Uint8Array): void {
    this.input({ type: 'alive', transport });
    this.core.receive(transport, bytes, 0, bytes.length);
    this.#perform();
  }

  /** Ends turns until nothing waits for one. */
  flush(): void {
    do this.input({ type: 'flush' });
    while (this.core.isFlushWanted);
  }

  /** Lets time pass, stopping at every deadline on the way. */
  advance(milliseconds: number): void {
    const endMs = this.nowMs + milliseconds;
    for (;;) {
      const deadline = this.core.deadline;
      if (deadline === undefined || deadline > endMs) break;
      this.nowMs = Math.max(this.nowMs, deadline);
      this.input({ type: 'deadline' });
      this.flush();
    }
    this.nowMs = endMs;
  }

  open(): LabSocket {
    const transport = ++this.#lastNumber;
    const socket = new LabSocket(this, transport);
    this.#sockets.set(transport, socket);
    this.input({ type: 'opened', transport });
    return socket;
  }

  request(route: ProtocolRoute, body: string | Uint8Array, more: Partial<RequestInput> = {}): LabRequest {
    const request = ++this.#lastNumber;
    const entry: LabRequest = { request, body: undefined, isRefused: false, isHeld: false };
    this.#requests.set(request, entry);
    this.input({
      type: 'request',
      request,
      route,
      body: typeof body === 'string' ? bytesOf(body) : body,
      hosts: { ip: '192.0.2.1', dn: 'relay.example' },
      remoteAddress: '203.0.113.7',
      ...more,
    });
    return entry;
  }

  /** Sends a request, ends the turn, and gives the answer. */
  post(route: ProtocolRoute, body: string): string | undefined {
    const entry = this.request(route, body);
    this.flush();
    return entry.body;
  }

  abort({ request }: LabRequest): void {
    this.input({ type: 'aborted', request });
  }

  /** A new session. @returns Its device id. */
  login(account: LabAccount = HOME): string {
    this.account = account;
    const body = this.post('login', '~p=1~cn=a~cp=b') ?? '';
    const id = /^~e=0~id=([^~]+)/.exec(body)?.[1];
    if (id === undefined) throw new Error(`login refused: ${body}`);
    return id;
  }

  /** A WebSocket attached to a session, with networks when any are named. */
  attach(id: string, networks: readonly string[] = []): LabSocket {
    const socket = this.open();
    const answer = socket.exchange(`~id=${id}~t=1`);
    if (!answer.startsWith('~rt=a~e=0~t=1')) throw new Error(`not attached: ${answer}`);
    if (networks.length > 0) socket.exchange(`~nc=1${networks.map((name) => `~ns=${name}`).join('')}~t=1`);
    return socket;
  }

  device(
    networks: readonly string[] = [],
    account: LabAccount = HOME,
  ): LabSocket & { id: string; sessionId: string } {
    const id = this.login(account);
    return Object.assign(this.attach(id, networks), { id, sessionId: sessionOf(id) });
  }

  #perform(): void {
    for (let effect = this.core.poll(); effect !== undefined; effect = this.core.poll()) this.#do(effect);
  }

  #do(effect: RelayEffect): void {
    switch (effect.type) {
      case 'log':
        this.logs.push(effect);
        return;
      case 'check-login':
        return this.#checkLogin(effect);
      case 'check-token':
        this.tokenLogins += 1;
        return this.#checked(effect, this.checkToken(effect));
      case 'answer':
        return this.#answer(effect);
      case 'held':
        this.#requests.get(effect.request)!.isHeld = true;
        return;
      case 'store':
        this.stores.push(effect);
        if (!this.isDiskStuck) this.confirmStore();
        return;
      default:
        return this.#doOnSocket(this.#sockets.get(effect.transport)!, effect);
    }
  }

  #doOnSocket(socket: LabSocket, effect: Extract<RelayEffect, { transport: number }>): void {
    if (socket.isDestroyed) throw new Error(`${effect.type} on a destroyed socket`);
    if (effect.type === 'write') {
      if (socket.closed !== undefined) throw new Error('written after close');
      socket.written(effect.chunks);
    } else if (effect.type === 'close') {
      if (socket.closed !== undefined) throw new Error('closed twice');
      socket.closed = { code: effect.code, reason: effect.reason };
    } else if (effect.type === 'attached') {
      socket.isAttached = true;
    } else {
      socket.isDestroyed = true;
    }
  }

  #answer({ request, body, isRefused }: Extract<RelayEffect, { type: 'answer' }>): void {
    const entry = this.#requests.get(request)!;
    if (entry.body !== undefined) throw new Error('answered twice');
    entry.body = textOf(body);
    entry.isRefused = isRefused ?? false;
  }

  #checkLogin(effect: Extract<RelayEffect, { type: 'check-login' }>): void {
    const { connectName, connectPassword } = effect;
    const check = this.check ?? ((): CheckedLogin => ({ ok: true, account: this.account }));
    const result = check(connectName, connectPassword);
    if (result === undefined) this.waitingLogins.push(effect);
    this.#checked(effect, result);
  }

  #checked({ asker }: Extract<RelayEffect, { asker: Asker }>, result: CheckedLogin | undefined): void {
    if (result !== undefined) this.input({ type: 'login-checked', asker, result });
  }
}

export function sessionOf(id: string): string {
  return id.slice(0, id.indexOf('s'));
}

/** Bytes of a seeded generator: the same ids in every run. */
export function seededBytes(seed: number): RandomBytes {
  const random = seededRandom(seed);
  return (length) => Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

/** Bytes of the platform's own source. */
export const platformBytes: RandomBytes = (length) => randomFillSync(new Uint8Array(length));
