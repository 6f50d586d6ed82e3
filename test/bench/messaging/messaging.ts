import type { RelayCandidate, RunningServer } from '../relay/relay';

/** Largest message that the servers have to take, for all candidates alike. */
export const MAX_MESSAGE_SIZE = 4 * 1_048_576;
/** Everybody is in it; nobody gets what he has sent himself. */
export const ROOM = 'room';

/** Where a client finds its server. */
export interface Address {
  readonly port: number;
  /** The client that is measured, or the other one of the same library. */
  readonly side: 'measured' | 'peer';
  /** In a browser, where there is no TCP. */
  readonly isPage?: boolean;
}

/** A client as an application has it. */
export interface LibraryClient {
  /** Resolves when messages flow in both directions. */
  connect(): Promise<void>;
  /** Hands one message to the library; before `connect` it waits there. */
  send(text: string): void;
}

/** A client library and its own server; what a candidate exports as `relay`. */
export interface MessagingCandidate<Api = unknown> {
  start(): Promise<RunningServer>;
  /** The raw client of the benches of the relay that speaks with this server. */
  raw(): Promise<RelayCandidate>;
  load(): Promise<Api>;
  /** The same in a page: its script, below the root of the package, and the global whose members are the API. */
  readonly inPage: { readonly script: string; readonly namespace: string };
  open(api: Api, address: Address, onMessage: (text: string) => void): LibraryClient;
}

/** How messages flow between two parties. */
export interface Flow {
  /** Bytes of each message. */
  readonly size: number;
  /** Messages under way. */
  readonly inFlight: number;
  /** The receiver sends a message back for so many. */
  readonly every: number;
}
