import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { MAX_NAME_LENGTH } from './account-rules';
import type { Account, LoginResult } from './account-types';
import { DEFAULT_GUESSING_LIMITS, Guessing, type GuessingLimits } from './guessing';

export interface LoginOptions {
  /** How far password guessing is tolerated (SEC-6). */
  guessing?: GuessingLimits;
  /**
   * How long after a login the same password is let in without a hash and past a lock (SEC-5). @defaultValue
   * 1 hour
   */
  knownGoodMs?: number;
  /**
   * At least 32 secret bytes. With the same key, resume tokens of accounts that are given in code let in after a restart too.
   *
   * @defaultValue random
   */
  resumeKey?: Uint8Array | undefined;
  /** A clock that never runs backwards. */
  nowMs?: () => number;
}

/** One account with one password. A new password is a new member with the same account. */
export interface Member<Secret> {
  readonly account: Account;
  readonly secret: Secret;
  /** The password that was right last, and until when it is remembered. */
  knownGood?: { readonly digest: Uint8Array; readonly untilMs: number };
}

/** A password as it was given, and its digest under a key of this process. */
export interface GivenPassword {
  readonly text: string;
  readonly digest: Uint8Array;
}

/**
 * Where the members come from and how their password is checked; the rest of a login is the same for every
 * store.
 */
export interface MemberSource<Secret> {
  find(connectName: string): Member<Secret> | undefined;
  /** Undefined when there is no room for the check. Without a member it costs the same and says false. */
  check(member: Member<Secret> | undefined, password: GivenPassword): Promise<boolean | undefined>;
}

/** A check that others with the same name and password wait for as well. */
interface Flight<Secret> {
  readonly member: Member<Secret> | undefined;
  readonly outcome: Promise<boolean | undefined>;
}

const KNOWN_GOOD_MS = 60 * 60_000;
const WRONG = 8;
const BUSY = 20;

/**
 * Digest of a password under a key that lives as long as the store; always 32 bytes, so fit for
 * timingSafeEqual.
 */
export function passwordDigest(key: Uint8Array, password: string): Uint8Array {
  return createHmac('sha256', key).update(password, 'utf8').digest();
}

/** 16 hexadecimal digits for the present password of an account, of which they tell nothing without the key. */
export function generationOf(key: Uint8Array, connectName: string, password: string): string {
  const text = JSON.stringify(['generation of credentials', connectName, password]);
  return createHmac('sha256', key).update(text).digest('hex').slice(0, 16);
}

/** The way of every login: known-good password, lock, check, outcome (SEC-4 to SEC-7). */
export class Logins<Secret> {
  readonly #source: MemberSource<Secret>;
  readonly #key: Uint8Array;
  readonly #guessing: Guessing;
  readonly #knownGoodMs: number;
  readonly #nowMs: () => number;
  readonly #flights = new Map<string, Flight<Secret>>();
  /** Stands in where there is nothing to compare with, so that every login compares once. */
  readonly #noDigest = randomBytes(32);

  constructor(source: MemberSource<Secret>, key: Uint8Array, options: LoginOptions = {}) {
    this.#source = source;
    this.#key = key;
    this.#guessing = new Guessing(options.guessing ?? DEFAULT_GUESSING_LIMITS);
    this.#knownGoodMs = options.knownGoodMs ?? KNOWN_GOOD_MS;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  async login(connectName: string, text: string, remoteAddress: string): Promise<LoginResult> {
    // No account has a longer name; a shared empty one keeps such names out of the memory of the buckets.
    const name = connectName.length > MAX_NAME_LENGTH ? '' : connectName;
    const password = { text, digest: passwordDigest(this.#key, text) };
    const member = this.#source.find(name);
    if (this.#isKnownGood(member, password)) return this.#accept(member, password);
    const lockedForMs = this.#guessing.lockedForMs(name, remoteAddress, this.#nowMs());
    if (lockedForMs > 0) return { ok: false, code: WRONG, retryInMs: lockedForMs };
    const isRight = await this.#check(name, member, password, remoteAddress);
    // The account may have changed while the hash was computed: what was checked is then no longer the truth.
    if (isRight === undefined || this.#source.find(name) !== member) return { ok: false, code: BUSY };
    return isRight && member !== undefined ? this.#accept(member, password) : { ok: false, code: WRONG };
  }

  /** Lets in without a password whoever has shown a token of this generation. */
  resume(connectName: string, generation: string): LoginResult {
    const account = this.#source.find(connectName)?.account;
    const isCurrent = account?.generation !== undefined && account.generation === generation;
    return isCurrent ? { ok: true, account } : { ok: false, code: WRONG };
  }

  #isKnownGood(member: Member<Secret> | undefined, password: GivenPassword): member is Member<Secret> {
    const isSame = timingSafeEqual(password.digest, member?.knownGood?.digest ?? this.#noDigest);
    return isSame && (member?.knownGood?.untilMs ?? 0) > this.#nowMs();
  }

  #accept(member: Member<Secret>, password: GivenPassword): LoginResult {
    member.knownGood = { digest: password.digest, untilMs: this.#nowMs() + this.#knownGoodMs };
    return { ok: true, account: member.account };
  }

  /**
   * One check, shared by everybody who brings the same name and password while it runs: after a restart all
   * devices of an account come back at once, and one hash is enough for them.
   */
  #check(
    name: string,
    member: Member<Secret> | undefined,
    password: GivenPassword,
    remoteAddress: string,
  ): Promise<boolean | undefined> {
    const key = `${Buffer.from(password.digest).toString('base64')}${name}`;
    const running = this.#flights.get(key);
    if (running !== undefined && running.member === member) return running.outcome;
    const flight = { member, outcome: this.#tryOnce(name, member, password, remoteAddress) };
    this.#flights.set(key, flight);
    const land = () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    flight.outcome.then(land, land);
    return flight.outcome;
  }

  async #tryOnce(
    name: string,
    member: Member<Secret> | undefined,
    password: GivenPassword,
    remoteAddress: string,
  ): Promise<boolean | undefined> {
    const attempt = this.#guessing.begin(name, remoteAddress, this.#nowMs());
    if (attempt === undefined) return undefined;
    let isRight: boolean | undefined;
    try {
      isRight = await this.#source.check(member, password);
    } finally {
      const outcome = isRight === undefined ? 'unchecked' : isRight ? 'right' : 'wrong';
      attempt.settle(outcome, this.#nowMs());
    }
    return isRight;
  }
}
