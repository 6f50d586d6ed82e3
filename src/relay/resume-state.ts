import { encodeText } from '../core/text';
import { Entry, type QueueTotals } from './out-queue';
import type { ReceiptTaker } from './receipt';
import { Ring, type RingLimits } from './ring';
import { Upstream } from './upstream';

/** Attaches within this time that took the session from a living transport, before no more are let in. */
const MAX_SWITCHES = 3;
const SWITCHES_WITHIN_MS = 10_000;

/** Who logs in with the extension. */
export interface Instance {
  /** `xi`: 128 random bits that nobody else has. */
  readonly id: string;
  /** Its public form, `xo`. */
  readonly origin: Uint8Array;
  /** Letters of the features that both ends have. */
  readonly features: string;
}

/** What an attach shows. */
export interface AttachClaim {
  readonly token: Uint8Array;
  readonly counter: number | undefined;
  readonly received: number | undefined;
}

/** What a session with the extension has beside others: numbers in both directions, and the token that resumes it. */
export class ResumeState implements ReceiptTaker {
  readonly up = new Upstream();
  readonly ring: Ring;
  /** The next attach brings `token`, or the one before when the answer with the newer one was lost. */
  token: Uint8Array;
  #tokenBefore: Uint8Array | undefined = undefined;
  /** The highest number of an attach or a download. */
  counter = -1;
  /** Bound to long polling: downloads without a token are taken. */
  isPolling = false;
  /** When the last switches were. */
  #switchesMs: number[] = [];

  constructor(
    readonly instance: Instance,
    token: Uint8Array,
    limits: RingLimits,
    totals: QueueTotals,
    /** Tells that the ring has something new. */
    private readonly wake: () => void,
  ) {
    this.token = token;
    this.ring = new Ring(limits, totals);
  }

  /** Whether this token binds a transport. */
  knows(token: Uint8Array): boolean {
    return isSame(this.token, token) || (this.#tokenBefore !== undefined && isSame(this.#tokenBefore, token));
  }

  /** Binds a new transport: what was not received goes out again. */
  attach({ token, counter = 0, received = 0 }: AttachClaim, nextToken: Uint8Array): void {
    // The older token ends when the newer one is used.
    if (isSame(this.token, token)) this.#tokenBefore = this.token;
    this.token = nextToken;
    this.counter = counter;
    this.acknowledge(received);
    this.ring.rewind(received);
  }

  acknowledge(received: number): void {
    this.ring.acknowledge(received);
  }

  /** Notes that an attach takes the session from a living transport. @returns False when it happens too often. */
  countSwitch(nowMs: number): boolean {
    this.#switchesMs = this.#switchesMs.filter((atMs) => nowMs - atMs < SWITCHES_WITHIN_MS);
    this.#switchesMs.push(nowMs);
    return this.#switchesMs.length <= MAX_SWITCHES;
  }

  takeReceipt(number: number, isDelivered: boolean): void {
    const xq = this.ring.last + 1;
    const item = `~rt=d~xq=${xq}~xn=${number}~xa=d~e=${isDelivered ? 0 : 2}`;
    this.ring.push(new Entry('item', encodeText(item)));
    this.wake();
  }
}

/** Compares without stopping at the first difference (SEC-7). */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  let difference = one.length ^ other.length;
  for (let i = 0; i < one.length; i++) difference |= one[i]! ^ (other[i] ?? 0);
  return difference === 0;
}
