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

/** One sends, the other sends back. */
export interface RoundTrips {
  readonly size: number;
  readonly inFlight: number;
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

export interface EchoCost extends FloodCost {
  /** Of a round trip; only with one message under way. */
  readonly p50Ns?: number;
  readonly p99Ns?: number;
}
