/** What a client of the lab tells. */
export interface PartyEvents {
  /** A text from the other party. */
  message(text: string): void;
  /** It is connected, or not any more, as its own events say. */
  status(isConnected: boolean): void;
  /** It was told that so many messages to it are missing; Infinity when nobody knows how many. */
  gap(count: number): void;
}

/** A client of the lab. */
export interface Party {
  /**
   * Sends a text to the other party.
   *
   * @returns Settles when the sender is told what became of it; never, where a peer has no such word.
   */
  send(text: string): Promise<unknown>;
  close(): Promise<void>;
}

/** A server, and what makes clients for it. */
export interface Arena {
  /** Where clients connect to, over TCP. */
  readonly port: number;
  /** @param port - Of the server, or of a proxy in front of it. @returns The client, connected. */
  connect(name: string, port: number, events: PartyEvents): Promise<Party>;
  stop(): Promise<void>;
}

/** Who is put through the cases. */
export interface Peer {
  readonly name: string;
  /** Packages whose versions stand under the table. */
  readonly packages: readonly string[];
  /** Whether `send` settles: without, nothing is ever acknowledged. */
  readonly acknowledges: boolean;
  start(): Promise<Arena>;
}
