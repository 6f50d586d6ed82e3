import { ErrorCode } from '../../src/core/errors';
import type { ProtocolRoute } from '../../src/relay/events';
import type { Peer } from './peer';
import { SECRET_CANARY } from './plan';
import { Violation } from './record';
import type { RelayHost } from './relay-host';
import type { World } from './world';

/** What was written to one WebSocket since its session was bound to it. */
interface Burst {
  groups: number;
  readonly receivedBefore: number;
}

const GROUP = Buffer.from('~f=');
const FRAME = Buffer.from('~rt=');
const RECEIVE = Buffer.from('~rt=r');
const GOOD_ATTACH = Buffer.from('~rt=a~e=0');
const TOKEN = Buffer.from('~xr=');
const DEVICE_ID = Buffer.from('~id=');
const REFUSALS = ['~e=32~x', '~e=16~xh='].map((text) => Buffer.from(text));
const OUT_OF_TURN = Buffer.from('~rt=s~e=27');
const SECRET = Buffer.from(SECRET_CANARY);
/** What only a client that has offered the extension may see. */
const EXTENSION = ['~x=', '~xf=', '~xr=', '~xq=', '~xh=', '~xo=', '~xn=', '~xg=', '~rt=g', '~rt=d'].map((text) => Buffer.from(text));
/** Header of a frame and what stands round the groups of one message. */
const FRAME_OVERHEAD = 64;
/** The same for each further message in it, and for each group. */
const ITEM_OVERHEAD = 48;
const GROUP_OVERHEAD = 16;
const TOKEN_OVERHEAD = 256;
const RECEIPT_SIZE = 48;

/** Holds what goes over the wires to the rules, whatever applications hear. */
export class WireChecker {
  readonly #bursts = new Map<string, Burst>();
  readonly #tags: readonly { readonly accountId: number; readonly bytes: Buffer }[];
  /** Who was given each resume token. */
  readonly #tokens = new Map<string, string>();

  constructor(private readonly world: World) {
    this.#tags = world.plan.accounts.map(({ id }) => ({ accountId: id, bytes: Buffer.from(`acct${id}.`) }));
  }

  attached(relay: RelayHost, transport: number): void {
    // A durable relay says it late: nobody knows what came since.
    if (relay.plan.compactFrom !== undefined) return;
    this.#bursts.set(`${relay.index}:${transport}`, {
      groups: 0,
      receivedBefore: relay.core.counters.messagesReceived,
    });
  }

  written(relay: RelayHost, transport: number, peer: Peer, chunks: readonly Uint8Array[]): void {
    const bytes = Buffer.concat(chunks);
    const groups = this.#inspect(peer, bytes);
    if (peer.accountId === undefined && (bytes.includes(RECEIVE) || bytes.includes(GOOD_ATTACH))) {
      throw new Violation('I5', `the stranger ${peer.name} was let in: ${bytes.toString('latin1')}`);
    }
    if (bytes.includes(OUT_OF_TURN)) this.world.counts.add('error code 27');
    const { maxWriteSize, maxQueuedMessages } = relay.plan.limits;
    if (groups > 1 && bytes.length > maxWriteSize + overheadOf(bytes, groups)) {
      throw new Violation('I4', `${bytes.length} bytes in one write, the limit is ${maxWriteSize}`);
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
    this.world.counts.add(`error code ${code}`);
    this.#checkExtension(peer, bytes);
    if (peer.level === 'p1' && Number(code) >= ErrorCode.QUEUE_FULL) {
      throw new Violation('X-4', `${peer.name}, which has no extension, got ${code}`);
    }
    if (route === 'login') return;
    const groups = this.#inspect(peer, bytes);
    if (peer.accountId === undefined && (code === '0' || code === '4')) {
      throw new Violation('I5', `the stranger ${peer.name} was let in: ${bytes.toString('latin1')}`);
    }
    const { maxDownloadSize, maxQueuedMessages } = relay.plan.limits;
    if (groups > maxQueuedMessages) {
      throw new Violation('I4', `${groups} messages waited for ${peer.name}, at most ${maxQueuedMessages} may`);
    }
    if (groups > 1 && body.length > maxDownloadSize + overheadOf(bytes, groups)) {
      throw new Violation('I4', `a download of ${body.length} bytes, the limit is ${maxDownloadSize}`);
    }
  }

  /** Bounds at every step (I4). */
  checkRelay(relay: RelayHost): void {
    const { limits } = relay.plan;
    const { sessions, queuedBytes, queuedMessages, heldInputBytes } = relay.core.levels;
    if (sessions > limits.maxSessions) throw new Violation('I4', `${sessions} sessions, at most ${limits.maxSessions}`);
    // A receipt always has a place in the ring of its session.
    if (queuedBytes > limits.maxQueuedTotal + sessions * RECEIPT_SIZE) {
      throw new Violation('I4', `${queuedBytes} bytes wait, at most ${limits.maxQueuedTotal}`);
    }
    if (queuedMessages < 0 || queuedBytes < 0 || (queuedMessages === 0) !== (queuedBytes === 0)) {
      throw new Violation('I4', `${queuedMessages} messages of ${queuedBytes} bytes wait`);
    }
    // Each session, and each network for those of its members that read well, has a queue of its own.
    const queues = sessions + this.world.plan.accounts.length * (sessions + 1);
    if (queuedMessages > queues * limits.maxQueuedMessages) {
      throw new Violation('I4', `${queuedMessages} messages wait in ${queues} queues of ${limits.maxQueuedMessages}`);
    }
    if (heldInputBytes > limits.maxHeldInput) {
      throw new Violation('I4', `${heldInputBytes} bytes of input are held, at most ${limits.maxHeldInput}`);
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
    this.#checkExtension(peer, bytes);
    return count(bytes, GROUP);
  }

  #checkExtension(peer: Peer, bytes: Buffer): void {
    if (peer.level === 'x1') return this.#checkToken(peer, bytes);
    const found = EXTENSION.find((field) => bytes.includes(field));
    // Who shows the extension is refused in its words.
    const isRefusal = peer.level === undefined && REFUSALS.some((refusal) => bytes.includes(refusal));
    if (found !== undefined && !isRefusal) {
      throw new Violation('X-4', `${peer.name}, which has no extension, got ${bytes.toString('latin1', 0, 200)}`);
    }
  }

  /** A token goes to one device and to nobody else. */
  #checkToken(peer: Peer, bytes: Buffer): void {
    const at = bytes.indexOf(TOKEN);
    if (at < 0) return;
    const token = fieldAt(bytes, at + TOKEN.length);
    const id = bytes.indexOf(DEVICE_ID);
    const owner = this.#tokens.get(token) ?? peer.name;
    if (owner !== peer.name) throw new Violation('I10', `the token of ${owner} went to ${peer.name}`);
    this.#tokens.set(token, owner);
    peer.tookToken?.(token, id < 0 ? undefined : fieldAt(bytes, id + DEVICE_ID.length));
  }
}

function fieldAt(bytes: Buffer, start: number): string {
  const end = bytes.indexOf('~', start);
  return bytes.toString('latin1', start, end < 0 ? bytes.length : end);
}

function overheadOf(bytes: Buffer, groups: number): number {
  const items = count(bytes, FRAME) * ITEM_OVERHEAD + groups * GROUP_OVERHEAD;
  return FRAME_OVERHEAD + items + (bytes.includes(TOKEN) ? TOKEN_OVERHEAD : 0);
}

function count(bytes: Buffer, part: Buffer): number {
  let found = 0;
  for (let at = bytes.indexOf(part); at >= 0; at = bytes.indexOf(part, at + part.length)) found += 1;
  return found;
}
