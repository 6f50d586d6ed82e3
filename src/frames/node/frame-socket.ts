import type { FrameSocketCapabilities } from '../capabilities';
import { FrameSocketBase } from '../frame-socket';
import { SocketEngine } from '../socket-engine';
import { resolveSocketOptions } from '../socket-options';
import type { FrameSocketOptions } from '../socket-options';
import { DuplexStream } from './duplex-stream';
import { nodeHost } from './host';
import { redirected } from './redirects';
import { UpgradeRequest } from './upgrade-request';
import type { UpgradeOptions } from './upgrade-request';

/** Everything that a connection can be told. @public */
export interface ConnectOptions extends UpgradeOptions, FrameSocketOptions {
  /**
   * Redirects to follow. From `wss:` to `ws:` none is; to another origin go no credentials, cookies and client
   * certificates.
   *
   * @defaultValue 0
   */
  maxRedirects?: number;
}

const CAPABILITIES: FrameSocketCapabilities = Object.freeze({
  ping: true,
  pong: true,
  headers: true,
  fragments: true,
  frames: true,
  switches: true,
  backpressure: true,
  terminate: true,
  proxy: true,
  tls: true,
  redirects: true,
  closeCodes: 'any',
});

/**
 * A WebSocket client by frames, over TCP or any other stream of Node.
 *
 * @example
 * ```ts
 * const socket = await FrameSocket.connect('ws://127.0.0.1:8080/echo');
 * await socket.sendFrame('Hel', { fin: false });
 * await socket.sendFrame('lo');
 * for await (const frame of socket) {
 *   console.log(frame.opcodeName, frame.text());
 *   if (frame.fin) break;
 * }
 * await socket.close(1000);
 * ```
 *
 * @public
 */
export class FrameSocket extends FrameSocketBase {
  /** What can be done here: all of it. */
  static readonly capabilities = CAPABILITIES;

  /**
   * Opens a WebSocket; resolves when frames may go both ways.
   *
   * @param url - `ws:` or `wss:`, absolute, without a fragment.
   * @throws {@link FrameSocketError} with the code of the step that failed; then nothing is left open. RangeError and
   *   TypeError for options that are none.
   */
  static async connect(url: string | URL, options: ConnectOptions = {}): Promise<FrameSocket> {
    resolveSocketOptions(options);
    let [place, rest, left] = [url, options, redirectLimit(options)];
    for (;;) {
      const request = new UpgradeRequest(place, rest);
      const answer = await request.send();
      const next = redirected(place, rest, answer, left);
      if (next === undefined) return FrameSocket.fromUpgrade(request, options);
      [place, rest, left] = [next.url, next.options, left - 1];
    }
  }

  /**
   * Takes over the connection of a request whose answer was read, checking it when that was not done.
   *
   * @throws {@link FrameSocketError} as `UpgradeRequest.validate`; TypeError when the request was used already.
   */
  static fromUpgrade(request: UpgradeRequest, options: FrameSocketOptions = {}): FrameSocket {
    const settings = resolveSocketOptions(options);
    const { duplex, head, ...agreed } = request.take();
    const opened = { stream: new DuplexStream(duplex, head), host: nodeHost, ...agreed };
    return new FrameSocket(new SocketEngine(opened, settings));
  }

  /** What can be done here: all of it. */
  get capabilities(): FrameSocketCapabilities {
    return CAPABILITIES;
  }

  /** Closes in good order; see `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function redirectLimit({ maxRedirects = 0 }: ConnectOptions): number {
  if (Number.isInteger(maxRedirects) && maxRedirects >= 0 && maxRedirects <= 20) return maxRedirects;
  throw new RangeError(`maxRedirects is ${String(maxRedirects)}; give an integer from 0 to 20.`);
}
