import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { RelayEnv, TokenClaims } from './env';

const VERSION = 1;
const RANDOM_SIZE = 16;
const GENERATION_SIZE = 8;
/** Version, hour of issue, random bytes, generation of the credentials; the connect name follows. */
const HEAD_SIZE = 1 + 4 + RANDOM_SIZE + GENERATION_SIZE;
const SEAL_SIZE = 16;
/** Longest token, in characters (section 4, `xr`). */
const MAX_LENGTH = 200;
/** So that name, head and seal fit; the token of a longer name resumes a session but is no credential. */
const MAX_NAME_SIZE = 100;
const HOUR_MS = 3_600_000;
/** How long a token is taken instead of a password. */
const LOGIN_HOURS = 24;
const ORIGIN_SIZE = 8;

export interface ResumeTokensOptions {
  /** At least 32 secret bytes. With the same key, tokens outlive a restart. @defaultValue random */
  key?: Uint8Array | undefined;
  /** Wall-clock time; nothing else in the relay uses it. */
  wallMs?: () => number;
}

/**
 * What the core needs of cryptography. A resume token is random, and sealed so that one whose session is gone still lets its
 * bearer in, without a password hash; a living session compares tokens byte by byte.
 */
export function createEnv({ key = randomBytes(32), wallMs = Date.now }: ResumeTokensOptions = {}): RelayEnv {
  const seal = (payload: Uint8Array): Buffer =>
    createHmac('sha256', key).update(payload).digest().subarray(0, SEAL_SIZE);
  const hour = (): number => Math.floor(wallMs() / HOUR_MS);
  return {
    randomBytes: (length) => randomBytes(length),
    originId: (instance) => {
      const digest = createHash('sha256').update(instance).digest();
      return Buffer.from(digest.subarray(0, ORIGIN_SIZE).toString('base64url'));
    },
    issueToken: (claims) => {
      const payload = writePayload(claims, hour());
      return Buffer.from(`${payload.toString('base64url')}.${seal(payload).toString('base64url')}`);
    },
    readToken: (token) => readToken(token, seal, hour()),
  };
}

function writePayload({ connectName, generation }: TokenClaims, hour: number): Buffer {
  const name = Buffer.from(connectName);
  const head = Buffer.alloc(5);
  head[0] = VERSION;
  head.writeUInt32LE(hour, 1);
  return Buffer.concat([
    head,
    randomBytes(RANDOM_SIZE),
    Buffer.from(generation, 'hex'),
    name.subarray(0, name.length > MAX_NAME_SIZE ? 0 : name.length),
  ]);
}

function readToken(
  token: Uint8Array,
  seal: (payload: Uint8Array) => Buffer,
  hour: number,
): TokenClaims | undefined {
  if (token.length > MAX_LENGTH) return undefined;
  const [payload, given] = Buffer.from(token)
    .toString('latin1')
    .split('.', 2)
    .map((part) => Buffer.from(part, 'base64url'));
  if (payload === undefined || payload.length <= HEAD_SIZE || payload[0] !== VERSION) return undefined;
  if (given?.length !== SEAL_SIZE || !timingSafeEqual(seal(payload), given)) return undefined;
  const age = hour - payload.readUInt32LE(1);
  if (age < -1 || age > LOGIN_HOURS) return undefined;
  return {
    connectName: payload.toString('utf8', HEAD_SIZE),
    generation: payload.toString('hex', HEAD_SIZE - GENERATION_SIZE, HEAD_SIZE),
  };
}
