import { resolveLimit } from './limits';
import { levelled } from './logger';
import type { LevelledLog, Logger, LogLevel } from './logger';
import type { ThrottleOptions } from './throttled-stream';

/** How a `FrameSocket` reads, answers and waits. @public */
export interface FrameSocketOptions {
  /**
   * How long reading may wait with no byte coming, or writing with none taken. Unit: milliseconds; 0 for no limit.
   * Every byte begins the time anew.
   *
   * @defaultValue 30000
   */
  idleTimeoutMs?: number;
  /** Bytes of payload in one received frame; a longer one fails the connection with 1009. @defaultValue 16777216 */
  maxFrameSize?: number;
  /** Bytes of one message that `messages()` joins; more fail the connection with 1009. @defaultValue 67108864 */
  maxBuffered?: number;
  /** Frames of one message that `messages()` joins; more fail the connection with 1009. @defaultValue 16384 */
  maxFragments?: number;
  /** Whether received text must be valid UTF-8. @defaultValue true */
  validateUtf8?: boolean;
  /** Whether a received length in more bytes than it needs is a fault. @defaultValue true */
  strictLength?: boolean;
  /** Whether `sendClose` and `close` take every code from 0 to 16383. @defaultValue false */
  unsafeCloseCode?: boolean;
  /** Whether Pings are answered, and then not delivered. @defaultValue true */
  autoPong?: boolean;
  /** Whether the peer's Close is answered with its code and the connection ended. @defaultValue true */
  autoClose?: boolean;
  /** Whether Pongs are delivered; otherwise they are passed over. @defaultValue false */
  deliverPongs?: boolean;
  /**
   * When control frames take effect: as soon as they come, as far as at most 64 frames or 1 MiB are read ahead, or only
   * within a read.
   *
   * @defaultValue 'eager'
   */
  controlFrames?: 'eager' | 'onRead';
  /** How long `close` waits for the peer's Close. Unit: milliseconds. @defaultValue 10000 */
  closeTimeoutMs?: number;
  /** How fast bytes may go, from the end of the opening handshake on. @defaultValue no limit */
  throttle?: ThrottleOptions;
  /** Called with the payload of each Pong as soon as it comes, delivered or not. */
  onPong?: (payload: Uint8Array) => void;
  /** What is told of the connection: never payloads, headers or credentials. Its functions must not throw. */
  logger?: Logger;
  /**
   * What `logger` is not bothered with: `debug` tells of each frame, `info` of the beginning and the end, `warn` of
   * what failed.
   *
   * @defaultValue 'info'
   */
  logLevel?: LogLevel;
}

/** The options with their defaults filled in. @internal */
export type SocketSettings = Required<Omit<FrameSocketOptions, 'logger' | 'logLevel' | 'onPong' | 'throttle'>> &
  Pick<FrameSocketOptions, 'onPong'> & {
    readonly throttle: Required<ThrottleOptions>;
    readonly log: LevelledLog;
  };

/** The longest time a timer can be set to. */
const MAX_TIME_MS = 2_147_483_647;

const DEFAULTS = {
  idleTimeoutMs: 30_000,
  maxFrameSize: 16_777_216,
  maxBuffered: 67_108_864,
  maxFragments: 16_384,
  validateUtf8: true,
  strictLength: true,
  unsafeCloseCode: false,
  autoPong: true,
  autoClose: true,
  deliverPongs: false,
  controlFrames: 'eager',
  closeTimeoutMs: 10_000,
} as const;

/**
 * Fills in the defaults; other members of `options` are passed over.
 *
 * @throws RangeError for a time, limit or rate that is none; TypeError for another value of `controlFrames` or
 *   `logLevel`.
 * @internal
 */
export function resolveSocketOptions(options: FrameSocketOptions): SocketSettings {
  const { controlFrames = DEFAULTS.controlFrames } = options;
  if (controlFrames !== 'eager' && controlFrames !== 'onRead') {
    throw new TypeError(`controlFrames is ${String(controlFrames)}; use eager or onRead.`);
  }
  return {
    idleTimeoutMs: checkTime('idleTimeoutMs', options.idleTimeoutMs ?? DEFAULTS.idleTimeoutMs),
    maxFrameSize: resolveLimit('maxFrameSize', options.maxFrameSize ?? DEFAULTS.maxFrameSize),
    maxBuffered: resolveLimit('maxBuffered', options.maxBuffered ?? DEFAULTS.maxBuffered),
    maxFragments: resolveLimit('maxFragments', options.maxFragments ?? DEFAULTS.maxFragments),
    validateUtf8: options.validateUtf8 ?? DEFAULTS.validateUtf8,
    strictLength: options.strictLength ?? DEFAULTS.strictLength,
    unsafeCloseCode: options.unsafeCloseCode ?? DEFAULTS.unsafeCloseCode,
    autoPong: options.autoPong ?? DEFAULTS.autoPong,
    autoClose: options.autoClose ?? DEFAULTS.autoClose,
    deliverPongs: options.deliverPongs ?? DEFAULTS.deliverPongs,
    controlFrames,
    closeTimeoutMs: checkTime('closeTimeoutMs', options.closeTimeoutMs ?? DEFAULTS.closeTimeoutMs),
    throttle: resolveThrottle(options.throttle ?? {}),
    log: levelled(options.logger, options.logLevel ?? 'info'),
    ...(options.onPong === undefined ? {} : { onPong: options.onPong }),
  };
}

/** @throws RangeError for a rate that is none. @internal */
export function resolveThrottle(options: ThrottleOptions): Required<ThrottleOptions> {
  const { upBytesPerSecond = 0, downBytesPerSecond = 0 } = options;
  for (const [name, rate] of Object.entries({ upBytesPerSecond, downBytesPerSecond })) {
    if (Number.isFinite(rate) && (rate === 0 || rate >= 1)) continue;
    throw new RangeError(`${name} is ${String(rate)}; give bytes per second from 1 on, or 0 for no limit.`);
  }
  return { upBytesPerSecond, downBytesPerSecond };
}

/** @throws RangeError for what is no number of milliseconds that a timer can be set to. @internal */
export function checkTime(name: string, ms: number): number {
  const fault = findTimeFault(name, ms);
  if (fault !== undefined) throw fault;
  return ms;
}

/** What {@link checkTime} throws, if anything. @internal */
export function findTimeFault(name: string, ms: number): RangeError | undefined {
  if (typeof ms === 'number' && ms >= 0 && ms <= MAX_TIME_MS) return undefined;
  return new RangeError(`${name} is ${String(ms)}; give milliseconds from 0 to ${MAX_TIME_MS}.`);
}
