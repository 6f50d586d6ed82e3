/**
 * Close codes that the relay sends, beside those of the frame codec itself.
 *
 * @public
 */
export const CloseCode = {
  /** The session ended or moved to another transport, or the device id was refused. */
  NORMAL: 1000,
  /** Nothing was received within the idle limit. */
  GOING_AWAY: 1001,
  /** No valid device id within the auth deadline. */
  POLICY: 1008,
  /** A message above the size limit, or too much before authentication. */
  TOO_LARGE: 1009,
  /** The relay shuts down; the reason is the time, in seconds, over which clients should spread their return. */
  RESTART: 1012,
  /** All input together is above its limit. */
  TRY_LATER: 1013,
  /** Another transport of the same session has taken its place. */
  REPLACED: 4001,
  /** The client does not read fast enough; its session stays, with its queue. */
  SLOW_CONSUMER: 4008,
} as const;
