import type { RelayEnv, TokenClaims } from '../../src/relay/env';
import type { RandomBytes } from '../../src/relay/ids';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Chance and cryptography of a relay core under test: tokens are readable, and of this boot unless a list is shared. */
export function stubEnv(randomBytes: RandomBytes, issued = new Map<string, TokenClaims>()): RelayEnv {
  return {
    randomBytes,
    originId: (instance) => Buffer.from(instance.slice(0, 11), 'latin1'),
    issueToken: (claims) => {
      const token = `token-${issued.size}-${claims.connectName}`;
      issued.set(token, claims);
      return Buffer.from(token, 'latin1');
    },
    readToken: (token) => issued.get(text(token)),
  };
}
