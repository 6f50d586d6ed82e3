/** Whoever logs in with one connect name: the border that no message crosses. */
export interface Account {
  /** Unique within the store, never used again after a removal. */
  readonly id: number;
  readonly connectName: string;
  /** The networks it may use now; undefined when it may use any. */
  readonly networks: ReadonlySet<string> | undefined;
}

/**
 * Outcome of a login. Code 8: wrong name or password, or locked after too many wrong ones, with the time
 * left; 20: too much to do, try again.
 */
export type LoginResult = { ok: true; account: Account } | { ok: false; code: 8 | 20; retryInMs?: number };

/** Where a relay looks up who may come in. */
export interface AccountStore {
  /**
   * Checks a connect name and a password.
   *
   * @param remoteAddress - IP address of the peer, as the socket reports it: guessing is slowed down per
   *   address.
   */
  login(connectName: string, password: string, remoteAddress: string): Promise<LoginResult>;
  /** Ends the store; every later login gets code 20. */
  close(): void;
}
