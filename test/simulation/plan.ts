import { resolveLimits, type RelayLimits } from '../../src/relay/limits';
import { Dice } from './dice';
import { NEMESES } from './nemeses';
import type { Path } from './pipe';

/** Stands in every password and in the secret of every device id: nobody else may ever see it (I10). */
export const SECRET_CANARY = 'Canary';
/** Begins every resume token, which only its own device may see (I10, X-68). */
export const TOKEN_CANARY = 'Token';

/** Every account uses the same names, so that a leak between accounts would show. */
export const NETWORK_NAMES = ['n1', 'n2', 'n~3'] as const;
/** No account with rules of its own allows it. */
export const FORBIDDEN_NETWORK = 'forbidden';

export interface AccountPlan {
  readonly id: number;
  readonly connectName: string;
  readonly password: string;
  readonly networks: ReadonlySet<string> | undefined;
}

export interface DevicePlan {
  readonly index: number;
  readonly account: AccountPlan;
  readonly relay: number;
  readonly networkNames: readonly string[];
  /** Whether the client offers the extension. */
  readonly hasExtension: boolean;
  /** Messages that its client lets wait. */
  readonly maxQueuedMessages: number;
  readonly useWebSocket: boolean;
  readonly downloadTimeout: number;
  readonly path: Readonly<Path>;
  readonly startMs: number;
  /** Mean time between two sends. */
  readonly sendEveryMs: number;
  /** Mean time between two changes of settings; Infinity for none. */
  readonly changeEveryMs: number;
  /** Monotonic clocks do not begin together. */
  readonly clockOffsetMs: number;
  readonly dice: Dice;
}

/** A fault that will be tried at this time, with chances of its own. */
export interface PlannedFault {
  readonly index: number;
  readonly atMs: number;
  readonly nemesis: string;
  readonly dice: Dice;
}

/** What a relay does with the extension: one without it passes over the offer, or takes it for a fault. */
export type ExtensionPolicy = 'grants' | 'ignores' | 'refuses';

export interface RelayPlan {
  readonly extension: ExtensionPolicy;
  /** Messages that a client may have without acknowledgement; undefined for what the relay says. */
  readonly window: number | undefined;
  /** Size from which a durable relay writes its journal anew; undefined for one that is not durable. */
  readonly compactFrom: number | undefined;
  readonly limits: RelayLimits;
  /** Bytes that wait in a socket when it counts as full. */
  readonly socketBuffer: number;
  readonly passwordCheckMs: number;
  readonly dice: Dice;
}

export interface Plan {
  readonly seed: number;
  readonly faultMs: number;
  readonly relays: readonly RelayPlan[];
  readonly accounts: readonly AccountPlan[];
  readonly devices: readonly DevicePlan[];
  readonly faults: readonly PlannedFault[];
}

const enum Stream {
  topology,
  faults,
  relays,
  devices,
}

export function makePlan(seed: number): Plan {
  const root = new Dice(seed);
  const dice = root.fork(Stream.topology);
  const faultMs = dice.between(15_000, 50_000);
  const accounts = Array.from({ length: dice.whole(1, 3) }, (_, index) => makeAccount(index, dice));
  const relayDice = root.fork(Stream.relays);
  const relays = Array.from({ length: dice.chance(0.3) ? 2 : 1 }, (_, index) => makeRelay(dice, relayDice.fork(index)));
  const deviceDice = root.fork(Stream.devices);
  const busy = dice.between(300, 3_000);
  const webSockets = dice.next();
  const extensions = dice.pick([1, 1, 0.8, 0.3]);
  const makeDevice = (index: number): DevicePlan => {
    const path = makePath(dice);
    return {
      index,
      account: dice.pick(accounts),
      relay: dice.below(relays.length),
      networkNames: makeNetworks(dice),
      hasExtension: dice.chance(extensions),
      maxQueuedMessages: dice.chance(0.15) ? dice.whole(3, 40) : 10_000,
      useWebSocket: dice.chance(webSockets),
      downloadTimeout: dice.chance(0.3) ? dice.whole(10, 30) : 120,
      path,
      startMs: dice.between(0, 2_000),
      // Protocol 1 sends one batch per round trip, so who is far away must not have too much to say.
      sendEveryMs: Math.max(busy * dice.between(0.5, 4), 15 * path.latencyMs),
      changeEveryMs: dice.chance(0.3) ? dice.between(2_000, 20_000) : Infinity,
      clockOffsetMs: dice.between(0, 1e6),
      dice: deviceDice.fork(index),
    };
  };
  const devices = Array.from({ length: dice.whole(3, dice.whole(3, 12)) }, (_, index) => makeDevice(index));
  return { seed, faultMs, relays, accounts, devices, faults: makeFaults(root.fork(Stream.faults), faultMs) };
}

function makeAccount(index: number, dice: Dice): AccountPlan {
  const isRestricted = dice.chance(0.3);
  return {
    id: index + 1,
    connectName: `account${index + 1}`,
    password: `${SECRET_CANARY}~${index + 1}\0`,
    networks: isRestricted ? new Set(NETWORK_NAMES) : undefined,
  };
}

function makeNetworks(dice: Dice): string[] {
  const names: string[] = dice.some(NETWORK_NAMES, 0.6);
  if (dice.chance(0.05)) names.push(FORBIDDEN_NETWORK);
  return names.length > 0 || dice.chance(0.1) ? names : [NETWORK_NAMES[0]];
}

function makePath(dice: Dice): Path {
  return {
    latencyMs: dice.between(1, dice.chance(0.2) ? 250 : 80),
    jitterMs: dice.between(0, 40),
    bytesPerMs: dice.chance(0.2) ? dice.between(60, 600) : 10_000,
  };
}

/** Calm runs have none; the others from one to many. */
function makeFaults(dice: Dice, faultMs: number): PlannedFault[] {
  const count = dice.chance(0.1) ? 0 : Math.ceil((dice.next() * faultMs) / dice.between(800, 8_000));
  const weights = NEMESES.flatMap(({ name, weight }) => Array.from({ length: weight }, () => name));
  // A run tries some of the nemeses only, so that each is also seen without the others.
  const allowed = new Set(dice.some(NEMESES, dice.between(0.1, 1)).map(({ name }) => name));
  const names = weights.filter((name) => allowed.has(name));
  if (names.length === 0) return [];
  return Array.from({ length: count }, (_, index) => ({
    index,
    atMs: dice.between(500, faultMs),
    nemesis: dice.pick(names),
    dice: dice.fork(index),
  }));
}

function makeRelay(dice: Dice, own: Dice): RelayPlan {
  const profile = dice.pick(LIMIT_PROFILES)(dice);
  return {
    extension: dice.chance(0.85) ? 'grants' : dice.pick(['ignores', 'refuses']),
    window: dice.chance(0.2) ? dice.whole(1, 12) : undefined,
    compactFrom: own.chance(0.4) ? own.whole(2_000, 100_000) : undefined,
    limits: { ...resolveLimits(), ...profile },
    socketBuffer: dice.chance(0.5) ? 131_072 : dice.whole(1_000, 20_000),
    passwordCheckMs: dice.pick([1, 20, 300, 2_000]),
    dice: own,
  };
}

/** Limits of the relay: the usual ones, or one kind of them so low that it is met. */
const LIMIT_PROFILES: readonly ((dice: Dice) => Partial<RelayLimits>)[] = [
  () => ({}),
  () => ({}),
  (dice) => ({ maxQueuedMessages: dice.whole(2, 40) }),
  (dice) => ({ maxQueuedBytes: dice.whole(1_024, 8_192), maxWriteSize: 1_024, maxDownloadSize: dice.whole(1_024, 4_096) }),
  (dice) => ({ maxQueuedTotal: dice.whole(2_000, 20_000) }),
  (dice) => ({ maxDataSize: dice.whole(100, 2_000), maxUploadRepeats: dice.whole(0, 2) }),
  (dice) => ({ maxTransmissionSize: dice.whole(2_000, 8_000), maxHeldInput: dice.whole(500, 4_000), maxAnonymousSize: 512 }),
  (dice) => ({ maxSessions: dice.whole(2, 8), unusedSessionMs: dice.whole(2_000, 10_000) }),
  (dice) => ({
    sessionGraceMs: dice.whole(5_000, 20_000),
    unusedSessionMs: dice.whole(5_000, 20_000),
    authDeadlineMs: dice.whole(1_500, 6_000),
    // Above what the client's keep-alive needs.
    idleLimitMs: dice.whole(45_000, 50_000),
    stalledWriteMs: dice.whole(2_000, 10_000),
  }),
];
