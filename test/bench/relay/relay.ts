import type { LoadLink, Scanner } from './load-socket';

/** A server that is up. */
export interface RunningServer {
  readonly port: number;
  /** Its process, when that is another one than ours. */
  readonly pid?: number;
  /** Writes to sockets so far, where the server counts them. */
  writes?(): number;
}

/** What a server has used so far. */
export interface ServerUse {
  readonly userNs: number;
  readonly kernelNs: number;
  readonly writes: number | undefined;
}

/** Where a connection of the load client belongs. */
export interface Place {
  /** Whoever listens in a room gets what others send there. */
  readonly room: string;
  readonly listens: boolean;
}

/** What a candidate in `candidates/` exports as `relay`. */
export interface RelayCandidate {
  /** Starts its server on a loopback port, in this process or in one that ends with it. */
  start(): Promise<RunningServer>;
  /** Shows who we are, where that is a request of its own; `connect` gets the result. */
  login?(port: number): Promise<string>;
  /** Opens one connection; resolves once it may send, and gets what others send if it listens. */
  connect(port: number, place: Place, login: string): Promise<LoadLink>;
  /** The bytes that send one message. The load client writes several at once. */
  message(room: string, payload: Uint8Array): Buffer;
  /** Counts the messages, all of that size, that a connection gets. */
  scanner(room: string, size: number): Scanner;
  /** Sent on every connection every ten seconds, where silence ends it. */
  readonly keepAlive?: Uint8Array;
}
