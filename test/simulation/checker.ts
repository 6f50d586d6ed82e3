import { DISCOVERY_RESPONSE } from '../../src/core/discovery';
import type { IncomingMessage, OutgoingMessage } from '../../src/core/messages';
import type { StatusChange } from '../../src/core/session-events';
import type { ProtocolRoute } from '../../src/relay/events';
import type { Device } from './device';
import { makePayload, readPayload } from './payload';
import type { Peer } from './peer';
import { SECRET_CANARY } from './plan';
import { Violation } from './record';
import type { RelayHost } from './relay-host';
import type { World } from './world';

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
  readonly networkChanges: number;
  readonly receivers: Set<Device>;
  /** Session by which it came, to whomever it came first. */
  from: string | undefined;
}

/** What was written to one WebSocket since its session was bound to it. */
interface Burst {
  groups: number;
  readonly receivedBefore: number;
}

const GROUP = Buffer.from('~f=');
const RECEIVE = Buffer.from('~rt=r');
const GOOD_ATTACH = Buffer.from('~rt=a~e=0');
const SECRET = Buffer.from(SECRET_CANARY);
/** What touches a device that its own application closes: it has asked for no more. */
export const CLOSED = 'closed by its application';
/** Header of a frame and what stands round the groups of one message. */
const FRAME_OVERHEAD = 64;

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
  readonly #bursts = new Map<string, Burst>();
  readonly #tags: readonly { readonly accountId: number; readonly bytes: Buffer }[];
  /** When each device last heard of a gap. */
  readonly #gaps = new Map<Device, number>();
  sends = 0;
  deliveries = 0;

  constructor(world: World) {
    this.#world = world;
    this.#tags = world.plan.accounts.map(({ id }) => ({ accountId: id, bytes: Buffer.from(`acct${id}.`) }));
  }

  // What applications do and hear.

  send(sender: Device, target: Pick<OutgoingMessage, 'toNetworks' | 'toSessionIds'>, length: number, awaited: boolean): number {
    const list = getOrAdd(this.#sent, sender, () => []);
    const number = list.length;
    const message = { ...target, dataType: 'simulated', data: makePayload(sender.name, number, length) };
    const token = sender.send(message, awaited);
    const sent: Sent = {
      sender,
      number,
      atMs: this.#world.timeline.nowMs,
      message,
      awaited,
      code: undefined,
      expected: this.#listeners(sender, target),
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

  /** The application has taken a message back. */
  cancelled(sender: Device, token: number): void {
    this.#byToken.get(sender)?.delete(token);
  }

  settled(sender: Device, token: number, code: number): void {
    const sent = this.#byToken.get(sender)?.get(token);
    if (sent === undefined) throw new Violation('I8', `${sender.name} was told of a message that it does not await`);
    if (sent.code !== undefined) throw new Violation('I8', `${title(sent)} was settled twice`);
    sent.code = code;
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
    this.#checkSession(receiver, sent, message);
    if (this.#isDuplicate(receiver, sent)) return;
    sent.receivers.add(receiver);
    this.#checkOrder(receiver, sent, message);
  }

  statusChanged(device: Device, change: StatusChange): void {
    const isUntouched = device.touches.size === 0;
    if (change.to === 'connected') {
      if (isUntouched && device.sessionIds.size > 0 && !change.resumed) {
        throw new Violation('I6', `${device.name} lost its session without a cause`);
      }
      device.sessionIds.add(device.session.sessionId);
    } else if (change.from === 'connected' && isUntouched && (change.cause === 'lost' || change.cause === 'gone')) {
      throw new Violation('I6', `${device.name} lost its connection without a cause`);
    }
  }

  /** The client says that messages may be missing: it covers what was sent before. */
  gap(receiver: Device): void {
    if (receiver.touches.size === 0) throw new Violation('I3', `${receiver.name} has a gap without a cause`);
    this.#gaps.set(receiver, this.#world.timeline.nowMs);
    this.#world.note(receiver.name, 'gap', 0);
  }

  // What goes over the wires.

  attached(relay: RelayHost, transport: number): void {
    this.#bursts.set(`${relay.index}:${transport}`, {
      groups: 0,
      receivedBefore: relay.core.counters.messagesReceived,
    });
  }

  written(relay: RelayHost, transport: number, peer: Peer, chunks: readonly Uint8Array[]): void {
    let groups = 0;
    let size = 0;
    for (const chunk of chunks) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      groups += this.#inspect(peer, bytes);
      size += chunk.length;
      if (peer.accountId === undefined && (bytes.includes(RECEIVE) || bytes.includes(GOOD_ATTACH))) {
        throw new Violation('I5', `the stranger ${peer.name} was let in: ${bytes.toString('latin1')}`);
      }
    }
    const { maxWriteSize, maxQueuedMessages } = relay.plan.limits;
    if (groups > 1 && size > maxWriteSize + FRAME_OVERHEAD + 16 * groups) {
      throw new Violation('I4', `${size} bytes in one write, the limit is ${maxWriteSize}`);
    }
    const burst = this.#bursts.get(`${relay.index}:${transport}`);
    if (burst === undefined) return;
    burst.groups += groups;
    const since = relay.core.counters.messagesReceived - burst.receivedBefore;
    if (burst.groups > maxQueuedMessages + since) {
      throw new Violation('I4', `${burst.groups} messages to ${peer.name}, of which ${since} came since its attach; at most ${maxQueuedMessages} may wait`);
    }
  }

  answered(relay: RelayHost, route: ProtocolRoute, peer: Peer, body: Uint8Array): void {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
    const code = /^~e=(\d+)/.exec(bytes.toString('latin1', 0, 8))?.[1];
    if (code === undefined) throw new Violation('P-3', `an answer without a code: ${bytes.toString('latin1', 0, 80)}`);
    this.#world.counts.add(`error code ${code}`);
    if (route === 'login') return;
    const groups = this.#inspect(peer, bytes);
    if (peer.accountId === undefined && (code === '0' || code === '4')) {
      throw new Violation('I5', `the stranger ${peer.name} was let in: ${bytes.toString('latin1')}`);
    }
    const { maxDownloadSize } = relay.plan.limits;
    if (groups > 1 && body.length > maxDownloadSize + FRAME_OVERHEAD) {
      throw new Violation('I4', `a download of ${body.length} bytes, the limit is ${maxDownloadSize}`);
    }
  }

  /** Bounds at every step (I4). */
  checkRelay(relay: RelayHost): void {
    const { limits } = relay.plan;
    const { sessions, queuedBytes, queuedMessages, heldInputBytes } = relay.core.levels;
    if (sessions > limits.maxSessions) throw new Violation('I4', `${sessions} sessions, at most ${limits.maxSessions}`);
    if (queuedBytes > limits.maxQueuedTotal) {
      throw new Violation('I4', `${queuedBytes} bytes wait, at most ${limits.maxQueuedTotal}`);
    }
    if (queuedMessages < 0 || queuedBytes < 0 || (queuedMessages === 0) !== (queuedBytes === 0)) {
      throw new Violation('I4', `${queuedMessages} messages of ${queuedBytes} bytes wait`);
    }
    if (heldInputBytes > limits.maxHeldInput) {
      throw new Violation('I4', `${heldInputBytes} bytes of input are held, at most ${limits.maxHeldInput}`);
    }
  }

  // What has to hold in the end.

  /** Awaited messages that have no outcome yet. */
  get unsettled(): number {
    let count = 0;
    for (const tokens of this.#byToken.values()) for (const { code } of tokens.values()) if (code === undefined) count += 1;
    return count;
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
        if (!probe.receivers.has(listener) && devices.includes(listener)) {
          throw new Violation('I6', `${title(probe)}, after the heal, did not reach ${listener.name}`);
        }
      }
    }
  }

  /** What was taken without an error is there, or there is a reason why not (I3). */
  checkLosses(): void {
    for (const [sender, list] of this.#sent) {
      if (sender.level === 'p1' && sender.touches.size > 0) continue;
      for (const sent of list) if (sent.awaited && sent.code === 0) this.#checkArrived(sent);
    }
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
    return receiver.touches.has(CLOSED) || (this.#gaps.get(receiver) ?? -Infinity) >= sent.atMs;
  }

  #listeners(sender: Device, { toNetworks, toSessionIds }: Pick<OutgoingMessage, 'toNetworks' | 'toSessionIds'>): Device[] {
    const isDefault = toNetworks.length === 0 && toSessionIds.length === 0;
    const networks = isDefault ? sender.session.settings.networkNames : toNetworks;
    return this.#world.devices.filter((device) => {
      if (!this.#areNeighbours(sender, device) || device.sessionIds.size === 0) return false;
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
  #checkSession(receiver: Device, sent: Sent, { from }: IncomingMessage): void {
    sent.from ??= from;
    if (receiver.level === 'x1' || sent.from === from) return;
    throw new Violation('I1', `${title(sent)} was taken from two sessions, ${sent.from} and ${from}`);
  }

  /** Protocol 1 has no defence against a box on the way that repeats an old upload (P-107). */
  #isDuplicate(receiver: Device, sent: Sent): boolean {
    if (!sent.receivers.has(receiver)) return false;
    if (receiver.level === 'p1' && sent.sender.touches.has('copies')) return true;
    throw new Violation('I1', `${receiver.name} got ${title(sent)} twice`);
  }

  #checkOrder(receiver: Device, sent: Sent, { from }: IncomingMessage): void {
    const last = getOrAdd(this.#order, receiver, () => new Map<string, number>());
    const key = receiver.level === 'p1' ? from : sent.sender.name;
    const before = last.get(key) ?? -1;
    if (sent.number < before) {
      if (receiver.level === 'p1' && sent.sender.touches.has('copies')) return;
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

  /** Looks for what must not be there; gives the number of messages. */
  #inspect(peer: Peer, bytes: Buffer): number {
    if (bytes.includes(SECRET)) throw new Violation('I10', `a secret went to ${peer.name}: ${bytes.toString('latin1')}`);
    for (const tag of this.#tags) {
      if (tag.accountId !== peer.accountId && bytes.includes(tag.bytes)) {
        throw new Violation('I5', `bytes of account ${tag.accountId} went to ${peer.name}: ${bytes.toString('latin1')}`);
      }
    }
    let groups = 0;
    for (let at = bytes.indexOf(GROUP); at >= 0; at = bytes.indexOf(GROUP, at + GROUP.length)) groups += 1;
    return groups;
  }
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
