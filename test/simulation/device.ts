import type { AppEffect } from '../../src/client/driver';
import { ErrorCode } from '../../src/core/errors';
import type { IncomingMessage, OutgoingMessage } from '../../src/core/messages';
import type { Gap } from '../../src/core/resume';
import type { Session } from '../../src/core/session';
import type { SessionEffect, SessionInput, StatusChange } from '../../src/core/session-events';
import type { ProtocolRoute } from '../../src/relay/events';
import { createClient, tell, type ClientEvents, type PromiseLevel } from './client-adapter';
import type { Dice } from './dice';
import { Exchange } from './exchange';
import { QUIET, type HttpNoise, type Peer } from './peer';
import type { Path } from './pipe';
import type { DevicePlan } from './plan';
import { hasSecret } from './relay-host';
import { Violation } from './record';
import { SocketWire } from './socket-wire';
import type { Moment } from './timeline';
import { touchesOf } from './touches';
import { UpstreamWatch } from './upstream-watch';
import type { World } from './world';

const ROUTES: Readonly<Record<string, ProtocolRoute>> = {
  '/': 'login',
  '/Upload': 'upload',
  '/Download': 'download',
  '/CancelDownload': 'cancel',
};
const SOCKET_PATH = '/api/WebSocket';
/** Bytes of a transmission that a trace shows. */
const MAX_SHOWN = 300;
/** An attach, with its token, or a download. */
const CLAIM = /^~id=[^~]+(?:~xr=([^~]+))?~xh=\d+~z=(\d+)/;

const enum Stream {
  network,
  client,
  work,
}

/** One device: the client's core, driven as `src/client/driver.ts` does, and the machine and network around it. */
export class Device implements Peer, ClientEvents {
  readonly session: Session;
  /** What has to hold whenever it is connected. */
  readonly level: PromiseLevel;
  readonly path: Path;
  readonly noise: HttpNoise = { ...QUIET };
  /** What was done to it, beside what its application asked for; without any it must lose nothing. */
  readonly touches: Set<string>;
  /** When it came into the world. */
  readonly bornMs: number;
  /** Sessions it has had, and networks it has listened to. */
  readonly sessionIds = new Set<string>();
  readonly networksEver: Set<string>;
  readonly workDice: Dice;
  readonly wires = new Map<number, SocketWire | Exchange>();
  hasWrongPassword = false;
  hasNoCredentials = false;
  isReading = true;
  /** Was told that the queue is full, and not yet that there is room. */
  isFull = false;
  isOffline = false;
  /** All that it was given, the newest last. */
  readonly tokens: string[] = [];
  deviceId = '';
  /** Number of its last attach or download. */
  lastClaim = 0;
  /** How many faults silence the network just now. */
  silencers = 0;
  /** Changed networks: which ones a message meets depends on when it arrives. */
  networkChanges = 0;
  /** The token of its last attach, and how many tokens were given before the last one that was taken. */
  #shownToken = '';
  #ended = 0;
  #clockOffsetMs: number;
  #timer: Moment | undefined;
  #timerDue: number | undefined;
  #isDraining = false;
  #isWakeAsked = false;
  #isFrozen = false;
  #deferred: (() => void)[] = [];
  #connections = 0;
  readonly #networkDice: Dice;
  readonly #upstream: UpstreamWatch;

  constructor(
    readonly world: World,
    readonly plan: DevicePlan,
    readonly name: string,
  ) {
    this.#networkDice = plan.dice.fork(Stream.network);
    this.workDice = plan.dice.fork(Stream.work);
    this.session = createClient(plan, name, plan.dice.fork(Stream.client));
    const { extension, limits } = world.plan.relays[plan.relay]!;
    this.bornMs = world.timeline.nowMs;
    this.touches = new Set(touchesOf(limits));
    this.level = plan.hasExtension && extension === 'grants' ? 'x1' : 'p1';
    this.#upstream = new UpstreamWatch(name);
    this.path = { ...plan.path };
    this.networksEver = new Set(plan.networkNames);
    this.#clockOffsetMs = plan.clockOffsetMs;
  }

  get accountId(): number {
    return this.plan.account.id;
  }

  get isSilent(): boolean {
    return this.silencers > 0;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  get isConnected(): boolean {
    return this.session.shownState === 'connected';
  }

  /** Something bad befell it; from now on losses are its own. */
  touch(cause: string): void {
    this.touches.add(cause);
  }

  input(event: SessionInput): void {
    if (this.#isFrozen) return void this.#deferred.push(() => this.input(event));
    const { trace } = this.world;
    if ('id' in event) this.world.note(this.name, event.type, event.id);
    else this.world.note(this.name, event.type, 0);
    if (event.type === 'bytes') trace.bytes(event.bytes);
    if (event.type === 'bytes') this.#hears(event.bytes);
    if (event.type === 'answer') this.#hears(event.body);
    this.session.input(event, this.#nowMs);
    this.#drain();
  }

  /** Why its client does not take a message; 0 when it does. */
  refusalOf(message: OutgoingMessage): number {
    const code = this.session.refusalOf(message.data.length);
    if (code === ErrorCode.QUEUE_FULL) this.isFull = true;
    if (code !== ErrorCode.SUCCESS) this.world.counts.add(`error code ${code}`);
    return code;
  }

  /** Queues a message as the public client does: what one turn queues goes out together. */
  send(message: OutgoingMessage, awaited: boolean): number {
    if (!this.#isWakeAsked) {
      this.#isWakeAsked = true;
      this.world.timeline.after(0, () => {
        this.#isWakeAsked = false;
        this.input({ type: 'wake' });
      });
    }
    return this.session.send(message, awaited);
  }

  // What happens to the machine.

  freeze(): void {
    this.#isFrozen = true;
  }

  /** Timers come late and at once, then whatever has arrived meanwhile. */
  unfreeze(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    this.#timeUp();
    for (const task of this.#deferred.splice(0)) task();
    this.pumpWires();
  }

  jumpClock(ms: number): void {
    this.#clockOffsetMs += ms;
    this.#timerDue = undefined;
    this.#setTimer();
  }

  pumpWires(): void {
    for (const wire of this.wires.values()) if (wire instanceof SocketWire) wire.pump();
  }

  /** Breaks every connection. */
  cut(): number {
    const open = [...this.wires.values()].filter((wire) => wire.isOpen);
    for (const wire of open) if (wire instanceof SocketWire) wire.cut();
      else wire.fail();
    return open.length;
  }

  /** Its open WebSockets die without a sign. */
  loseSockets(): number {
    const open = [...this.wires.values()].filter((wire) => wire instanceof SocketWire && wire.isOpen);
    for (const wire of open) if (wire instanceof SocketWire) wire.die();
    return open.length;
  }

  /** The network is well again. */
  heal(): void {
    for (const wire of [...this.wires.values()]) {
      if (wire instanceof Exchange) wire.heal();
      else if (wire.transport === undefined) wire.fail();
      else wire.heal();
    }
  }

  closedByRelay(code: number): void {
    if (code !== 1000 || this.world.isHealed) this.touch(`closed with ${code}`);
  }

  tookToken(token: string, deviceId: string | undefined): void {
    if (deviceId !== undefined) this.deviceId = deviceId;
    else if (token === this.#shownToken) throw new Violation('X-68', `the token of ${this.name} is not changed`);
    else this.#ended = Math.max(this.#ended, this.tokens.indexOf(this.#shownToken));
    if (this.tokens.at(-1) !== token) this.tokens.push(token);
  }

  /** Tokens that nobody may take any more: a newer one was used since. */
  get endedTokens(): readonly string[] {
    return this.tokens.slice(0, this.#ended);
  }

  // What the client wants of the world.

  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    for (let effect = this.session.poll(); effect !== undefined; effect = this.session.poll()) this.#perform(effect);
    this.#isDraining = false;
    this.#setTimer();
  }

  #says(bytes: Uint8Array): void {
    this.#print('>', bytes);
    if (this.level !== 'x1') return;
    this.#noteClaim(bytes);
    this.#upstream.sends(bytes);
  }

  #hears(bytes: Uint8Array): void {
    this.#print('<', bytes);
    if (this.level === 'x1') this.#upstream.hears(bytes);
  }

  #noteClaim(bytes: Uint8Array): void {
    const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_SHOWN)).toString('latin1');
    const [, token, counter] = CLAIM.exec(start) ?? [];
    if (token !== undefined) this.#shownToken = token;
    if (counter !== undefined) this.lastClaim = Number(counter);
  }

  #print(direction: string, bytes: Uint8Array): void {
    this.world.trace.print?.(`            ${this.name} ${direction} ${Buffer.from(bytes).toString('latin1', 0, MAX_SHOWN)}`);
  }

  #perform(effect: SessionEffect): void {
    this.world.trace.text(effect.type);
    if (effect.type === 'transmit') this.#says(effect.bytes);
    if (effect.type === 'post') this.#says(effect.body);
    switch (effect.type) {
      case 'open':
        return this.#open(effect.id, effect.url);
      case 'post':
        return this.#post(effect.id, effect.url, effect.body);
      case 'transmit': {
        const wire = this.wires.get(effect.id);
        if (wire instanceof SocketWire) wire.transmit(effect.bytes);
        return;
      }
      case 'close':
        this.wires.get(effect.id)?.letGo();
        return void this.wires.delete(effect.id);
      default:
        this.#checkSecrets(effect);
        return tell(this, effect);
    }
  }

  #checkSecrets(effect: AppEffect): void {
    const text = effect.type === 'message' ? Buffer.from(effect.message.bytes).toString('latin1') : JSON.stringify(effect);
    if (hasSecret(text)) throw new Violation('I10', `${this.name} shows a secret: ${text}`);
  }

  #open(id: number, url: string): void {
    if (hasSecret(url) || !url.endsWith(SOCKET_PATH)) throw new Violation('I10', `opened ${url}`);
    const { world } = this;
    const dice = this.#networkDice.fork(this.#connections++);
    const relay = world.relays[this.plan.relay]!;
    const wire = new SocketWire(world, this, id, relay, dice);
    this.wires.set(id, wire);
    const fail = (): void => {
      wire.fail();
      this.wires.delete(id);
    };
    if (this.isOffline) return void world.timeline.after(1, fail);
    if (this.isSilent) return;
    const roundTripMs = 2 * this.path.latencyMs + this.path.jitterMs;
    if (this.#happens('upgradeRefused', dice)) return void world.timeline.after(roundTripMs, fail);
    if (this.#happens('upgradeHangs', dice)) return;
    world.timeline.after(roundTripMs, () => {
      if (this.isSilent) return;
      if (!relay.isUp) return fail();
      wire.accept();
      if (this.#happens('upgradeCut', dice)) world.lasting(dice.between(10, 6_000), () => wire.cut());
    });
  }

  #happens(fault: keyof HttpNoise, dice: Dice): boolean {
    if (!dice.chance(this.noise[fault])) return false;
    this.world.counts.add(`fault http ${fault}`);
    return true;
  }

  #post(id: number, url: string, body: Uint8Array): void {
    const route = ROUTES[url.slice(url.indexOf('/', 8))];
    if (route === undefined) throw new Violation('P-40', `posted to ${url}`);
    const { world, plan } = this;
    const exchange = new Exchange(
      world,
      this,
      id,
      route,
      body,
      world.relays[plan.relay]!,
      this.#networkDice.fork(this.#connections++),
    );
    this.wires.set(id, exchange);
    exchange.begin();
  }

  get #nowMs(): number {
    return this.world.timeline.nowMs + this.#clockOffsetMs;
  }

  #setTimer(): void {
    const due = this.session.deadline;
    if (due === this.#timerDue) return;
    this.#timer?.cancel();
    this.#timerDue = due;
    this.#timer =
      due === undefined ? undefined : this.world.timeline.at(due - this.#clockOffsetMs, () => this.#timeUp());
  }

  #timeUp(): void {
    if (this.#isFrozen) return;
    this.#timerDue = undefined;
    this.input({ type: 'wake' });
  }

  // What the application hears.

  credentialsWanted(): void {
    const { account } = this.plan;
    const { connectName } = account;
    this.world.timeline.after(0.01, () => {
      if (this.hasNoCredentials) {
        this.world.counts.add('fault credentials failed');
        return this.input({ type: 'credentials-failed' });
      }
      if (this.hasWrongPassword) this.world.counts.add('fault wrong password');
      const password = this.world.accounts.passwordOf(account);
      const connectPassword = this.hasWrongPassword ? `${password}wrong` : password;
      this.input({ type: 'credentials', connectName, connectPassword });
    });
  }

  received(message: IncomingMessage): void {
    this.world.checker.received(this, message);
  }

  statusChanged(change: StatusChange): void {
    this.world.note(this.name, `${change.to} (${change.cause})`, 0);
    this.world.checker.statusChanged(this, change);
  }

  failed(code: number): void {
    this.world.note(this.name, 'error', code);
    this.world.counts.add(`error code ${code}`);
  }

  settled(token: number, code: number): void {
    this.world.note(this.name, 'settled', code);
    this.world.counts.add(`error code ${code}`);
    this.world.checker.settled(this, token, code);
  }

  missed(gap: Gap): void {
    this.world.note(this.name, `gap ${gap.reason}`, gap.count ?? -1);
    this.world.counts.add(`gap ${gap.reason}`);
    this.world.checker.gap(this, gap);
  }

  drained(): void {
    this.world.note(this.name, 'drain', 0);
    this.world.counts.add('drain');
    if (!this.isFull) throw new Violation('X-13', `${this.name} was told of room in a queue that was not full`);
    this.isFull = false;
  }
}
