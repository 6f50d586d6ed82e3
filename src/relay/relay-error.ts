/**
 * A relay cannot start as it was told to.
 *
 * @public
 */
export class RelayError extends Error {
  /**
   * Stable name of the problem: `NO_ACCOUNTS`, `LOOPBACK_ONLY`, `WRONG_STATE`, `JOURNAL`, or the code of the system when it cannot
   * listen, such as `EADDRINUSE`.
   */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RelayError';
    this.code = code;
  }
}
