/**
 * How much one connection may make us hold. Each value is a positive integer or `Infinity`.
 *
 * @see RFC 6455, section 10.4.
 * @public
 */
export interface FrameLimits {
  /**
   * Bytes of payload in one frame. A header that declares more fails the connection with 1009 at once, before any
   * payload; nothing is ever allocated from a declared length.
   *
   * @defaultValue 1048576
   */
  maxFrameSize: number;
  /**
   * Bytes of payload in all frames of one message: 1009. Counts when frames are delivered singly, too.
   *
   * @defaultValue 1048576
   */
  maxMessageSize: number;
  /**
   * Frames of one message, empty ones included: 1008.
   *
   * @defaultValue 64
   */
  maxFragments: number;
  /**
   * Received chunks that wait because the owner does not poll: 1008 once those that fit have been read. The chunks
   * that an unfinished message is spread over do not count: they are joined as they come.
   *
   * @defaultValue 1024
   */
  maxBufferedChunks: number;
  /**
   * Pings answered one by one between two moments at which everything received has been read. Of those beyond, only
   * the last is answered, as RFC 6455, section 5.5.3 allows; the connection is not failed.
   *
   * @defaultValue 60
   */
  maxQueuedPings: number;
}

const DEFAULT_LIMITS: Readonly<FrameLimits> = {
  maxFrameSize: 1_048_576,
  maxMessageSize: 1_048_576,
  maxFragments: 64,
  maxBufferedChunks: 1_024,
  maxQueuedPings: 60,
};

/**
 * Fills in the defaults. An option that is absent or `undefined` gets its default, never "no limit".
 *
 * @throws RangeError for a value that is neither a positive integer nor `Infinity`.
 * @internal
 */
export function resolveLimits(limits: Partial<FrameLimits> = {}): FrameLimits {
  const resolve = (name: keyof FrameLimits): number =>
    resolveLimit(name, limits[name] ?? DEFAULT_LIMITS[name]);
  return {
    maxFrameSize: resolve('maxFrameSize'),
    maxMessageSize: resolve('maxMessageSize'),
    maxFragments: resolve('maxFragments'),
    maxBufferedChunks: resolve('maxBufferedChunks'),
    maxQueuedPings: resolve('maxQueuedPings'),
  };
}

/** @throws RangeError for a value that is neither a positive integer nor `Infinity`. @internal */
export function resolveLimit(name: string, value: unknown): number {
  if (value === Infinity || (typeof value === 'number' && Number.isSafeInteger(value) && value > 0)) {
    return value;
  }
  throw new RangeError(`${name} is ${String(value)}; give a positive integer or Infinity.`);
}
