/**
 * Sizes, counts and times of a relay. Sizes are in bytes, times that end in `Ms` in milliseconds, download timeouts in
 * seconds, as on the wire.
 *
 * @public
 */
export interface RelayLimits {
  /** From the upgrade to a valid auth message; below 10 s some clients fail (P-12). @defaultValue 15000 */
  authDeadlineMs: number;
  /** Longest silence of an attached WebSocket; clients are silent for 31 s (P-61). @defaultValue 90000 */
  idleLimitMs: number;
  /** Life of a session after its socket was lost, or between two downloads (P-65). @defaultValue 120000 */
  sessionGraceMs: number;
  /** Life of a session that was never used (P-50). @defaultValue 60000 */
  unusedSessionMs: number;
  /** Life of a session after a restart was asked for with `~c=c`. @defaultValue 15000 */
  restartGraceMs: number;
  /** How long the client may take to close after `~c=c`, before the relay does. @defaultValue 10000 */
  restartCloseMs: number;
  /**
   * From an answer 12 to the close of the socket (P-6). Some clients look at answers every 100 ms, and would take a
   * close that comes before for the loss of the socket.
   *
   * @defaultValue 250
   */
  refusedCloseMs: number;
  /** How long a close handshake may take. @defaultValue 5000 */
  closeTimeoutMs: number;
  /** How long a socket may take none of the bytes that wait for it, before close 4008. @defaultValue 30000 */
  stalledWriteMs: number;
  /** Hold time of a download that asks for none. Clients rely on 120 (P-67). Seconds. @defaultValue 120 */
  defaultDownloadTimeout: number;
  /** Shortest hold time; a lower wish is raised (P-67). Seconds. @defaultValue 10 */
  minDownloadTimeout: number;
  /** Longest hold time; a higher wish is lowered (P-67). Seconds. @defaultValue 1800 */
  maxDownloadTimeout: number;
  /** How long a cancel that met no download counts for the next one (P-75). @defaultValue 1000 */
  stickyCancelMs: number;
  /** How long the error answer to a broken download is held back (P-13). @defaultValue 5000 */
  heldErrorMs: number;
  /** One WebSocket frame or message, or one HTTP body; at most 64 MiB. @defaultValue 1048576 */
  maxTransmissionSize: number;
  /** An HTTP body above `maxTransmissionSize` is read up to here, to be answered with 2. @defaultValue 16777216 */
  maxDiscardedSize: number;
  /** The data of one message, without its escapes; above it code 2. @defaultValue 262144 */
  maxDataSize: number;
  /** What may be sent before a valid device id is shown. @defaultValue 8192 */
  maxAnonymousSize: number;
  /** Frames of one WebSocket message. @defaultValue 64 */
  maxFragments: number;
  /** All unfinished messages and bodies together. @defaultValue 268435456 */
  maxHeldInput: number;
  /** Networks that one session listens to. @defaultValue 1000 */
  maxNetworks: number;
  /** Characters of a network name. @defaultValue 256 */
  maxNetworkNameLength: number;
  /** Messages that wait for one session. One more is not taken, and its sender gets 2. @defaultValue 16384 */
  maxQueuedMessages: number;
  /** Bytes that wait for one session. What does not fit is not taken, and its sender gets 2. @defaultValue 8388608 */
  maxQueuedBytes: number;
  /**
   * Bytes in all out-queues together, what they share counted once. Above it nothing more is taken; from 80 % on,
   * detached sessions with a queue end, and from 95 % on, logins get 20.
   *
   * @defaultValue 536870912
   */
  maxQueuedTotal: number;
  /** Written to one socket per event-loop turn; the rest follows in the next. @defaultValue 262144 */
  maxWriteSize: number;
  /** One download's answer; the rest waits for the next. @defaultValue 1048576 */
  maxDownloadSize: number;
  /** Repetitions of one upload that get the stored answer; those after it get 1 (P-107). @defaultValue 5 */
  maxUploadRepeats: number;
  /** Sessions of the relay; above it logins get 20. @defaultValue 50000 */
  maxSessions: number;
  /** Sessions of one account; above it logins get 20. @defaultValue 20000 */
  maxSessionsPerAccount: number;
}

const MEBIBYTE = 1_048_576;
const DAY = 86_400_000;

/** Default, least and greatest value. */
export type Range = readonly [fallback: number, least: number, greatest: number];

const RANGES: Readonly<Record<keyof RelayLimits, Range>> = {
  authDeadlineMs: [15_000, 1, DAY],
  idleLimitMs: [90_000, 1, DAY],
  sessionGraceMs: [120_000, 1, DAY],
  unusedSessionMs: [60_000, 1, DAY],
  restartGraceMs: [15_000, 1, DAY],
  restartCloseMs: [10_000, 1, DAY],
  refusedCloseMs: [250, 0, DAY],
  closeTimeoutMs: [5_000, 1, DAY],
  stalledWriteMs: [30_000, 1, DAY],
  defaultDownloadTimeout: [120, 0, 1_800],
  minDownloadTimeout: [10, 0, 1_800],
  maxDownloadTimeout: [1_800, 0, 1_800],
  stickyCancelMs: [1_000, 0, DAY],
  heldErrorMs: [5_000, 0, DAY],
  maxTransmissionSize: [MEBIBYTE, 1_024, 64 * MEBIBYTE],
  maxDiscardedSize: [16 * MEBIBYTE, 0, 1_024 * MEBIBYTE],
  maxDataSize: [262_144, 1, 64 * MEBIBYTE],
  maxAnonymousSize: [8_192, 512, MEBIBYTE],
  maxFragments: [64, 1, 1_000_000],
  maxHeldInput: [256 * MEBIBYTE, MEBIBYTE, Number.MAX_SAFE_INTEGER],
  maxNetworks: [1_000, 1, 1_000_000],
  maxNetworkNameLength: [256, 1, 65_536],
  maxQueuedMessages: [16_384, 1, 10_000_000],
  maxQueuedBytes: [8 * MEBIBYTE, 1_024, 1_024 * MEBIBYTE],
  maxQueuedTotal: [512 * MEBIBYTE, MEBIBYTE, Number.MAX_SAFE_INTEGER],
  maxWriteSize: [262_144, 1_024, 64 * MEBIBYTE],
  maxDownloadSize: [MEBIBYTE, 1_024, 64 * MEBIBYTE],
  maxUploadRepeats: [5, 0, 1_000_000],
  maxSessions: [50_000, 1, 10_000_000],
  maxSessionsPerAccount: [20_000, 1, 10_000_000],
};

/**
 * Fills in the defaults. An option that is `undefined` gets its default, never "no limit".
 *
 * @throws RangeError when a value is not in its range or not whole, or the shortest download timeout is above the
 *   longest.
 */
export function resolveLimits(given: Partial<RelayLimits> = {}): RelayLimits {
  const limits = resolveRanges(RANGES, given);
  const { minDownloadTimeout, maxDownloadTimeout } = limits;
  if (minDownloadTimeout > maxDownloadTimeout) {
    throw new RangeError(
      `minDownloadTimeout is ${minDownloadTimeout}, above maxDownloadTimeout ${maxDownloadTimeout}; lower one.`,
    );
  }
  return limits;
}

/** Reads numbers with defaults and ranges from options: whole ones, but for times in seconds. */
export function resolveRanges<K extends string>(
  ranges: Readonly<Record<K, Range>>,
  given: Partial<Record<K, number>>,
): Record<K, number> {
  const resolved = {} as Record<K, number>;
  for (const name of Object.keys(ranges) as K[]) {
    const [fallback, least, greatest] = ranges[name];
    const value: unknown = given[name] ?? fallback;
    const isFraction = name.endsWith('Timeout');
    if (
      typeof value !== 'number' ||
      !(value >= least && value <= greatest) ||
      !(isFraction || Number.isInteger(value))
    ) {
      const kind = isFraction ? 'number' : 'whole number';
      throw new RangeError(`${name} is ${String(value)}; give a ${kind} from ${least} to ${greatest}.`);
    }
    resolved[name] = value;
  }
  return resolved;
}
