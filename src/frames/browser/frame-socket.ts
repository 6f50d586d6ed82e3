import { systemClock } from '../../adapters/clock';
import type { AbortSignalLike } from '../abort';
import { aborted, onAbort } from '../abort';
import type { FrameSocketCapabilities } from '../capabilities';
import { FrameSocketBase } from '../frame-socket';
import { FrameSocketError } from '../socket-errors';
import { checkTime, resolveSocketOptions } from '../socket-options';
import type { FrameSocketOptions, SocketSettings } from '../socket-options';
import { MessageEngine } from './message-engine';
import { refuseUnsupported } from './unsupported';

/** Options that ask for nothing that a browser cannot do. @public */
type SocketOptions = Pick<
  FrameSocketOptions,
  'idleTimeoutMs' | 'maxFrameSize' | 'maxBuffered' | 'maxFragments' | 'closeTimeoutMs' | 'logger' | 'logLevel'
>;

/** Everything that a connection of a browser can be told; other options of Node reject with `UNSUPPORTED`. @public */
export interface ConnectOptions extends SocketOptions {
  /** Subprotocols, the preferred first. */
  protocols?: string | readonly string[];
  /** Query parameters to add to the URL; they are encoded. */
  query?: Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];
  /** Time for connecting. Unit: milliseconds; 0 for no limit. @defaultValue 30000 */
  connectTimeoutMs?: number;
  /**
   * Time from there to the answer; a browser does not tell the two apart, so that their sum counts.
   *
   * @defaultValue 30000
   */
  handshakeTimeoutMs?: number;
  /** Whether the server must choose a subprotocol when some were offered. @defaultValue true */
  requireProtocol?: boolean;
  /** Ends connecting. */
  signal?: AbortSignalLike;
}

const CAPABILITIES: FrameSocketCapabilities = Object.freeze({
  ping: false,
  pong: false,
  headers: false,
  fragments: false,
  frames: false,
  switches: false,
  backpressure: false,
  terminate: false,
  proxy: false,
  tls: false,
  redirects: false,
  closeCodes: 'application',
});

const SCHEMES: ReadonlyMap<string, string> = new Map([
  ['ws:', 'ws:'],
  ['wss:', 'wss:'],
  ['http:', 'ws:'],
  ['https:', 'wss:'],
]);

/**
 * A WebSocket client by frames, on the WebSocket of a browser: each received message is one frame, and the frames of a
 * message that is sent are joined. What a browser cannot do rejects with `UNSUPPORTED`; `capabilities` tells before.
 *
 * @remarks A browser reads on, whether frames are asked for or not: when `maxBuffered` bytes or 10,000 messages wait,
 * the connection is closed and, behind them, reading fails with `READ_OVERFLOW`.
 *
 * @public
 */
export class FrameSocket extends FrameSocketBase {
  /** What can be done here. */
  static readonly capabilities = CAPABILITIES;

  /**
   * Opens a WebSocket; resolves when frames may go both ways.
   *
   * @param url - `ws:` or `wss:`, absolute, without a fragment.
   * @throws {@link FrameSocketError} `UNSUPPORTED`, `INVALID_URL`, `INVALID_REQUEST`, `CONNECT_FAILED`,
   *   `CONNECT_TIMEOUT`, `HANDSHAKE_INVALID` or `ABORTED`. RangeError and TypeError for options that are none.
   */
  static async connect(url: string | URL, options: ConnectOptions = {}): Promise<FrameSocket> {
    refuseUnsupported(options);
    const settings = resolveSocketOptions(options);
    const limitMs = timeLimit(options);
    const { protocols = [], signal } = options;
    if (signal?.aborted === true) throw aborted(signal);
    const socket = openSocket(checkUrl(url, options.query), typeof protocols === 'string' ? [protocols] : protocols);
    socket.binaryType = 'arraybuffer';
    const engine = await untilOpen(socket, settings, limitMs, signal);
    if (engine.protocol === undefined && protocols.length > 0 && options.requireProtocol !== false) {
      socket.close();
      throw new FrameSocketError('HANDSHAKE_INVALID', { detail: 'none of the subprotocols was chosen' });
    }
    return new FrameSocket(engine);
  }

  /** What can be done here. */
  get capabilities(): FrameSocketCapabilities {
    return CAPABILITIES;
  }

  /** Closes in good order, at the end of an `await using` block. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;

  private constructor(engine: MessageEngine) {
    super(engine);
    const dispose: symbol | undefined = Symbol.asyncDispose;
    if (dispose) Object.defineProperty(this, dispose, { value: () => this.close() });
  }
}

function timeLimit({ connectTimeoutMs = 30_000, handshakeTimeoutMs = 30_000 }: ConnectOptions): number {
  checkTime('connectTimeoutMs', connectTimeoutMs);
  checkTime('handshakeTimeoutMs', handshakeTimeoutMs);
  if (connectTimeoutMs === 0 || handshakeTimeoutMs === 0) return 0;
  return Math.min(connectTimeoutMs + handshakeTimeoutMs, 2_147_483_647);
}

function checkUrl(url: string | URL, query: ConnectOptions['query'] = []): URL {
  let parsed: URL;
  try {
    parsed = new URL(String(url));
  } catch {
    throw invalidUrl('it is no absolute URL');
  }
  const scheme = SCHEMES.get(parsed.protocol);
  if (scheme === undefined) throw invalidUrl(`the scheme is ${parsed.protocol} instead of ws: or wss:`);
  if (String(url).includes('#')) throw invalidUrl('it has a fragment, which a WebSocket URL must not have');
  if (parsed.username !== '' || parsed.password !== '') {
    throw invalidUrl('it has credentials, which not every browser sends; give them in another way');
  }
  parsed.protocol = scheme;
  const pairs = query instanceof Array ? query : Object.entries(query);
  for (const [name, value] of pairs) parsed.searchParams.append(name, value);
  return parsed;
}

function openSocket(url: URL, protocols: readonly string[]): WebSocket {
  try {
    return new WebSocket(url.href, [...protocols]);
  } catch (cause) {
    // The URL was checked, so that a syntax error lies in the subprotocols.
    const isSyntax = cause instanceof DOMException && cause.name === 'SyntaxError';
    const detail = isSyntax ? 'a subprotocol is no token or is there twice' : 'the page may not connect there';
    throw new FrameSocketError(isSyntax ? 'INVALID_REQUEST' : 'CONNECT_FAILED', { detail, cause });
  }
}

/** Takes the socket over in the very event that opens it: no message can come in between. */
function untilOpen(
  socket: WebSocket,
  settings: SocketSettings,
  limitMs: number,
  signal: AbortSignalLike | undefined,
): Promise<MessageEngine> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      cancelTimer();
      forgetSignal();
      socket.onopen = socket.onclose = socket.onerror = null;
    };
    const giveUp = (error: FrameSocketError): void => {
      settle();
      socket.close();
      reject(error);
    };
    const onTime = (): void =>
      giveUp(new FrameSocketError('CONNECT_TIMEOUT', { detail: `the limit is ${limitMs} ms` }));
    const cancelTimer = limitMs === 0 ? () => undefined : systemClock.setTimer(onTime, limitMs);
    const forgetSignal = onAbort(signal, () => giveUp(aborted(signal)));
    socket.onopen = () => {
      settle();
      resolve(new MessageEngine(socket, settings));
    };
    socket.onclose = () =>
      giveUp(new FrameSocketError('CONNECT_FAILED', { detail: 'the browser does not say why' }));
  });
}

function invalidUrl(detail: string): FrameSocketError {
  return new FrameSocketError('INVALID_URL', { detail });
}
