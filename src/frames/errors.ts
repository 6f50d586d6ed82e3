/**
 * A fault found in what the peer sent. The connection is failed with it; nothing can be read after it.
 *
 * @remarks Wrong arguments of our own caller are `TypeError` or `RangeError`, never this.
 * @see RFC 6455, section 7.1.7.
 * @public
 */
export class FrameError extends Error {
  override readonly name = 'FrameError';

  /**
   * @param closeCode - What the Close to the peer says: 1002 protocol error, 1007 invalid UTF-8 or damaged compressed
   *   data, 1008 too many pieces, 1009 too large.
   * @param message - What was wrong, with the values received and expected.
   */
  constructor(
    readonly closeCode: 1002 | 1007 | 1008 | 1009,
    message: string,
  ) {
    super(message);
  }
}

/** A broken rule of the protocol: 1002. @internal */
export function protocolError(message: string): FrameError {
  return new FrameError(1002, message);
}

/** Bytes that are not what the message says they are, such as no UTF-8 in a text: 1007. @internal */
export function invalidData(message: string): FrameError {
  return new FrameError(1007, message);
}

/** More pieces than allowed: 1008. @internal */
export function tooMany(message: string): FrameError {
  return new FrameError(1008, message);
}

/** More bytes than allowed: 1009. @internal */
export function tooLarge(message: string): FrameError {
  return new FrameError(1009, message);
}
