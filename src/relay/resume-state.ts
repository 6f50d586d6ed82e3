import { encodeText } from '../core/text';
import { Entry, type QueueTotals } from './out-queue';
import type { ReceiptTaker } from './receipt';
import { Ring, type RingLimits } from './ring';
import type { RunBounds } from './runs';
import type { SavedSession } from './saved-session';
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

/** Who is told what happens to a {@link ResumeState}. */
export interface ResumeWatcher {
  /** The ring has got something outside of a delivery. */
  wake(): void;
  /** With a journal: something is there that has to be in it. */
  readonly changed: (() => void) | undefined;
}

/** What a session with the extension has beside others: numbers in both directions, and the token that resumes it. */
export class ResumeState implements ReceiptTaker {
  readonly up = new Upstream();
  /** Up to where it stands in the journal of a durable relay; see `session-records.ts`. */
  readonly saved = { hasHead: false, taken: 0, last: 0 };
  readonly ring: Ring;
  /** The next attach brings `token`, or the one before when the answer with the newer one was lost. */
  token: Uint8Array;
  #tokenBefore: Uint8Array | undefined = undefined;
  /** The highest number of an attach or a download. */
  counter = -1;
  /** What the present transport was told to be taken, and whether it waits for a sign of life. */
  told = 0;
  owesSign = false;
  /** Bound to long polling: downloads without a token are taken. */
  isPolling = false;
  #isEnded = false;
  /** When the last switches were. */
  #switchesMs: number[] = [];

  constructor(
    readonly sessionId: number,
    readonly instance: Instance,
    token: Uint8Array,
    limits: RingLimits,
    runBounds: RunBounds,
    totals: QueueTotals,
    private readonly watcher: ResumeWatcher,
  ) {
    this.token = token;
    this.ring = new Ring(limits, runBounds, totals);
  }

  get tokenBefore(): Uint8Array | undefined {
    return this.#tokenBefore;
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
    this.noteHead();
  }

  /** Takes the place of a session that is gone, whose token stays good until the answer with the newer one has arrived. */
  succeed({ token, counter = 0 }: AttachClaim): void {
    this.#tokenBefore = token;
    this.counter = counter;
    this.noteHead();
  }

  /** Whether it has taken the place of another one by this claim. */
  succeeds({ token, counter }: AttachClaim): boolean {
    return counter === this.counter && this.#tokenBefore !== undefined && isSame(this.#tokenBefore, token);
  }

  /** Adds an entry to the ring; the oldest make room for it. */
  push(entry: Entry): void {
    this.ring.push(entry);
    this.watcher.changed?.();
  }

  /** The same for several. */
  pushAll(entries: readonly Entry[]): void {
    this.ring.pushAll(entries);
    this.watcher.changed?.();
  }

  /** Takes the next message that the session has sent. @param code - 0, or why it was refused. */
  takeMessage(code: number): void {
    this.up.take(code);
    this.watcher.changed?.();
  }

  /** Notes that its networks or its token are others. */
  noteHead(): void {
    this.saved.hasHead = false;
    this.watcher.changed?.();
  }

  /** Nothing of it is in the journal any more. */
  forgetSaved(): void {
    this.saved.hasHead = false;
    this.saved.taken = this.saved.last = 0;
  }

  /** Goes on as an earlier relay left it. */
  restore({ head, taken, refusals, first, entries }: SavedSession): void {
    this.#tokenBefore = head.tokenBefore;
    this.counter = head.counter;
    this.isPolling = head.isPolling;
    this.up.restore(taken, refusals);
    this.ring.restore(
      first,
      entries.map(({ entry }) => entry),
    );
  }

  /** The session is gone: nobody gets what is there, or comes. */
  end(): void {
    this.#isEnded = true;
    this.ring.clear();
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
    if (this.#isEnded) return;
    const xq = this.ring.last + 1;
    const item = `~rt=d~xq=${xq}~xn=${number}~xa=d~e=${isDelivered ? 0 : 2}`;
    this.push(new Entry('item', encodeText(item)));
    this.watcher.wake();
  }
}

/** Compares without stopping at the first difference (SEC-7). */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  let difference = one.length ^ other.length;
  for (let i = 0; i < one.length; i++) difference |= one[i]! ^ (other[i] ?? 0);
  return difference === 0;
}
