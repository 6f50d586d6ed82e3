/**
 * What a `FrameSocket` can do where the program runs: everything on streams of Node, less on the WebSocket of a
 * browser. What is false here rejects with `UNSUPPORTED` or, where a member says so, has no effect.
 *
 * @public
 */
export interface FrameSocketCapabilities {
  /** Pings can be sent. */
  readonly ping: boolean;
  /** Pongs can be sent, and are seen when they come. */
  readonly pong: boolean;
  /** Headers and credentials can be added to the request. */
  readonly headers: boolean;
  /** Messages go out in the fragments that `sendFrame` was called with; otherwise they are joined first. */
  readonly fragments: boolean;
  /** Each received frame is visible; otherwise there is one for each message. */
  readonly frames: boolean;
  /** `autoPong`, `autoClose` and `deliverPongs` can be switched. */
  readonly switches: boolean;
  /** What is not read stays with the peer. */
  readonly backpressure: boolean;
  /** `terminate` ends TCP at once; otherwise it begins a close. */
  readonly terminate: boolean;
  /** The way to the server can be chosen: proxies, addresses, any stream. */
  readonly proxy: boolean;
  /** Certificates, ciphers and versions of TLS can be chosen. */
  readonly tls: boolean;
  /** Redirects can be followed. */
  readonly redirects: boolean;
  /** Codes that a Close can be sent with: all that RFC 6455 allows, or only 1000 and 3000 to 4999. */
  readonly closeCodes: 'any' | 'application';
}
