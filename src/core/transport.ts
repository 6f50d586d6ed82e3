/** What the session's owner gives it from the world: bytes moved over a WebSocket or by POST, time and chance. */

/** An open or opening WebSocket, as the adapters give it. */
export interface SocketTransport {
  /** Sends one frame: TEXT, or BINARY when the bytes are not valid UTF-8 (P-54). */
  send(bytes: Uint8Array): void;
  /** Starts the close handshake. `closed` follows, unless the owner stops listening. */
  close(): void;
}

export interface SocketHandlers {
  opened(): void;
  message(bytes: Uint8Array): void;
  /** Called once, also when the socket never opened. `code` and `reason` are those of RFC 6455; 1006 for a lost one. */
  closed(code: number, reason: string): void;
}

/**
 * Opens a WebSocket.
 *
 * @throws When the platform has no WebSocket, or refuses the address.
 */
export type OpenSocket = (url: string, handlers: SocketHandlers) => SocketTransport;

export interface HttpAnswer {
  status: number;
  body: Uint8Array;
}

/**
 * Posts one body (P-39) and reads the answer. Redirects are refused (SEC-21). Rejects when the relay was not reached,
 * and when `signal` fired. `begun` is called when the answer has begun to come.
 */
export type Post = (url: string, body: Uint8Array, signal: Signal, begun: () => void) => Promise<HttpAnswer>;

/** Says that a request was let go: the part of `AbortSignal` that the core's types need. */
export interface Signal {
  readonly aborted: boolean;
}

export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls `wake` once after `ms`; the result takes it back. */
  setTimer(wake: () => void, ms: number): () => void;
  /** Uniform in 0 (included) to 1 (excluded). */
  random(): number;
  /** 22 characters of base64url, 128 bits of a cryptographic source. */
  randomId(): string;
}

/** What one world (Node, browser) offers the client. */
export interface Platform {
  openSocket: OpenSocket;
  post: Post;
  clock: Clock;
  /** Address of the relay when the application names none; undefined where there is none. */
  defaultServer(): string | undefined;
  /** Tells when the page goes away and when it, or the network, comes back. The result stops it. */
  watchPage(suspend: () => void, resume: () => void): () => void;
  /** Whether this is a page that nobody sees. */
  isHidden(): boolean;
}
