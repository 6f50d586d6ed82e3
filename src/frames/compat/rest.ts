import { headerValues } from '../http-headers';
import type { HeaderList } from '../http-headers';
import { direct } from '../node/connector';
import type { HttpAnswer } from '../node/http-exchange';
import { checkTime } from '../socket-options';
import type { BinData } from './bin-data';
import { connectFailReason, ConnectFailReason } from './connect-fail-reason';
import { endLink, openLink } from './link';
import type { Link } from './link';
import type { LogNode } from '../log-node';
import { call, callAsync, Logged } from './logged';
import { RestExchange } from './rest-exchange';
import type { Upgraded } from './rest-exchange';
import { RestRequest } from './rest-request';
import { takeLink } from './socket';
import type { Socket } from './socket';
import type { StringBuilder } from './string-builder';

let upgradeOf: (rest: Rest) => Upgraded;

/**
 * The HTTP request that a WebSocket begins with. GET is the only verb; after another answer than 101 the connection is
 * closed, and redirects are not followed.
 *
 * @public
 */
export class Rest extends Logged {
  /** Time for the whole answer. Unit: milliseconds; 0 for no limit. @defaultValue 30000 */
  IdleTimeoutMs = 30_000;
  /** Time for connecting, TLS included. Unit: milliseconds; 0 for no limit. @defaultValue 30000 */
  ConnectTimeoutMs = 30_000;
  /** How often a callback could stop a call; there are no callbacks here, and it has no effect. */
  HeartbeatMs = 0;
  readonly #request = new RestRequest();
  #link: Link | undefined;
  #exchange: RestExchange | undefined;
  #answer: HttpAnswer | undefined;
  #failReason: ConnectFailReason = ConnectFailReason.NONE;
  #sent = { line: '', headers: '' };

  static {
    upgradeOf = (rest) => {
      if (rest.#exchange === undefined) throw new TypeError('No request was sent yet.');
      const upgraded = rest.#exchange.upgrade();
      // From here on it belongs to the WebSocket.
      rest.#link = rest.#exchange = undefined;
      return upgraded;
    };
  }

  /** Why the last `Connect` failed; 0 when it did not. */
  get ConnectFailReason(): ConnectFailReason {
    return this.#failReason;
  }

  /** Value of the Authorization header, such as `Bearer ...`; empty for none. */
  get Authorization(): string {
    return this.#request.header('Authorization') ?? '';
  }

  set Authorization(value: string) {
    call(this, 'Authorization', false, () => {
      if (value === '') this.#request.removeHeader('Authorization');
      else this.#request.setHeader('Authorization', value);
      return true;
    });
  }

  /** Value of the Host header, in place of the name that was connected to; empty for that one. */
  get Host(): string {
    return this.#request.host;
  }

  set Host(value: string) {
    call(this, 'Host', false, () => {
      if (value === '') this.#request.removeHeader('Host');
      else this.#request.setHeader('Host', value);
      return true;
    });
  }

  /** The line that the last request began with. */
  get LastRequestStartLine(): string {
    return this.#sent.line;
  }

  /** All headers of the last request, credentials included. */
  get LastRequestHeader(): string {
    return this.#sent.headers;
  }

  /** Of the last answer; 0 without one. */
  get ResponseStatusCode(): number {
    return this.#answer?.status ?? 0;
  }

  get ResponseStatusText(): string {
    return this.#answer?.statusText ?? '';
  }

  /** All headers of the last answer. */
  get ResponseHeader(): string {
    return this.#responseHeaders.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  }

  get NumResponseHeaders(): number {
    return this.#responseHeaders.length;
  }

  /** The first header with this name, in any case. */
  ResponseHdrByName(name: string): string | null {
    return headerValues(this.#responseHeaders, name.toLowerCase())[0] ?? null;
  }

  /** @param index - From 0 on. */
  ResponseHdrName(index: number): string | null {
    return this.#responseHeaders[index]?.[0] ?? null;
  }

  /** @param index - From 0 on. */
  ResponseHdrValue(index: number): string | null {
    return this.#responseHeaders[index]?.[1] ?? null;
  }

  /** Where the last answer points to; null without a Location. */
  RedirectUrl(): string | null {
    return this.ResponseHdrByName('location');
  }

  /** @param tls - Whether TLS is laid over it, certificate and name checked. @param autoReconnect - Has no effect. */
  async Connect(hostname: string, port: number, tls: boolean, autoReconnect: boolean): Promise<boolean> {
    return callAsync(this, 'Connect', false, async (log) => {
      log.fact('hostname', hostname);
      log.fact('port', port);
      log.fact('tls', tls);
      if (autoReconnect) log.say('Connections are never made again by themselves.');
      this.#drop();
      this.#failReason = hostname === '' ? ConnectFailReason.EMPTY_HOSTNAME : ConnectFailReason.NONE;
      if (hostname === '') throw new TypeError('The host name is empty.');
      try {
        this.#link = await openLink({
          hostname,
          port,
          secure: tls,
          connect: direct(),
          tls: {},
          timeoutMs: checkTime('ConnectTimeoutMs', this.ConnectTimeoutMs),
          throttle: {},
          maxReadIdleMs: 0,
        });
      } catch (error) {
        this.#failReason = connectFailReason(error);
        log.fact('connectFailReason', this.#failReason);
        throw error;
      }
      return true;
    });
  }

  /** Takes the connection of a socket over; the socket has none afterwards. @param autoReconnect - Has no effect. */
  UseConnection(connection: Socket, autoReconnect: boolean): boolean {
    return call(this, 'UseConnection', false, (log) => {
      if (autoReconnect) log.say('Connections are never made again by themselves.');
      const link = takeLink(connection);
      if (link === undefined) throw new TypeError('The socket is not connected.');
      this.#drop();
      this.#link = link;
      return true;
    });
  }

  /** Ends the connection, waiting for the server at most so long. True also when there is none. */
  async Disconnect(maxWaitMs: number): Promise<boolean> {
    return callAsync(this, 'Disconnect', false, async () => {
      const link = this.#link;
      this.#link = this.#exchange = undefined;
      if (link !== undefined) await endLink(link, checkTime('maxWaitMs', maxWaitMs));
      return true;
    });
  }

  /** Sets a header of the requests to come, in place of those of the same name. */
  AddHeader(name: string, value: string): boolean {
    return this.#do('AddHeader', () => this.#request.setHeader(name, value));
  }

  RemoveHeader(name: string): boolean {
    return this.#do('RemoveHeader', () => this.#request.removeHeader(name));
  }

  ClearAllHeaders(): boolean {
    return this.#do('ClearAllHeaders', () => this.#request.clearHeaders());
  }

  /** Sets a query parameter, in place of those of the same name; it is encoded. */
  AddQueryParam(name: string, value: string): boolean {
    return this.#do('AddQueryParam', () => this.#request.setParameter(name, value));
  }

  /** @param queryString - Names and values, encoded already. */
  AddQueryParams(queryString: string): boolean {
    return this.#do('AddQueryParams', () => {
      for (const [name, value] of new URLSearchParams(queryString)) this.#request.setParameter(name, value);
    });
  }

  RemoveQueryParam(name: string): boolean {
    return this.#do('RemoveQueryParam', () => this.#request.removeParameter(name));
  }

  ClearAllQueryParams(): boolean {
    return this.#do('ClearAllQueryParams', () => this.#request.clearParameters());
  }

  /** Has a text in the path replaced with a value, which is encoded. */
  AddPathParam(name: string, value: string): boolean {
    return this.#do('AddPathParam', () => this.#request.setPathParameter(name, value));
  }

  ClearAllPathParams(): boolean {
    return this.#do('ClearAllPathParams', () => this.#request.clearPathParameters());
  }

  SetAuthBasic(username: string, password: string): boolean {
    return this.#do('SetAuthBasic', () => this.#request.setBasic(username, password));
  }

  ClearAuth(): boolean {
    return this.#do('ClearAuth', () => this.#request.removeHeader('Authorization'));
  }

  /** Sends a request without a body. @param verb - `GET`. */
  async SendReqNoBody(verb: string, uriPath: string): Promise<boolean> {
    return callAsync(this, 'SendReqNoBody', false, async (log) => {
      this.#send(log, verb, uriPath);
      return true;
    });
  }

  /** Reads the answer to a request that was sent. @returns Its status; -1 when none came. */
  async ReadResponseHeader(): Promise<number> {
    return callAsync(this, 'ReadResponseHeader', -1, async (log) => (await this.#read(log)).status);
  }

  /** The body of an answer that was read, at most 64 KiB of it, as UTF-8; empty with 101. */
  async ReadRespBodyString(): Promise<string | null> {
    return callAsync<string | null>(this, 'ReadRespBodyString', null, async () => {
      if (this.#answer === undefined) throw new TypeError('There is no answer yet; read its header first.');
      return bodyText(this.#answer);
    });
  }

  /** Sends a request and reads the answer. @returns The body as UTF-8, empty with 101; null when no answer came. */
  async FullRequestNoBody(verb: string, uriPath: string): Promise<string | null> {
    return callAsync<string | null>(this, 'FullRequestNoBody', null, async (log) => {
      this.#send(log, verb, uriPath);
      return bodyText(await this.#read(log));
    });
  }

  /** Like {@link Rest.FullRequestNoBody}; the body takes the place of what was in `sb`. */
  async FullRequestNoBodySb(verb: string, uriPath: string, sb: StringBuilder): Promise<boolean> {
    return callAsync(this, 'FullRequestNoBodySb', false, async (log) => {
      this.#send(log, verb, uriPath);
      return sb.SetString(bodyText(await this.#read(log)));
    });
  }

  /** Like {@link Rest.FullRequestNoBody}; the body takes the place of what was in `binData`. */
  async FullRequestNoBodyBd(verb: string, uriPath: string, binData: BinData): Promise<boolean> {
    return callAsync(this, 'FullRequestNoBodyBd', false, async (log) => {
      this.#send(log, verb, uriPath);
      return binData.LoadBinary(bodyOf(await this.#read(log)));
    });
  }

  get #responseHeaders(): HeaderList {
    return this.#answer?.headers ?? [];
  }

  #do(method: string, work: () => void): boolean {
    return call(this, method, false, () => {
      work();
      return true;
    });
  }

  #send(log: LogNode, verb: string, uriPath: string): void {
    if (verb.toUpperCase() !== 'GET') throw new TypeError('Only GET can be sent: it is what opens a WebSocket.');
    if (this.#link === undefined || this.#link.stream.destroyed) throw new TypeError('There is no connection.');
    const path = this.#request.path(uriPath);
    const headers = this.#request.allHeaders(hostHeader(this.#link));
    log.fact('path', path.split('?', 1)[0] ?? '');
    if (log.isVerbose) tellHeaders(log.child('requestHeaders'), headers);
    this.#sent = {
      line: `GET ${path} HTTP/1.1`,
      headers: headers.map(([name, value]) => `${name}: ${value}\r\n`).join(''),
    };
    this.#answer = undefined;
    this.#exchange = new RestExchange(this.#link, path, headers, checkTime('IdleTimeoutMs', this.IdleTimeoutMs));
  }

  async #read(log: LogNode): Promise<HttpAnswer> {
    if (this.#exchange === undefined) throw new TypeError('No request was sent yet.');
    const answer = await this.#exchange.read();
    this.#answer = answer;
    log.fact('responseStatusCode', answer.status);
    if (log.isVerbose) tellHeaders(log.child('responseHeaders'), answer.headers);
    return answer;
  }

  #drop(): void {
    this.#link?.stream.destroy();
    this.#link = this.#exchange = this.#answer = undefined;
  }
}

/** Headers whose values tell something and can hold no secret. */
const SHOWN: ReadonlySet<string> = new Set([
  'host',
  'upgrade',
  'connection',
  'sec-websocket-version',
  'content-type',
  'content-length',
]);

function tellHeaders(log: LogNode, headers: HeaderList): void {
  for (const [name, value] of headers) {
    log.say(`${name}: ${SHOWN.has(name.toLowerCase()) ? value : `(${value.length} characters)`}`);
  }
}

function hostHeader({ target: { host, port, secure } }: Link): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === (secure ? 443 : 80) ? name : `${name}:${port}`;
}

function bodyOf(answer: HttpAnswer): Uint8Array {
  return answer.isSwitched ? new Uint8Array(0) : answer.rest;
}

function bodyText(answer: HttpAnswer): string {
  return new TextDecoder().decode(bodyOf(answer));
}

/**
 * Checks the answer to the last request and hands its connection over.
 *
 * @throws FrameSocketError as `UpgradeRequest.validate`; TypeError without an answer.
 * @internal
 */
export function takeUpgrade(rest: Rest): Upgraded {
  return upgradeOf(rest);
}
