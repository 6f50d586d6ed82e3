import { DISCOVERY_RESPONSE } from '../../src/core/discovery';
import { ErrorCode } from '../../src/core/errors';
import type { IncomingMessage, OutgoingMessage } from '../../src/core/messages';
import type { Gap } from '../../src/core/resume';
import type { StatusChange } from '../../src/core/session-events';
import { levelOf } from './client-adapter';
import type { Device } from './device';
import { GapBook } from './gap-book';
import { makePayload, readPayload } from './payload';
import { Violation } from './record';
import { CHANGED_PASSWORD, CLOSED, IMPATIENT, OUTAGE, ROBBED, SHORT } from './touches';
import type { World } from './world';

/** Whom an application sends to, and how. */
export type Order = Pick<OutgoingMessage, 'toNetworks' | 'toSessionIds' | 'mode'>;

/** One message as its sender's application knows it. */
interface Sent {
  readonly sender: Device;
  readonly number: number;
  readonly atMs: number;
  readonly message: OutgoingMessage;
  readonly awaited: boolean;
  /** The outcome that the application was told. */
  code: number | undefined;
  /** Who listened when it was sent. */
  readonly expected: readonly Device[];
  /** The same, and who had no session yet. */
  readonly possible: readonly Device[];
  readonly networkChanges: number;
  readonly receivers: Set<Device>;
  /** Session by which it came, to whomever it came first. */
  from: string | undefined;
}

/** The id of no session. */
export const NOBODY = '4';
/** Faults that no session outlives. Whatever else befalls a client with the extension, it resumes. */
const FATAL: readonly string[] = ['kill', 'restart', 'jump', SHORT, IMPATIENT, 'long sleep', ROBBED];
/** What makes a client with the extension give messages up. */
const GIVEN_UP: readonly string[] = [CLOSED, ROBBED, 'a tab of short life'];
/** The same with 8. */
const PASSWORDS: readonly string[] = ['wrong password', CHANGED_PASSWORD];
/** Outcomes of a message that its sender does not give up: taken, or not reached. */
const KEPT: readonly number[] = [ErrorCode.SUCCESS, ErrorCode.RECIPIENT_NOT_REACHED];

/**
 * Holds the run to its promises, knowing only what applications do and hear, and what goes over the wires. What is
 * promised depends on the level of each session, see {@link PromiseLevel}.
 */
export class Checker {
  readonly #world: World;
  readonly #sent = new Map<Device, Sent[]>();
  readonly #byToken = new Map<Device, Map<number, Sent>>();
  /** Highest number received, by receiver and then by sender: its session, or the device itself with x1. */
  readonly #order = new Map<Device, Map<string, number>>();
  readonly #gaps = new Map<Device, GapBook>();
  /** When the sessions of each device began. */
  readonly #beginsMs = new Map<Device, number[]>();
  /** Devices with a new session that they have to tell a gap of. */
  readonly #owesGap = new Set<Device>();
  /** Devices without a session to resume: before the first one, and closed by their application. */
  readonly #fresh = new Set<Device>();
  /** Messages that go round beside those of applications: requests of discoveries. */
  #discoveries = 0;
  sends = 0;
  deliveries = 0;

  constructor(world: World) {
    this.#world = world;
  }

  // What applications do and hear.

  /** @returns The token; undefined when the client did not take the message. */
  send(sender: Device, order: Order, length: number, awaited: boolean): number | undefined {
    const list = getOrAdd(this.#sent, sender, () => []);
    const number = list.length;
    const message = { ...order, dataType: 'simulated', data: makePayload(sender.name, number, length) };
    if (sender.refusalOf(message) !== ErrorCode.SUCCESS) return undefined;
    const token = sender.send(message, awaited);
    const possible = this.#listeners(sender, order);
    const sent: Sent = {
      sender,
      number,
      atMs: this.#world.timeline.nowMs,
      message,
      awaited,
      code: undefined,
      expected: possible.filter(({ sessionIds }) => sessionIds.size > 0),
      possible,
      networkChanges: sender.networkChanges,
      receivers: new Set(),
      from: undefined,
    };
    list.push(sent);
    if (awaited) getOrAdd(this.#byToken, sender, () => new Map<number, Sent>()).set(token, sent);
    this.sends += 1;
    this.#world.note(sender.name, 'send', number);
    return token;
  }

  /** The application asks who is there. */
  discovers(): void {
    this.#discoveries += 1;
  }

  /** The application has taken a message back. */
  cancelled(sender: Device, token: number): void {
    this.#byToken.get(sender)?.delete(token);
  }

  settled(sender: Device, token: number, code: number): void {
    const sent = this.#byToken.get(sender)?.get(token);
    if (sent === undefined) throw new Violation('I8', `${sender.name} was told of a message that it does not await`);
    if (sent.code !== undefined) throw new Violation('I8', `${title(sent)} was settled twice`);
    sent.code = code;
    if (code === ErrorCode.SUCCESS && sent.message.toSessionIds.includes(NOBODY)) {
      throw new Violation('P-92', `${title(sent)} names nobody and reached all`);
    }
    if (sender.level === 'x1') this.#checkOutcome(sent, code);
  }

  received(receiver: Device, message: IncomingMessage): void {
    this.deliveries += 1;
    if (message.dataType === DISCOVERY_RESPONSE) return this.#discovered(receiver, message);
    const { name, number } = this.#payloadOf(receiver, message);
    const sender = this.#world.devices.find((device) => device.name === name);
    const sent = sender && this.#sent.get(sender)?.[number];
    if (sent === undefined) throw new Violation('I5', `${receiver.name} got ${name}:${number}, which nobody sent`);
    this.#world.note(receiver.name, `got ${title(sent)}`, 0);
    this.#checkRoute(receiver, sent, message);
    this.#checkSession(sent, message);
    if (this.#isDuplicate(receiver, sent)) return;
    if (isReceipted(sent) && sent.sender.sessionIds.size === 1) {
      throw new Violation('I3', `${receiver.name} got ${title(sent)} when its receipt was given already`);
    }
    sent.receivers.add(receiver);
    this.#checkOrder(receiver, sent, message);
  }

  statusChanged(device: Device, change: StatusChange): void {
    const isUntouched = device.touches.size === 0;
    this.#checkGapTold(device);
    if (change.to === 'closed') this.#fresh.add(device);
    if (change.to === 'connected') {
      this.#connected(device, change.resumed);
    } else if (change.from === 'connected' && isUntouched && (change.cause === 'lost' || change.cause === 'gone')) {
      throw new Violation('I6', `${device.name} lost its connection without a cause`);
    }
  }

  #connected(device: Device, resumed: boolean): void {
    const { touches, level, session, sessionIds, name } = device;
    if (levelOf(session) !== level) throw new Violation('X-2', `${name} has ${levelOf(session)}, not ${level}`);
    if (resumed !== sessionIds.has(session.sessionId) && !this.#fresh.has(device)) {
      throw new Violation('X-36', `${name} says resumed ${resumed} of ${session.sessionId}`);
    }
    const isLost = sessionIds.size > 0 && !resumed && !this.#fresh.has(device);
    const isDropped = touches.has(CHANGED_PASSWORD) && touches.has(OUTAGE);
    const hasCause = level === 'p1' ? touches.size > 0 : isDropped || FATAL.some((cause) => touches.has(cause));
    if (isLost && !hasCause) throw new Violation('I6', `${name} lost its session without a cause`);
    if (isLost) this.#owesGap.add(device);
    // What an application that had closed has missed is its own affair.
    if (!resumed) this.#gapsOf(device).coverAll(this.#world.timeline.nowMs);
    if (!resumed) getOrAdd(this.#beginsMs, device, () => []).push(this.#world.timeline.nowMs);
    this.#fresh.delete(device);
    sessionIds.add(session.sessionId);
  }

  /** The client says that messages may be missing: it covers so many of those that were sent before. */
  gap(receiver: Device, gap: Gap): void {
    const { name, level, touches, plan } = receiver;
    const isOverflow = gap.count !== undefined;
    if (!isOverflow && !this.#owesGap.delete(receiver)) {
      throw new Violation('I3', `${name} has a gap without a lost session: ${gap.reason}`);
    }
    if (!isOverflow && touches.size === 0) throw new Violation('I3', `${name} has a gap without a cause: ${gap.reason}`);
    const reasons = isOverflow ? ['overflow'] : level === 'p1' ? ['plain'] : ['expired', 'epoch'];
    const isOtherEpoch = this.#world.relays[plan.relay]!.generation > 1;
    if (!reasons.includes(gap.reason) || (gap.reason === 'epoch' && !isOtherEpoch)) throw new Violation('I3', `${name} has a gap ${gap.reason} of ${gap.count}`);
    const { maxQueuedMessages, maxQueuedBytes, maxQueuedTotal } = this.#world.plan.relays[plan.relay]!.limits;
    if (isOverflow && maxQueuedMessages > 1_000 && maxQueuedBytes > 1e6 && maxQueuedTotal > 1e6) {
      throw new Violation('I3', `${name} lost ${gap.count} messages from a queue with much room`);
    }
    this.#gapsOf(receiver).add(gap, this.#world.timeline.nowMs);
  }

  #checkGapTold(device: Device): void {
    if (this.#owesGap.has(device)) throw new Violation('I3', `${device.name} has lost its session and tells no gap`);
  }

  #gapsOf(device: Device): GapBook {
    return getOrAdd(this.#gaps, device, () => new GapBook());
  }

  /** What a client with the extension may say of a message that was sent. */
  #checkOutcome(sent: Sent, code: number): void {
    const { sender, message } = sent;
    const isReceipt = message.mode === 'delivered';
    if (isReceipted(sent) && sent.receivers.size === 0) throw new Violation('I3', `${title(sent)} has a receipt and nobody has it`);
    const mute = [...sent.receivers].find(({ level }) => level === 'p1');
    if (isReceipted(sent) && mute && sender.sessionIds.size === 1) {
      throw new Violation('I3', `${title(sent)} has a receipt, and ${mute.name} cannot have acknowledged it`);
    }
    const causes = code === ErrorCode.WRONG_CREDENTIALS ? [...GIVEN_UP, ...PASSWORDS] : GIVEN_UP;
    const isGivenUp = causes.some((cause) => sender.touches.has(cause));
    const isInDoubt = isReceipt && code === ErrorCode.RESUME_REFUSED && (this.#gapsOf(sender).isUsed || !sender.isConnected);
    const isTooLarge = code === ErrorCode.TOO_LARGE && this.#isLarge(sent);
    if (message.mode === 'volatile' || KEPT.includes(code) || isGivenUp || isInDoubt || isTooLarge) return;
    throw new Violation('X-8', `${title(sent)} ended with ${code}`);
  }

  /** Whether it may have been sent before its client knew what its relay takes, or has escapes that are too many. */
  #isLarge({ sender, message }: Sent): boolean {
    const { maxDataSize, maxTransmissionSize } = this.#world.plan.relays[sender.plan.relay]!.limits;
    return message.data.length > Math.min(maxDataSize, 0.9 * maxTransmissionSize - 256);
  }

  // What has to hold in the end.

  /** Awaited messages that should have an outcome and have none. */
  unsettledOf(device: Device): string[] {
    const open: string[] = [];
    // A session that nobody comes back to is kept for a while, and as long its receipts are open.
    const mayWait = this.#world.devices.some((other) => this.#areNeighbours(device, other) && mayHaveLeft(other));
    for (const sent of this.#byToken.get(device)?.values() ?? []) {
      const isReceipt = sent.message.mode === 'delivered';
      if (sent.code === undefined && !(mayWait && isReceipt)) open.push(`${title(sent)}${isReceipt ? ' (receipt)' : ''}`);
    }
    return open;
  }

  checkSettled(): void {
    for (const tokens of this.#byToken.values()) {
      for (const sent of tokens.values()) {
        if (sent.code === undefined) throw new Violation('I8', `${title(sent)}, sent at ${sent.atMs} ms, has no outcome`);
      }
    }
  }

  /** The last message of each device, sent when everything was well: each listener has it. */
  checkProbes(devices: readonly Device[], isTight: (device: Device) => boolean): void {
    for (const device of devices) {
      const probe = this.#sent.get(device)?.at(-1);
      if (probe === undefined || (isTight(device) && probe.code === 2)) continue;
      if (probe.code !== 0) throw new Violation('I6', `${title(probe)}, after the heal, ended with ${probe.code}`);
      for (const listener of probe.expected) {
        const isTold = listener.level === 'x1' && isTight(listener);
        if (!probe.receivers.has(listener) && devices.includes(listener) && !isTold) {
          throw new Violation('I6', `${title(probe)}, after the heal, did not reach ${listener.name}`);
        }
      }
    }
  }

  /** What was taken without an error is there, or there is a reason why not (I3). */
  checkLosses(): void {
    for (const device of this.#world.devices) this.#checkGapTold(device);
    const missing = [...this.#sent.values()].flat().filter(({ receivers, possible }) => receivers.size < possible.length);
    // The latest first: early ones have more gaps to choose from.
    missing.sort((one, other) => other.atMs - one.atMs);
    for (const sent of missing) if (this.#isTaken(sent)) this.#checkArrived(sent);
    for (const [receiver, gaps] of this.#gaps) this.#checkCounts(receiver, gaps);
  }

  /** Whether its sender was told that the relay has it, and that still counts. */
  #isTaken({ sender, awaited, code, message }: Sent): boolean {
    if (!awaited || code !== ErrorCode.SUCCESS || message.mode === 'volatile') return false;
    return sender.level === 'x1' || sender.touches.size === 0;
  }

  #checkArrived(sent: Sent): void {
    const usesOwnNetworks = sent.message.toNetworks.length === 0;
    if (usesOwnNetworks && sent.sender.networkChanges > 0) return;
    for (const receiver of sent.expected) {
      if (sent.receivers.has(receiver) || receiver.networkChanges > 0 || this.#mayMiss(receiver, sent)) continue;
      throw new Violation('I3', `${title(sent)} never reached ${receiver.name}, and nothing accounts for it`);
    }
  }

  #mayMiss(receiver: Device, sent: Sent): boolean {
    if (receiver.level === 'p1') return receiver.touches.size > 0;
    // One that finds no room on its relay has yet to tell what it has lost.
    return !receiver.isConnected || this.#gapsOf(receiver).covers(sent.atMs);
  }

  /** A gap counts no more than can have been lost: messages, repeated ones too, discoveries, and receipts of the device itself. */
  #checkCounts(receiver: Device, gaps: GapBook): void {
    if (receiver.networkChanges > 0 || gaps.total === 0) return;
    const offered = [...this.#sent.values()].flat().filter((sent) => this.#mayHaveGone(sent, receiver));
    const lost = offered.filter(({ receivers }) => !receivers.has(receiver)).length;
    const repeated = offered.reduce((sum, sent) => sum + this.#repeatsOf(sent), 0);
    const receipts = (this.#sent.get(receiver) ?? []).filter(({ message }) => message.mode === 'delivered').length;
    const most = lost + repeated + receipts + this.#discoveries * this.#world.devices.length;
    if (gaps.total <= most) return;
    throw new Violation('I3', `${receiver.name} misses ${gaps.total} messages, of which at most ${most} were sent`);
  }

  /** What a device sent before another one was there may have waited until it was. */
  #mayHaveGone({ sender, atMs, possible }: Sent, receiver: Device): boolean {
    return possible.includes(receiver) || (atMs < receiver.bornMs && this.#areNeighbours(sender, receiver));
  }

  /** How often a sender may have repeated a message in a new session, whoever had it already. */
  #repeatsOf({ sender, atMs }: Sent): number {
    return (this.#beginsMs.get(sender) ?? []).filter((beginMs) => beginMs > atMs).length;
  }

  #listeners(sender: Device, { toNetworks, toSessionIds }: Order): Device[] {
    const isDefault = toNetworks.length === 0 && toSessionIds.length === 0;
    const networks = isDefault ? sender.session.settings.networkNames : toNetworks;
    return this.#world.devices.filter((device) => {
      if (!this.#areNeighbours(sender, device)) return false;
      if (toSessionIds.includes(device.session.sessionId)) return true;
      const allowed = device.plan.account.networks;
      const isListening = device.session.settings.networkNames.some(
        (name) => networks.includes(name) && (allowed === undefined || allowed.has(name)),
      );
      return isListening && device !== sender;
    });
  }

  #areNeighbours(one: Device, other: Device): boolean {
    return one.plan.account === other.plan.account && one.plan.relay === other.plan.relay;
  }

  #payloadOf(receiver: Device, message: IncomingMessage): { name: string; number: number } {
    const payload = readPayload(message.bytes);
    if (payload === undefined || message.dataType !== 'simulated') {
      throw new Violation('I5', `${receiver.name} got a message that nobody sent: ${show(message)}`);
    }
    if (!payload.isWhole) throw new Violation('I5', `${receiver.name} got a damaged message: ${show(message)}`);
    return payload;
  }

  #checkRoute(receiver: Device, sent: Sent, { from }: IncomingMessage): void {
    const { sender, message } = sent;
    if (!this.#areNeighbours(sender, receiver)) {
      throw new Violation('I5', `${receiver.name} got ${title(sent)} of another account or relay`);
    }
    if (!sender.sessionIds.has(from)) throw new Violation('I5', `${title(sent)} came from ${from}, not one of its sessions`);
    const { toNetworks, toSessionIds } = message;
    const isNamed = toSessionIds.some((id) => receiver.sessionIds.has(id));
    const isDefault = toNetworks.length === 0 && toSessionIds.length === 0;
    const networks = isDefault ? [...sender.networksEver] : toNetworks;
    // A message of an earlier session of one's own may come late.
    const isOwn = receiver.session.sessionId === from;
    const isInNetwork = !isOwn && networks.some((name) => receiver.networksEver.has(name));
    if (!isNamed && !isInNetwork) throw new Violation('I5', `${receiver.name} got ${title(sent)}, which is for others`);
  }

  /** One session has delivered it: what two have delivered is twice there, if only for different receivers. */
  #checkSession(sent: Sent, { from }: IncomingMessage): void {
    sent.from ??= from;
    if (sent.sender.level === 'x1' || sent.from === from) return;
    throw new Violation('I1', `${title(sent)} was taken from two sessions, ${sent.from} and ${from}`);
  }

  /**
   * Protocol 1 has no defence against a box on the way that repeats an old upload (P-107), and as a receiver none against a
   * sender with the extension that repeats in a new session what was not acknowledged in the one before.
   */
  #isDuplicate(receiver: Device, sent: Sent): boolean {
    if (!sent.receivers.has(receiver)) return false;
    if (sent.sender.level === 'p1' && sent.sender.touches.has('copies')) return true;
    if (receiver.level === 'p1' && sent.sender.level === 'x1' && sent.sender.sessionIds.size > 1) return true;
    throw new Violation('I1', `${receiver.name} got ${title(sent)} twice`);
  }

  #checkOrder(receiver: Device, sent: Sent, { from }: IncomingMessage): void {
    const last = getOrAdd(this.#order, receiver, () => new Map<string, number>());
    const key = receiver.level === 'x1' && sent.sender.level === 'x1' ? sent.sender.name : from;
    const before = last.get(key) ?? -1;
    if (sent.number < before) {
      if (sent.sender.level === 'p1' && sent.sender.touches.has('copies')) return;
      throw new Violation('I2', `${receiver.name} got ${title(sent)} after number ${before}`);
    }
    last.set(key, sent.number);
  }

  #discovered(receiver: Device, message: IncomingMessage): void {
    const name = Buffer.from(message.bytes).toString();
    const sender = this.#world.devices.find((device) => device.name === name);
    if (sender === undefined || !this.#areNeighbours(sender, receiver) || !sender.sessionIds.has(message.from)) {
      throw new Violation('I5', `${receiver.name} discovered ${name} as ${message.from}`);
    }
  }
}

/** Whether its sender knows that all who get it have it. */
function isReceipted({ sender, message, code }: Sent): boolean {
  return sender.level === 'x1' && message.mode === 'delivered' && code === ErrorCode.SUCCESS;
}

/** Whether a session of it may stand on the relay that it does not use any more. */
function mayHaveLeft({ sessionIds, touches }: Device): boolean {
  return sessionIds.size > 1 || touches.has(CLOSED) || touches.has('a tab of short life');
}

function title({ sender, number }: Sent): string {
  return `${sender.name}:${number}`;
}

function show({ dataType, from, bytes }: IncomingMessage): string {
  return `${dataType} from ${from}: ${Buffer.from(bytes).toString('latin1').slice(0, 100)}`;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
