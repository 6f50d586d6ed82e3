import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Compression } from '../compression';
import type { DeflateParameters } from '../deflate-offer';
import { resolveDeflateOptions } from '../deflate-options';
import type { DeflateOptions, DeflateSettings } from '../deflate-options';
import { checkUpgradeResponse, createUpgradeRequest } from '../handshake';
import type { HeaderList, UpgradeRequest as RequestHead } from '../handshake';
import { FrameSocketError } from '../socket-errors';
import { checkTime } from '../socket-options';
import { direct } from './connector';
import type { Connector } from './connector';
import { Deadline } from './deadline';
import { createCompression } from './deflate';
import { exchange, exchangeError } from './http-exchange';
import type { HttpAnswer } from './http-exchange';
import { openStream } from './open-stream';
import { basicAuthorization, parseUrl } from './target';
import type { Authorization, Credentials, ParsedUrl, QueryParameters } from './target';
import type { TlsOptions } from './tls';

/** Headers beside those of the handshake, as an object or, where order or repetition matters, as pairs. @public */
export type RequestHeaders = Readonly<Record<string, string>> | HeaderList;

/** How the connection is made and upgraded. @public */
export interface UpgradeOptions {
  /** Headers beside those of the handshake, such as `Origin` or `Cookie`. */
  headers?: RequestHeaders;
  /** Subprotocols, the preferred first. */
  protocols?: string | readonly string[];
  /** Credentials for the server, in place of those in the URL. They reach no proxy. */
  auth?: Authorization;
  /** Query parameters to add to the URL; they are encoded. */
  query?: QueryParameters;
  /** How to reach the server. @defaultValue `direct()` */
  connect?: Connector;
  /** TLS for `wss:` URLs. */
  tls?: TlsOptions;
  /** Time for connecting, proxy and TLS included. Unit: milliseconds; 0 for no limit. @defaultValue 30000 */
  connectTimeoutMs?: number;
  /** Time from there to the whole answer. Unit: milliseconds; 0 for no limit. @defaultValue 30000 */
  handshakeTimeoutMs?: number;
  /**
   * Compression of messages (RFC 7692): true for the usual offer, or what to offer and when to use it.
   *
   * @defaultValue false
   */
  perMessageDeflate?: boolean | DeflateOptions;
  /** Whether the server must choose a subprotocol when some were offered. @defaultValue true */
  requireProtocol?: boolean;
  /** Ends connecting and upgrading at any stage. */
  signal?: AbortSignal;
}

/** What the server answered. @public */
export interface UpgradeAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  /** The beginning of the body, at most 64 KiB; empty with 101. */
  readonly body: Uint8Array;
}

/** What an upgrade ends in. @internal */
export interface Upgraded {
  readonly duplex: Duplex;
  readonly head: Uint8Array;
  readonly protocol: string | undefined;
  readonly deflate: DeflateParameters | undefined;
  readonly compression: Compression | undefined;
}

/**
 * The opening handshake step by step: make it, `send` it, `validate` the answer, and give it to
 * `FrameSocket.fromUpgrade`. `FrameSocket.connect` does all of it.
 *
 * @public
 */
export class UpgradeRequest {
  readonly #url: ParsedUrl;
  readonly #options: UpgradeOptions;
  readonly #deflate: DeflateSettings | undefined;
  #headers: (readonly [string, string])[];
  #head: RequestHead | undefined = undefined;
  #duplex: Duplex | undefined = undefined;
  #answer: HttpAnswer | undefined = undefined;
  #upgraded: Upgraded | undefined = undefined;
  #isTaken = false;

  /** @throws {@link FrameSocketError} `INVALID_URL`; RangeError for a time, limit or window that is none. */
  constructor(url: string | URL, options: UpgradeOptions = {}) {
    checkTime('connectTimeoutMs', options.connectTimeoutMs ?? 0);
    checkTime('handshakeTimeoutMs', options.handshakeTimeoutMs ?? 0);
    this.#url = parseUrl(url, options.query);
    this.#options = options;
    this.#deflate = resolveDeflateOptions(options.perMessageDeflate);
    this.#headers = toPairs(options.headers);
  }

  /** The request's headers as they are or will be sent. */
  get headers(): HeaderList {
    return (this.#head ?? this.addWebSocketHeaders()).headers;
  }

  /** The answer, once `send` has resolved. */
  get answer(): UpgradeAnswer | undefined {
    if (this.#answer === undefined) return undefined;
    const { status, headers, isSwitched, rest } = this.#answer;
    return { status, headers, body: isSwitched ? new Uint8Array(0) : rest };
  }

  /** Sets a header, in place of those of the same name. Only before `send`. */
  setHeader(name: string, value: string): void {
    const lower = name.toLowerCase();
    this.#headers = [...this.#headers.filter(([other]) => other.toLowerCase() !== lower), [name, value]];
    this.#head = undefined;
  }

  /**
   * Completes the headers, with a fresh key. `send` does it when it was not done.
   *
   * @throws {@link FrameSocketError} `INVALID_REQUEST` for a header or subprotocol that must not be sent.
   */
  addWebSocketHeaders(): RequestHead {
    const { host, port, secure, path } = this.#url;
    const { protocols = [] } = this.#options;
    try {
      this.#head = createUpgradeRequest({
        host,
        port,
        secure,
        path,
        headers: this.#withAuthorization(),
        protocols: typeof protocols === 'string' ? [protocols] : protocols,
        ...(this.#deflate === undefined ? {} : { deflate: this.#deflate.offers }),
        nonce: randomBytes(16),
      });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new FrameSocketError('INVALID_REQUEST', { detail: error.message, cause: error });
    }
    return this.#head;
  }

  /**
   * Connects, sends the request and reads the answer, whatever it is. Every failure closes the connection.
   *
   * @throws {@link FrameSocketError} with one of the codes for connecting, the proxy or the handshake.
   */
  async send(): Promise<UpgradeAnswer> {
    const head = this.#head ?? this.addWebSocketHeaders();
    if (this.#duplex !== undefined) throw new TypeError('The request was sent already; make a new one.');
    const { connect = direct(), tls = {}, connectTimeoutMs, handshakeTimeoutMs, signal } = this.#options;
    const connecting = new Deadline(connectTimeoutMs ?? 30_000, 'CONNECT_TIMEOUT', signal);
    try {
      this.#duplex = await openStream(this.#url, connect, tls, connecting.signal);
    } finally {
      connecting.release();
    }
    // Between the answer and the first read nobody else listens.
    this.#duplex.on('error', () => undefined);
    const answering = new Deadline(handshakeTimeoutMs ?? 30_000, 'HANDSHAKE_TIMEOUT', signal);
    try {
      const { method, path, headers } = head;
      const stream = this.#duplex;
      this.#answer = await exchange({ stream, method, path, headers, signal: answering.signal });
    } catch (error) {
      throw exchangeError(error, { invalid: 'HANDSHAKE_INVALID', lost: 'HANDSHAKE_LOST' });
    } finally {
      answering.release();
    }
    return this.answer ?? { status: 0, headers: [], body: new Uint8Array(0) };
  }

  /**
   * Checks the answer. When it is not a valid upgrade, the connection is closed.
   *
   * @throws {@link FrameSocketError} `HANDSHAKE_REJECTED` for another status than 101, with the answer;
   *   `HANDSHAKE_INVALID` for a 101 that does not hold. TypeError before `send`.
   */
  validate(): void {
    const [answer, head, duplex] = [this.#answer, this.#head, this.#duplex];
    if (answer === undefined || head === undefined || duplex === undefined) {
      throw new TypeError('There is no answer yet; send the request first.');
    }
    const { requireProtocol = true } = this.#options;
    const result = checkUpgradeResponse(head, answer, { requireProtocol });
    if (!result.ok || !answer.isSwitched) {
      duplex.destroy();
      const code = answer.status === 101 ? 'HANDSHAKE_INVALID' : 'HANDSHAKE_REJECTED';
      throw new FrameSocketError(code, {
        ...(result.ok ? {} : { detail: result.message }),
        ...(this.answer === undefined ? {} : { answer: this.answer }),
      });
    }
    const { protocol, deflate } = result;
    const settings = this.#deflate;
    const compression =
      deflate === undefined || settings === undefined
        ? undefined
        : createCompression(deflate, 'client', settings.tuning);
    this.#upgraded = { duplex, head: answer.rest, protocol, deflate, compression };
  }

  /** Gives the upgraded stream away. @internal */
  take(): Upgraded {
    if (this.#upgraded === undefined) this.validate();
    const upgraded = this.#upgraded;
    if (upgraded === undefined || this.#isTaken) {
      throw new TypeError('This upgrade was used already; make a new request.');
    }
    this.#isTaken = true;
    return upgraded;
  }

  #withAuthorization(): HeaderList {
    const { auth } = this.#options;
    const { credentials } = this.#url;
    if (auth === undefined && credentials === undefined) return this.#headers;
    if (this.#headers.some(([name]) => name.toLowerCase() === 'authorization')) {
      throw new TypeError('Credentials are given twice: as a header and in `auth` or the URL.');
    }
    return [...this.#headers, ['Authorization', authorizationValue(auth ?? { basic: credentials })]];
  }
}

function authorizationValue(auth: { basic?: Credentials | undefined; bearer?: string }): string {
  if (auth.bearer !== undefined) return `Bearer ${auth.bearer}`;
  if (auth.basic !== undefined) return basicAuthorization(auth.basic);
  throw new TypeError('`auth` has neither `basic` nor `bearer`; give { basic: { username, password } } or { bearer }.');
}

function toPairs(headers: RequestHeaders = []): (readonly [string, string])[] {
  return isPairs(headers) ? [...headers] : Object.entries(headers);
}

function isPairs(headers: RequestHeaders): headers is HeaderList {
  return Array.isArray(headers);
}
