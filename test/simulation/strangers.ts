import type { TransportEvent } from '../../src/core/traffic';
import type { ProtocolRoute } from '../../src/relay/events';
import type { PromiseLevel } from './client-adapter';
import type { Device } from './device';
import type { Dice } from './dice';
import { Exchange } from './exchange';
import { QUIET, type Peer } from './peer';
import { SocketWire } from './socket-wire';
import { ROBBED } from './touches';
import type { World } from './world';

const PATH = { latencyMs: 5, jitterMs: 5, bytesPerMs: 1_000 };
const OPEN_MS = 30_000;

/** Somebody without an account. What it may hear is nothing but refusals; the checker sees to that. */
class Stranger implements Peer {
  readonly accountId: number | undefined = undefined;
  readonly level: PromiseLevel | undefined = undefined;
  readonly path = PATH;
  readonly noise = QUIET;
  readonly isSilent = false;
  readonly isOffline = false;
  readonly isReading = true;

  constructor(
    private readonly world: World,
    readonly name: string,
    private readonly dice: Dice,
    private readonly kind = name,
  ) {}

  /** Opens a WebSocket to a relay and says these things on it. */
  talk(relayIndex: number, messages: readonly Uint8Array[]): void {
    const relay = this.world.relays[relayIndex]!;
    if (!relay.isUp) return;
    this.world.counts.add(`fault ${this.kind}`);
    const wire = new SocketWire(this.world, this, 1, relay, this.dice);
    wire.accept();
    for (const message of messages) wire.transmit(message);
    this.world.timeline.after(OPEN_MS, () => wire.letGo());
  }

  post(relayIndex: number, route: ProtocolRoute, body: Uint8Array): void {
    const relay = this.world.relays[relayIndex]!;
    this.world.counts.add(`fault ${this.kind}`);
    const exchange = new Exchange(this.world, this, 1, route, body, relay, this.dice);
    exchange.begin();
    this.world.timeline.after(OPEN_MS, () => exchange.letGo());
  }

  input(_event: TransportEvent): void {}
  closedByRelay(_code: number): void {}
}

/** Somebody who has copied the storage of a device, or a second tab that was given it. */
class Impostor extends Stranger {
  override readonly accountId: number;
  override readonly level = 'x1';

  constructor(world: World, victim: Device, dice: Dice) {
    super(world, `impostor of ${victim.name}`, dice, 'impostor');
    this.accountId = victim.accountId;
  }
}

const encode = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Knows session ids, which are public, and guesses the secrets. */
export function attackAsThief(world: World, dice: Dice): void {
  const victim = dice.pick(world.devices);
  const { sessionId } = victim.session;
  if (sessionId === '-1') return;
  const thief = new Stranger(world, 'thief', dice.fork(1));
  const id = `${sessionId}s${dice.pick(['', '0', 'Cana', 'CanaryCanaryCanaryCana'])}`;
  const relay = victim.plan.relay;
  const kind = dice.below(4);
  if (kind === 0) thief.talk(relay, [`~id=${id}~t=1`, '~nc=1~ns=n1~t=1', '~d=x~t=1'].map(encode));
  else if (kind === 1) thief.post(relay, 'upload', encode(`~id=${id}~d=x~z=0`));
  else if (kind === 2) thief.post(relay, 'download', encode(`~id=${id}~z=100000`));
  else thief.post(relay, 'cancel', encode(`~id=${id}~ts=1~z=100000`));
}

const PIECES = ['~', '~~', '~-', '=', '~t=1', '~id=', '~d=', '~nc=1', '~ns=n1', '~c=t', '~n=', '1s', 'x', '\0', '\xff'];

/** Says whatever comes to its mind, a lot of it at times. */
export function attackAsGarbage(world: World, dice: Dice): void {
  const stranger = new Stranger(world, 'garbage', dice.fork(1));
  const relay = dice.below(world.relays.length);
  const make = (): Uint8Array => encode(Array.from({ length: dice.whole(1, dice.chance(0.2) ? 4_000 : 20) }, () => dice.pick(PIECES)).join(''));
  if (dice.chance(0.5)) stranger.talk(relay, Array.from({ length: dice.whole(1, 5) }, make));
  else stranger.post(relay, dice.pick(['login', 'upload', 'download', 'cancel'] as const), make());
}

/** Opens a connection, perhaps begins a message, and waits. */
export function attackAsMute(world: World, dice: Dice): void {
  const stranger = new Stranger(world, 'mute', dice.fork(1));
  stranger.talk(dice.below(world.relays.length), dice.chance(0.5) ? [encode(`~id=${'1'.repeat(dice.below(200))}`)] : []);
}

/** The number of an attach that is later than all of its owner. */
const LATE = 1_000_000;

/** Has a token that was replaced, or makes one up: knowing the device id, it is not let in all the same. */
export function attackWithOldToken(world: World, dice: Dice): void {
  const victim = dice.pick(world.devices);
  const token = dice.pick([...victim.endedTokens, 'Token0-1-1!0000000000000001account1.0', '']);
  if (victim.level === 'p1' || victim.deviceId === '') return;
  const thief = new Stranger(world, 'old token', dice.fork(1));
  const claim = encode(`~id=${victim.deviceId}~xr=${token}~xh=0~z=${LATE}`);
  if (dice.chance(0.5)) thief.talk(victim.plan.relay, [Buffer.concat([claim, encode('~t=1')])]);
  else thief.post(victim.plan.relay, 'download', claim);
}

/** Says once more what a device has said long ago: nothing comes of it. */
export function attackWithReplay(world: World, dice: Dice): void {
  const victim = dice.pick(world.devices);
  const token = victim.tokens.at(-1);
  // Before its first attach a token says nothing of what comes late.
  if (token === undefined || !victim.sessionIds.has(victim.session.sessionId)) return;
  const thief = new Stranger(world, 'replay', dice.fork(1));
  const claim = encode(`~id=${victim.deviceId}~xr=${token}~xh=0~z=0`);
  const kind = dice.below(3);
  if (kind === 0) thief.talk(victim.plan.relay, [Buffer.concat([claim, encode('~t=1')])]);
  else thief.post(victim.plan.relay, 'download', kind === 1 ? claim : encode(`~id=${victim.deviceId}~xh=0~z=0`));
}

/** Uses the token of a device: one of the two has to give way. */
export function attackWithToken(world: World, dice: Dice): void {
  const victim = dice.pick(world.devices);
  const token = victim.tokens.at(-1);
  if (token === undefined || victim.deviceId === '') return;
  victim.touch(ROBBED);
  const impostor = new Impostor(world, victim, dice.fork(1));
  const first = victim.lastClaim + dice.whole(1, 5);
  const claim = (i: number): Uint8Array => encode(`~id=${victim.deviceId}~xr=${token}~xh=0~z=${first + i}~t=1`);
  // Also says something far ahead of its turn, which nobody may get.
  for (let i = 0; i < dice.pick([1, 1, 5]); i++) impostor.talk(victim.plan.relay, [claim(i), encode('~xq=99999~xn=1~d=x~t=1')]);
}
