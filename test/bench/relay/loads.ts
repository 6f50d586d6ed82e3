import type { Cost } from '../lab/cost';

/** Rooms, each with one that sends and some that listen. */
export interface Stage {
  readonly rooms: number;
  readonly listeners: number;
  /** Bytes of each message. */
  readonly size: number;
}

/** Messages as fast as they go. */
export interface Flood extends Stage {
  /** Messages of one sender that are under way. */
  readonly inFlight: number;
  /** All listen and all send, in one room. */
  readonly allSend?: boolean;
}

/** A message now and then. */
export interface Pace extends Stage {
  readonly intervalMs: number;
}

export interface FloodCost extends Cost {
  readonly deliveries: number;
}

/** From the send to a delivery: median and 99 %. */
export interface PaceCost {
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly deliveries: number;
}
