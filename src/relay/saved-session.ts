import type { Entry } from './out-queue';

/** Whose message waits for the acknowledgements of all who get it. */
export interface SavedReceipt {
  readonly senderId: number;
  readonly number: number;
}

/** What a session is, beside its messages. */
export interface SavedHead {
  readonly id: string;
  readonly connectName: string;
  readonly generation: string;
  readonly instance: string;
  readonly features: string;
  readonly token: Uint8Array;
  readonly tokenBefore: Uint8Array | undefined;
  readonly counter: number;
  readonly isPolling: boolean;
  readonly networks: readonly string[];
}

/** A session as the records of a journal leave it. */
export interface SavedSession {
  readonly sessionId: number;
  head: SavedHead;
  /** Number of the last message taken from it, and those that were refused, with their codes. */
  taken: number;
  readonly refusals: [number: number, code: number][];
  /** What it was not known to have received, and the number of the first. */
  first: number;
  entries: SavedEntry[];
}

export interface SavedEntry {
  readonly entry: Entry;
  readonly receipt: SavedReceipt | undefined;
}
