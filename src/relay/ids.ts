/** Gives that many bytes of a cryptographic source. */
export type RandomBytes = (length: number) => Uint8Array;

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 22 of 62 characters hold 130.9 bits (P-101). */
const SECRET_LENGTH = 22;
/** Bytes from here on would make the first characters of the alphabet likelier than the last. */
const UNBIASED_LIMIT = 256 - (256 % ALPHABET.length);
const DAY_MS = 24 * 3_600_000;
/** A generation ends early at this many ids, so that a flood of logins cannot fill the memory. */
const MAX_REMEMBERED = 1 << 20;

/** A random session id of 48 bits, never 0 (SEC-8). */
export function createSessionId(randomBytes: RandomBytes): number {
  for (;;) {
    const sessionId = randomBytes(6).reduce((value, byte) => value * 256 + byte, 0);
    if (sessionId > 0) return sessionId;
  }
}

/** A random secret: every character of the alphabet is equally likely (SEC-8). */
export function createSecret(randomBytes: RandomBytes): string {
  let secret = '';
  while (secret.length < SECRET_LENGTH) {
    for (const byte of randomBytes(SECRET_LENGTH)) {
      if (byte < UNBIASED_LIMIT && secret.length < SECRET_LENGTH) secret += ALPHABET[byte % ALPHABET.length]!;
    }
  }
  return secret;
}

/** The device id, `{session id}s{secret}` (P-100). */
export function deviceIdOf(sessionId: number, secret: string): string {
  return `${sessionId}s${secret}`;
}

/** Session ids given out during at least the last day, so that none comes back to another device (SEC-8). */
export class RecentIds {
  #young = new Set<number>();
  #old = new Set<number>();
  #youngSinceMs = -Infinity;

  has(sessionId: number): boolean {
    return this.#young.has(sessionId) || this.#old.has(sessionId);
  }

  add(sessionId: number, nowMs: number): void {
    if (nowMs - this.#youngSinceMs >= DAY_MS || this.#young.size >= MAX_REMEMBERED) {
      this.#old = this.#young;
      this.#young = new Set();
      this.#youngSinceMs = nowMs;
    }
    this.#young.add(sessionId);
  }
}
