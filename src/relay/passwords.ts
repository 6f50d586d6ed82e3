import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

export interface ScryptCost {
  /** scrypt's N, a power of two. */
  readonly cost: number;
  /** scrypt's r. */
  readonly blockSize: number;
  /** scrypt's p. */
  readonly parallelization: number;
}

/** A password as an account file keeps it: parameters, salt and hash. */
export interface StoredPassword extends ScryptCost {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** Computes a hash of `length` bytes; replaced in tests only. */
export type DeriveHash = (
  password: string,
  salt: Uint8Array,
  cost: ScryptCost,
  length: number,
) => Promise<Uint8Array>;

/** Cost of new hashes (SEC-4): 16 MiB and about a tenth of a second each. */
export const SCRYPT_COST: ScryptCost = { cost: 2 ** 14, blockSize: 8, parallelization: 5 };
const SALT_LENGTH = 16;
const HASH_LENGTH = 32;
/** An account file is trusted, but a slip of the pen in it must not take the machine's memory. */
const MAX_MEMORY = 256 * 1024 * 1024;
const MAX_PARALLELIZATION = 64;
const FORM = /^scrypt\$(\d{1,10})\$(\d{1,4})\$(\d{1,4})\$([\w-]{22,86})\$([\w-]{43})$/;

/**
 * Hashes a new password with a fresh salt.
 *
 * @returns `scrypt$N$r$p$salt$hash`, salt and hash in base64url; all that {@link parseStoredPassword} needs.
 */
export async function hashPassword(password: string, derive: DeriveHash = deriveScrypt): Promise<string> {
  const salt = randomBytes(SALT_LENGTH);
  const hash = await derive(password, salt, SCRYPT_COST, HASH_LENGTH);
  const { cost, blockSize, parallelization } = SCRYPT_COST;
  const parts = ['scrypt', cost, blockSize, parallelization, salt.toString('base64url'), toBase64(hash)];
  return parts.join('$');
}

/**
 * Reads what {@link hashPassword} wrote, also with other parameters.
 *
 * @throws RangeError when the form is wrong or the parameters are out of bounds; the text holds no part of
 *   the hash.
 */
export function parseStoredPassword(text: string): StoredPassword {
  const match = FORM.exec(text);
  if (match === null) throw new RangeError('the password is not of the form scrypt$N$r$p$salt$hash');
  const [cost, blockSize, parallelization] = match.slice(1, 4).map(Number) as [number, number, number];
  const [salt, hash] = match.slice(4).map((part) => Buffer.from(part, 'base64url')) as [Buffer, Buffer];
  const isPowerOfTwo = cost >= 2 && Number.isInteger(Math.log2(cost));
  if (!isPowerOfTwo || blockSize < 1 || parallelization < 1 || parallelization > MAX_PARALLELIZATION) {
    throw new RangeError('the scrypt parameters of the password are out of range');
  }
  if (128 * cost * blockSize > MAX_MEMORY)
    throw new RangeError('the password needs more than 256 MiB to be checked');
  return { cost, blockSize, parallelization, salt, hash };
}

/**
 * A password that nobody has: what an unknown name is checked against, at the cost of a real check (SEC-6).
 */
export function impossiblePassword(cost: ScryptCost = SCRYPT_COST): StoredPassword {
  const { blockSize, parallelization } = cost;
  return {
    cost: cost.cost,
    blockSize,
    parallelization,
    salt: randomBytes(SALT_LENGTH),
    hash: randomBytes(HASH_LENGTH),
  };
}

function deriveScrypt(
  password: string,
  salt: Uint8Array,
  cost: ScryptCost,
  length: number,
): Promise<Uint8Array> {
  const memory = 128 * cost.blockSize * (cost.cost + 2 + cost.parallelization);
  const options = { ...cost, maxmem: memory + 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, options, (error, hash) => {
      if (error) reject(error);
      else resolve(hash);
    });
  });
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

export interface PasswordCheckerOptions {
  /** @defaultValue 2 */
  concurrent?: number;
  /** @defaultValue 64 */
  queued?: number;
  derive?: DeriveHash;
}

/**
 * Checks passwords, a few at a time, so that a storm of logins cannot take all memory and threads (SEC-4).
 */
export class PasswordChecker {
  readonly #concurrent: number;
  readonly #queued: number;
  readonly #derive: DeriveHash;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: PasswordCheckerOptions = {}) {
    this.#concurrent = options.concurrent ?? 2;
    this.#queued = options.queued ?? 64;
    this.#derive = options.derive ?? deriveScrypt;
  }

  /** Whether the password is the stored one; undefined, without any work, when the queue is full. */
  async check(password: string, stored: StoredPassword): Promise<boolean | undefined> {
    if (this.#running >= this.#concurrent) {
      if (this.#waiting.length >= this.#queued) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      const hash = await this.#derive(password, stored.salt, stored, stored.hash.length);
      return timingSafeEqual(hash, stored.hash);
    } finally {
      this.#passOn();
    }
  }

  /** Hands the place to the next in line, so that nobody can slip in between. */
  #passOn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
