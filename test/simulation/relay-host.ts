import type { RelayEnv } from '../../src/relay/env';
import type { CheckedLogin, ProtocolRoute, RelayEffect, RelayInput, StoreEffect } from '../../src/relay/events';
import { RelayCore } from '../../src/relay/relay-core';
import { accountKey } from '../../src/relay/restored';
import { readSessions } from '../../src/relay/session-records';
import { memoryEnv } from '../../src/testing/memory-env';
import { Disk } from './disk';
import { FrontDoor } from './front-door';
import { SECRET_CANARY, TOKEN_CANARY, type RelayPlan } from './plan';
import { Violation } from './record';
import type { Moment } from './timeline';
import type { World } from './world';

/** What the core does with a WebSocket. */
export interface TransportSink {
  write(chunks: readonly Uint8Array[]): void;
  close(code: number, reason: string): void;
  destroy(): void;
}

/** What the core does with a request. */
export interface RequestSink {
  answer(body: Uint8Array): void;
  /** The relay is gone before it answered. */
  fail(): void;
}

const SECRET_LENGTH = 22;
const SERIAL_END = 0x21;
const DURABLE_EPOCH = 'd0d0d0d0d0d0d0d';
/** Indices in the alphabet of secrets that spell the canary. */
const CANARY_INDICES = Array.from(SECRET_CANARY, (letter) => {
  const code = letter.charCodeAt(0);
  return code < 97 ? code - 55 : code - 61;
});

/** One relay process: the core, driven as `src/relay/driver.ts` does, that can stop, die and come back. */
export class RelayHost {
  readonly sinks = new Map<number, TransportSink>();
  readonly requests = new Map<number, RequestSink>();
  readonly #world: World;
  readonly plan: RelayPlan;
  readonly frontDoor: FrontDoor;
  /** Of a durable relay. */
  readonly #disk: Disk | undefined;
  core: RelayCore;
  isUp = true;
  /** The account store gives no verdict. */
  isStoreDown = false;
  /** Rises with every start. */
  generation = 0;
  /** Seals tokens; with another one, those of before are not taken any more. */
  #tokenKey = 1;
  #clockOffsetMs = 0;
  #lastNumber = 0;
  #flush: Moment | undefined;
  #timer: Moment | undefined;
  #timerAtMs = Infinity;
  #isPumping = false;
  #isCompacting = false;
  #resumesAtMs = 0;
  #paused: (() => void)[] = [];
  /** WebSockets of which the core knows that they are gone. */
  readonly #gone = new Set<number>();

  constructor(world: World, plan: RelayPlan, readonly index: number) {
    this.#world = world;
    this.plan = plan;
    this.frontDoor = new FrontDoor(world, plan);
    if (plan.compactFrom !== undefined) this.#disk = new Disk(world, plan.dice.fork(0), plan.compactFrom);
    this.core = this.#newCore();
    this.#restore();
  }

  get nowMs(): number {
    return this.#world.timeline.nowMs + this.#clockOffsetMs;
  }

  openTransport(sink: TransportSink): number {
    const transport = ++this.#lastNumber;
    this.sinks.set(transport, sink);
    this.input({ type: 'opened', transport });
    return transport;
  }

  closeTransport(transport: number): void {
    if (this.sinks.delete(transport)) this.input({ type: 'closed', transport });
  }

  openRequest(route: ProtocolRoute, body: Uint8Array, remoteAddress: string, sink: RequestSink): number {
    const request = ++this.#lastNumber;
    const hosts = { ip: hostOf(this.index), dn: hostOf(this.index) };
    const login = route === 'login' ? this.frontDoor.pass(body, sink) : { body, sink };
    if (login === undefined) return request;
    this.requests.set(request, login.sink);
    this.input({ type: 'request', request, route, body: login.body, hosts, remoteAddress });
    return request;
  }

  abortRequest(request: number): void {
    if (this.requests.delete(request)) this.input({ type: 'aborted', request });
  }

  input(event: RelayInput): void {
    this.#whenAwake(() => {
      if (event.type === 'closed') this.#gone.add(event.transport);
      this.core.input(event, this.nowMs);
      this.#pump();
    });
  }

  /** Some bytes came over a WebSocket, `payload` of them for the core. */
  receive(transport: number, payload: Uint8Array): void {
    this.#whenAwake(() => {
      this.core.input({ type: 'alive', transport }, this.nowMs);
      this.core.receive(transport, payload, 0, payload.length);
      this.#pump();
    });
  }

  /** Killed: every connection is reset and everything in memory is gone. */
  crash(outageMs: number, losesKey = false): void {
    if (!this.isUp) return;
    this.isUp = false;
    if (losesKey) this.#tokenKey += 1;
    this.#stopClock();
    const sinks = [...this.sinks.values()];
    const requests = [...this.requests.values()];
    this.sinks.clear();
    this.requests.clear();
    this.#paused = [];
    this.#resumesAtMs = 0;
    this.#disk?.crash();
    this.core = this.#newCore();
    for (const sink of sinks) sink.destroy();
    for (const sink of requests) sink.fail();
    this.#world.timeline.after(outageMs, () => {
      this.#restore();
      this.isUp = true;
    });
  }

  /** The power of a durable relay fails while it writes. */
  crashInWrite(outageMs: number): void {
    this.#disk?.ambush(() => {
      if (!this.#world.isHealed) this.crash(outageMs);
    });
  }

  /** A durable relay goes on with what is on its disk. */
  #restore(): void {
    if (this.#disk === undefined) return;
    const sessions = [...readSessions(this.#disk.open()).values()];
    const found = sessions.flatMap(({ head: { connectName, generation } }) => {
      const result = this.#world.accounts.resume(connectName, generation);
      return result.ok ? [[accountKey(connectName, generation), result.account] as const] : [];
    });
    this.core.restore(sessions, new Map(found), this.nowMs);
    this.#world.counts.add('sessions restored', this.core.levels.sessions);
    this.#pump();
  }

  /** Does nothing for a while, as in a long garbage collection. */
  pause(ms: number): void {
    const { timeline } = this.#world;
    this.#resumesAtMs = Math.max(this.#resumesAtMs, timeline.nowMs + ms);
    timeline.at(this.#resumesAtMs, () => this.#resume());
  }

  get isPaused(): boolean {
    return this.#world.timeline.nowMs < this.#resumesAtMs;
  }

  /** The monotonic clock goes on by so much at once, as after a sleep of the machine. */
  jump(ms: number): void {
    this.#clockOffsetMs += ms;
    this.#timerAtMs = Infinity;
    this.#timer?.cancel();
    this.#whenAwake(() => this.#schedule());
  }

  /** Ends every pause now. */
  resumeNow(): void {
    this.#resumesAtMs = 0;
    this.#resume();
  }

  #resume(): void {
    if (this.isPaused) return;
    for (const task of this.#paused.splice(0)) task();
  }

  #whenAwake(task: () => void): void {
    if (this.isPaused || this.#paused.length > 0) this.#paused.push(task);
    else task();
  }

  #newCore(): RelayCore {
    this.generation += 1;
    const dice = this.plan.dice.fork(this.generation);
    const randomBytes = (length: number): Uint8Array => {
      const bytes = dice.bytes(length);
      if (length === SECRET_LENGTH) bytes.set(CANARY_INDICES);
      return bytes;
    };
    const epoch = this.#disk && `${DURABLE_EPOCH}${this.index}`;
    return new RelayCore(this.plan.limits, this.#envOf(memoryEnv(randomBytes)), undefined, epoch);
  }

  /** Tokens that can be told from all else, each issued once, and taken as long as the key is the same. */
  #envOf(env: RelayEnv): RelayEnv {
    const { generation, index } = this;
    const sealWith = (key: number): Buffer => Buffer.from(`${TOKEN_CANARY}${index}-${key}-`);
    return {
      ...env,
      issueToken: (claims) => {
        const serial = Buffer.from(`${generation}!`);
        return Buffer.concat([sealWith(this.#tokenKey), serial, env.issueToken(claims)]);
      },
      readToken: (token) => {
        const seal = sealWith(this.#tokenKey);
        const start = token.indexOf(SERIAL_END) + 1;
        return seal.equals(token.subarray(0, seal.length)) ? env.readToken(token.subarray(start)) : undefined;
      },
    };
  }

  #stopClock(): void {
    this.#flush?.cancel();
    this.#timer?.cancel();
    this.#flush = this.#timer = undefined;
    this.#timerAtMs = Infinity;
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    for (let effect = this.core.poll(); effect !== undefined; effect = this.core.poll()) this.#perform(effect);
    this.#isPumping = false;
    this.#world.wires.checkRelay(this);
    this.#schedule();
  }

  #perform(effect: RelayEffect): void {
    const { accounts } = this.#world;
    switch (effect.type) {
      case 'write':
        return this.#sink(effect)?.write(effect.chunks);
      case 'close':
        this.#world.counts.add(`close code ${effect.code}`);
        return this.#sink(effect)?.close(effect.code, effect.reason);
      case 'destroy':
        if (this.#disk === undefined && this.#gone.has(effect.transport)) throw new Violation('I4', 'the relay still had a WebSocket that is gone');
        this.#sink(effect)?.destroy();
        this.sinks.delete(effect.transport);
        return;
      case 'attached':
        return this.#world.wires.attached(this, effect.transport);
      case 'answer': {
        const sink = this.requests.get(effect.request);
        this.requests.delete(effect.request);
        return sink?.answer(effect.body);
      }
      case 'check-login':
        return this.#answerLogin(effect.request, () => accounts.login(effect.connectName, effect.connectPassword));
      case 'check-token':
        return this.#answerLogin(effect.request, () => accounts.resume(effect.connectName, effect.generation));
      case 'log':
        if (hasSecret(JSON.stringify(effect))) {
          throw new Violation('I10', `a secret is in the log: ${JSON.stringify(effect)}`);
        }
        return;
      case 'held':
        return;
      case 'store':
        return this.#store(effect);
    }
  }

  #store(effect: StoreEffect): void {
    const disk = this.#disk;
    if (disk === undefined) throw new Violation('I4', 'a relay without a journal stores something');
    disk.store(effect, () => {
      this.input({ type: 'stored' });
      if (disk.isLong && !this.#isCompacting) {
        this.#isCompacting = true;
        this.input({ type: 'compact' });
      }
      if (effect.isWhole) this.#isCompacting = false;
    });
  }

  #sink({ transport }: { transport: number }): TransportSink | undefined {
    return this.sinks.get(transport);
  }

  /** The account store: answers later, sometimes with trouble of its own. */
  #answerLogin(request: number, check: () => CheckedLogin): void {
    const { generation } = this;
    const { passwordCheckMs, dice } = this.plan;
    this.#world.timeline.after(dice.between(0.1, passwordCheckMs), () => {
      if (this.generation !== generation || !this.isUp) return;
      if (this.isStoreDown) this.#world.counts.add('fault login without account store');
      const result: CheckedLogin = this.isStoreDown ? { ok: false, code: 20 } : check();
      this.input({ type: 'login-checked', request, result });
    });
  }

  #schedule(): void {
    const { timeline } = this.#world;
    if (this.core.isFlushWanted && this.#flush === undefined) {
      this.#flush = timeline.after(0, () => {
        this.#flush = undefined;
        this.input({ type: 'flush' });
      });
    }
    const deadline = this.core.deadline ?? Infinity;
    if (deadline >= this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = deadline;
    this.#timer = timeline.at(deadline - this.#clockOffsetMs, () => {
      this.#timerAtMs = Infinity;
      this.input({ type: 'deadline' });
    });
  }
}

export function hostOf(index: number): string {
  return `relay${index}.example:80`;
}

/** Whether something secret stands in a text that anybody may read. */
export function hasSecret(text: string): boolean {
  return text.includes(SECRET_CANARY) || text.includes(TOKEN_CANARY);
}
