/** What a resume token says about its bearer. */
export interface TokenClaims {
  readonly connectName: string;
  /** 16 hexadecimal digits that change with the password of the account, so that older tokens end with it. */
  readonly generation: string;
}

/** Chance and cryptography for the relay's core, which has none of its own. */
export interface RelayEnv {
  /** That many bytes of a cryptographic source. */
  randomBytes(length: number): Uint8Array;
  /** The public form of an instance id, 11 characters (section 4, `xo`). */
  originId(instance: string): Uint8Array;
  /** A new resume token, at most 200 characters; no two are alike. */
  issueToken(claims: TokenClaims): Uint8Array;
  /** What a token claims; undefined when this relay did not issue it, it is too old, or it names nobody. */
  readToken(token: Uint8Array): TokenClaims | undefined;
}
