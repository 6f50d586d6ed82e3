/** Whoever logs in with one connect name: the border that no message crosses. */
export interface Account {
  /** Unique within the store, never used again after a removal. */
  readonly id: number;
  readonly connectName: string;
  /** The networks it may use now; undefined when it may use any. */
  readonly networks: ReadonlySet<string> | undefined;
  /**
   * 16 hexadecimal digits that change with the password and tell nothing about it; the same after a restart. Without them, devices
   * of the account need their password again after the relay was restarted.
   */
  readonly generation?: string | undefined;
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
  /**
   * Lets in whoever has shown a token that the relay gave this connect name, as long as the account is still of this generation.
   * Any failure asks the device for its password. Left out: always so.
   */
  resume?(connectName: string, generation: string): Promise<LoginResult>;
  /** Ends the store; every later login gets code 20. */
  close(): void;
}
