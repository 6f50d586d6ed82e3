/** How many wrong passwords one bucket takes. */
export interface BucketLimits {
  /** Wrong tries that bring no delay. */
  readonly burst: number;
  /** One wrong try is forgotten after each such time. */
  readonly forgetMs: number;
}

export interface GuessingLimits {
  /**
   * Tries from one address against one connect name. The strictest: what it refuses is not checked and so does not
   * count for the others, hence one address can neither lock an account for others nor itself out of its other accounts.
   */
  readonly pair: BucketLimits;
  /** Tries against one connect name, from wherever they come. */
  readonly account: BucketLimits;
  /** Tries from one address, against whatever name. */
  readonly address: BucketLimits;
  /** First delay after the burst; each further wrong try doubles it. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Buckets kept per kind. The oldest is given up for a new one. */
  readonly maxBuckets: number;
}

export const DEFAULT_GUESSING_LIMITS: GuessingLimits = {
  pair: { burst: 10, forgetMs: 15 * 60_000 },
  account: { burst: 50, forgetMs: 60_000 },
  address: { burst: 60, forgetMs: 60_000 },
  firstDelayMs: 1000,
  maxDelayMs: 15 * 60_000,
  maxBuckets: 10_000,
};

/** One login that is being checked. Settle it exactly once. */
export interface Attempt {
  settle(outcome: 'right' | 'wrong' | 'unchecked', nowMs: number): void;
}

interface Bucket {
  /** Wrong tries not yet forgotten, as of `levelAtMs`. */
  level: number;
  levelAtMs: number;
  lockedUntilMs: number;
  /** Tries that are being checked: they may all turn out wrong, so they count against the burst already. */
  pending: number;
}

/** Old buckets looked at when room is needed: enough to find a forgotten one, few enough to cost nothing. */
const SWEEP = 32;

/**
 * Slows down password guessing (SEC-6): one bucket per account, per address and per pair of both, with a delay that
 * doubles. It keeps no clock; `nowMs` must never run backwards. A right login leaves no trace and forgives nothing,
 * so nobody can buy new tries with an account of their own.
 */
export class Guessing {
  readonly #pairs: Buckets;
  readonly #accounts: Buckets;
  readonly #addresses: Buckets;

  constructor(limits: GuessingLimits = DEFAULT_GUESSING_LIMITS) {
    this.#pairs = new Buckets(limits.pair, limits);
    this.#accounts = new Buckets(limits.account, limits);
    this.#addresses = new Buckets(limits.address, limits);
  }

  /** Time until this account and address may try again; 0 when they may now. */
  lockedForMs(connectName: string, address: string, nowMs: number): number {
    const waits = this.#bucketsOf(connectName, address).map(([buckets, key]) =>
      buckets.lockedForMs(key, nowMs),
    );
    return Math.max(...waits);
  }

  /** Starts a try that is not locked; undefined while too many tries of its buckets are being checked. */
  begin(connectName: string, address: string, nowMs: number): Attempt | undefined {
    const touched = this.#bucketsOf(connectName, address);
    if (!touched.every(([buckets, key]) => buckets.hasRoom(key, nowMs))) return undefined;
    for (const [buckets, key] of touched) buckets.begin(key, nowMs);
    return {
      settle: (outcome, settledMs) => {
        for (const [buckets, key] of touched) buckets.settle(key, outcome === 'wrong', settledMs);
      },
    };
  }

  /** Buckets held now, of all kinds. */
  get size(): number {
    return this.#pairs.size + this.#accounts.size + this.#addresses.size;
  }

  #bucketsOf(connectName: string, address: string): readonly (readonly [Buckets, string])[] {
    const key = addressKey(address);
    return [
      [this.#pairs, `${key} ${connectName}`],
      [this.#accounts, connectName],
      [this.#addresses, key],
    ];
  }
}

class Buckets {
  readonly #buckets = new Map<string, Bucket>();
  readonly #limits: BucketLimits;
  readonly #shared: Pick<GuessingLimits, 'firstDelayMs' | 'maxDelayMs' | 'maxBuckets'>;
  /** Wrong tries above the burst that reach the longest delay; counting on would only delay forgetting. */
  readonly #maxLevel: number;

  constructor(limits: BucketLimits, shared: GuessingLimits) {
    this.#limits = limits;
    this.#shared = shared;
    this.#maxLevel = limits.burst + 1 + Math.ceil(Math.log2(shared.maxDelayMs / shared.firstDelayMs));
  }

  get size(): number {
    return this.#buckets.size;
  }

  lockedForMs(key: string, nowMs: number): number {
    return Math.max(0, (this.#buckets.get(key)?.lockedUntilMs ?? 0) - nowMs);
  }

  hasRoom(key: string, nowMs: number): boolean {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return true;
    this.#forget(bucket, nowMs);
    return bucket.pending < Math.max(1, Math.floor(this.#limits.burst - bucket.level));
  }

  begin(key: string, nowMs: number): void {
    this.#take(key, nowMs).pending += 1;
  }

  settle(key: string, isWrong: boolean, nowMs: number): void {
    const bucket = this.#take(key, nowMs);
    bucket.pending = Math.max(0, bucket.pending - 1);
    if (isWrong) this.#charge(bucket, nowMs);
    if (isIdle(bucket, nowMs)) this.#buckets.delete(key);
  }

  #charge(bucket: Bucket, nowMs: number): void {
    bucket.level = Math.min(bucket.level + 1, this.#maxLevel);
    const above = Math.ceil(bucket.level - this.#limits.burst);
    if (above <= 0) return;
    const delayMs = Math.min(this.#shared.firstDelayMs * 2 ** (above - 1), this.#shared.maxDelayMs);
    bucket.lockedUntilMs = nowMs + delayMs;
  }

  /** The bucket of a key, brought up to date and moved to the young end. */
  #take(key: string, nowMs: number): Bucket {
    const bucket = this.#buckets.get(key) ?? { level: 0, levelAtMs: nowMs, lockedUntilMs: 0, pending: 0 };
    this.#forget(bucket, nowMs);
    if (!this.#buckets.delete(key)) this.#makeRoom(nowMs);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #forget(bucket: Bucket, nowMs: number): void {
    bucket.level = Math.max(0, bucket.level - (nowMs - bucket.levelAtMs) / this.#limits.forgetMs);
    bucket.levelAtMs = nowMs;
  }

  #makeRoom(nowMs: number): void {
    if (this.#buckets.size < this.#shared.maxBuckets) return;
    let oldest: string | undefined;
    let looked = 0;
    for (const [key, bucket] of this.#buckets) {
      oldest ??= key;
      this.#forget(bucket, nowMs);
      if (isIdle(bucket, nowMs)) this.#buckets.delete(key);
      if (++looked === SWEEP) break;
    }
    if (this.#buckets.size >= this.#shared.maxBuckets && oldest !== undefined) this.#buckets.delete(oldest);
  }
}

function isIdle(bucket: Bucket, nowMs: number): boolean {
  return bucket.level === 0 && bucket.pending === 0 && bucket.lockedUntilMs <= nowMs;
}

/**
 * The part of an address that one guesser holds: a whole IPv4 address, but the /64 of an IPv6 one, because
 * whoever has one address of such a block has all of them.
 */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!address.includes(':')) return address;
  const [bare = ''] = address.split('%');
  const [head = '', tail] = bare.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after];
  const block = groups.slice(0, 4).map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''));
  return `${block.join(':')}::/64`;
}
