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
