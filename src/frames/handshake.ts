import { encodeBase64 } from './base64';
import { acceptDeflateOffer, checkDeflateAnswer, formatDeflateOffers } from './deflate-offer';
import type { DeflateAcceptOptions, DeflateOffer, DeflateParameters } from './deflate-offer';
import { hasMember, headerMembers, headerValues, isFieldValue, isToken } from './http-headers';
import type { HeaderList } from './http-headers';
import { sha1 } from './sha1';

export type { HeaderList } from './http-headers';

/** Fixed text that is hashed together with the key. @see RFC 6455, section 1.3. */
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const VERSION = '13';
const KEY = /^[+/0-9A-Za-z]{22}==$/;
const MAX_RESPONSE_HEAD = 16_384;
const NONCE_LENGTH = 16;
/** Request headers that belong to the handshake. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'upgrade',
  'connection',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-protocol',
  'sec-websocket-extensions',
  'sec-websocket-accept',
]);

/** What a server sees of an upgrade request. @public */
export interface IncomingUpgrade {
  method: string;
  /** Such as `1.1`. */
  httpVersion: string;
  headers: HeaderList;
}

/** What a server offers. @public */
export interface AcceptUpgradeOptions {
  /** Subprotocols, the preferred first. @defaultValue none */
  protocols?: readonly string[];
  /** Compression of messages, when the client offers it. @defaultValue none */
  deflate?: DeflateAcceptOptions | undefined;
}

/** The server's answer. Refused, the connection is closed after it. @public */
export type AcceptUpgradeResult =
  | {
      ok: true;
      responseHeaders: [string, string][];
      protocol: string | undefined;
      deflate?: DeflateParameters;
    }
  | { ok: false; status: number; headers: [string, string][]; message: string };

/**
 * Judges an upgrade request as a server.
 *
 * @param request - Its path, its origin and who may connect are for the caller to judge.
 * @returns Headers of the 101 response, or the status, headers and text of the refusal: 405 for another method than
 *   GET, 426 for a request that wants no WebSocket or another version, 400 for all else that is wrong.
 *
 * @remarks No other extension than compression is ever accepted; offers of the client are passed over, as the protocol
 *   allows.
 * @see RFC 6455, section 4.2.
 * @public
 */
export function acceptUpgrade(
  request: IncomingUpgrade,
  options: AcceptUpgradeOptions = {},
): AcceptUpgradeResult {
  const { headers } = request;
  const refusal = judgeRequest(request);
  if (refusal !== undefined) return refusal;
  const offered = headerMembers(headers, 'sec-websocket-protocol');
  if (!offered.every(isToken) || new Set(offered).size !== offered.length) {
    return refuse(400, 'Sec-WebSocket-Protocol is not a list of different names.');
  }
  const protocol = options.protocols?.find((name) => offered.includes(name));
  const responseHeaders: [string, string][] = [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', acceptValue(headerValues(headers, 'sec-websocket-key')[0]!)],
  ];
  if (protocol !== undefined) responseHeaders.push(['Sec-WebSocket-Protocol', protocol]);
  const accepted = options.deflate === undefined ? undefined : acceptDeflateOffer(headers, options.deflate);
  if (accepted === undefined) return { ok: true, responseHeaders, protocol };
  responseHeaders.push(['Sec-WebSocket-Extensions', accepted.value]);
  return { ok: true, responseHeaders, protocol, deflate: accepted.deflate };
}

function judgeRequest({ method, httpVersion, headers }: IncomingUpgrade): AcceptUpgradeResult | undefined {
  if (method !== 'GET') return refuse(405, 'A WebSocket is opened with GET.', [['Allow', 'GET']]);
  if (httpVersion !== '1.1') return refuse(400, 'A WebSocket is opened over HTTP/1.1.');
  if (headerValues(headers, 'host').length !== 1) return refuse(400, 'Exactly one Host header is needed.');
  if (!hasMember(headers, 'upgrade', 'websocket') || !hasMember(headers, 'connection', 'upgrade')) {
    return refuse(
      426,
      'This address speaks WebSocket: send Upgrade: websocket and Connection: Upgrade.',
      UPGRADE,
    );
  }
  const versions = headerValues(headers, 'sec-websocket-version');
  if (versions.length !== 1 || versions[0] !== VERSION) {
    return refuse(426, `Sec-WebSocket-Version has to be ${VERSION}.`, [
      ...UPGRADE,
      ['Sec-WebSocket-Version', VERSION],
    ]);
  }
  const keys = headerValues(headers, 'sec-websocket-key');
  if (keys.length !== 1 || !KEY.test(keys[0]!)) {
    return refuse(400, 'Exactly one Sec-WebSocket-Key of 16 bytes in base64 is needed.');
  }
  return undefined;
}

const UPGRADE: [string, string][] = [['Upgrade', 'websocket']];

function refuse(status: number, message: string, headers: [string, string][] = []): AcceptUpgradeResult {
  const connection = status === 426 ? 'Upgrade, close' : 'close';
  return { ok: false, status, headers: [['Connection', connection], ...headers], message };
}

/** What a client wants to open. @public */
export interface UpgradeTarget {
  /** Name or address; IPv6 with or without brackets. Names in their ASCII form. */
  host: string;
  /** @defaultValue 443 when secure, else 80 */
  port?: number;
  /** Whether the connection runs over TLS; decides which port goes without saying. @defaultValue false */
  secure?: boolean;
  /** Path and query, as they are to stand in the request. @defaultValue '/' */
  path?: string;
  /** Headers beside those of the handshake. */
  headers?: HeaderList;
  /** Subprotocols, the preferred first. */
  protocols?: readonly string[];
  /** Compression to offer, the preferred first. @defaultValue none */
  deflate?: readonly DeflateOffer[];
  /** 16 fresh random bytes, new for every attempt. */
  nonce: Uint8Array;
}

/** The request as it is to be sent. @public */
export interface UpgradeRequest {
  method: 'GET';
  path: string;
  /** All headers, in order. */
  headers: [string, string][];
  /** Value of `Sec-WebSocket-Key`; the response is checked against it. */
  key: string;
  protocols: readonly string[];
  /** Offers of compression; absent when none were made. */
  deflate?: readonly DeflateOffer[];
}

/**
 * Builds the upgrade request of a client.
 *
 * @throws TypeError for a host, path, header or subprotocol that cannot stand in a request (CR, LF and NUL among them),
 *   a subprotocol twice, a header that belongs to the handshake, or a nonce that is not 16 bytes; RangeError for a port
 *   that is none. No message repeats a header's value.
 *
 * @see RFC 6455, section 4.1.
 * @public
 */
export function createUpgradeRequest(target: UpgradeTarget): UpgradeRequest {
  const { path = '/', headers = [], protocols = [], nonce } = target;
  if (!(nonce instanceof Uint8Array) || nonce.length !== NONCE_LENGTH) {
    throw new TypeError(`The nonce has to be ${NONCE_LENGTH} random bytes.`);
  }
  if (!/^\/[\x21\x22\x24-\x7e]*$/.test(path)) {
    throw new TypeError(
      'The path has to begin with "/" and hold visible ASCII characters only, and no fragment.',
    );
  }
  checkProtocols(protocols);
  headers.forEach(checkHeader);
  const key = encodeBase64(nonce);
  const all: [string, string][] = [
    ['Host', hostHeader(target)],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', key],
    ['Sec-WebSocket-Version', VERSION],
  ];
  if (protocols.length > 0) all.push(['Sec-WebSocket-Protocol', protocols.join(', ')]);
  const { deflate } = target;
  if (deflate !== undefined) all.push(['Sec-WebSocket-Extensions', formatDeflateOffers(deflate)]);
  for (const [name, value] of headers) all.push([name, value]);
  const request: UpgradeRequest = { method: 'GET', path, headers: all, key, protocols: [...protocols] };
  return deflate === undefined ? request : { ...request, deflate };
}

function hostHeader({ host, port, secure = false }: UpgradeTarget): string {
  const bare = /^\[.*\]$/.test(host) ? host.slice(1, -1) : host;
  const isAddress6 = bare.includes(':');
  if (!(isAddress6 ? /^[0-9A-Fa-f:.]+$/ : /^[\w.~-]+$/).test(bare)) {
    throw new TypeError('The host is neither a name in ASCII nor an IP address.');
  }
  const name = isAddress6 ? `[${bare}]` : bare;
  if (port === undefined || port === (secure ? 443 : 80)) return name;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`Port ${port} is not 1 to 65535.`);
  }
  return `${name}:${port}`;
}

function checkProtocols(protocols: readonly string[]): void {
  if (!protocols.every(isToken)) throw new TypeError('A subprotocol is no token.');
  if (new Set(protocols).size !== protocols.length) throw new TypeError('A subprotocol is given twice.');
}

function checkHeader([name, value]: readonly [string, string]): void {
  if (!isToken(name)) throw new TypeError('A header name is no token.');
  if (RESERVED_HEADERS.has(name.toLowerCase())) {
    throw new TypeError(`Header ${name} belongs to the handshake; use the options of the connection for it.`);
  }
  if (!isFieldValue(value)) {
    throw new TypeError(`The value of header ${name} holds a character that must not be sent.`);
  }
}

/** The answer to an upgrade request. @public */
export interface UpgradeResponse {
  /** Such as `1.1`. */
  httpVersion: string;
  status: number;
  headers: HeaderList;
}

/** What a client concludes from an answer. @public */
export type UpgradeResponseResult =
  | { ok: true; protocol: string | undefined; deflate?: DeflateParameters }
  /** `interim`: an informational answer; the real one is still to come. Otherwise the connection is closed. */
  | { ok: false; interim: boolean; status: number; message: string };

/**
 * Judges the server's answer as a client.
 *
 * @param request - What {@link createUpgradeRequest} gave.
 * @param options - `requireProtocol`, true by default: whether an answer without a subprotocol is refused when some
 *   were offered, as browsers do.
 * @returns The agreed subprotocol and compression, or what is wrong with the answer.
 *
 * @see RFC 6455, section 4.1.
 * @public
 */
export function checkUpgradeResponse(
  request: Pick<UpgradeRequest, 'key' | 'protocols' | 'deflate'>,
  response: UpgradeResponse,
  options: { requireProtocol?: boolean } = {},
): UpgradeResponseResult {
  const { status, headers } = response;
  if (isTooLarge(headers)) {
    return notOpened(status, `The response has more than ${MAX_RESPONSE_HEAD} bytes of headers.`);
  }
  if (status >= 100 && status < 200 && status !== 101) {
    return { ...notOpened(status, `The server answered ${status}.`), interim: true };
  }
  const fault =
    findHeadFault(response) ??
    findAcceptFault(request.key, headers) ??
    findProtocolFault(request.protocols, headers, options.requireProtocol ?? true);
  if (fault !== undefined) return notOpened(status, fault);
  const extensions = checkDeflateAnswer(request.deflate ?? [], headers);
  if (!extensions.ok) return notOpened(status, extensions.message);
  const { deflate } = extensions;
  const protocol = headerValues(headers, 'sec-websocket-protocol')[0];
  return deflate === undefined ? { ok: true, protocol } : { ok: true, protocol, deflate };
}

function notOpened(status: number, message: string): Extract<UpgradeResponseResult, { ok: false }> {
  return { ok: false, interim: false, status, message };
}

function findHeadFault({ httpVersion, status, headers }: UpgradeResponse): string | undefined {
  if (status !== 101) return `The server answered ${status} instead of 101.`;
  if (httpVersion !== '1.1') return `The server answered with HTTP/${httpVersion} instead of HTTP/1.1.`;
  if (!hasMember(headers, 'upgrade', 'websocket')) return 'The response has no Upgrade: websocket.';
  if (!hasMember(headers, 'connection', 'upgrade')) return 'The response has no Connection: Upgrade.';
  return undefined;
}

function findAcceptFault(key: string, headers: HeaderList): string | undefined {
  const accepts = headerValues(headers, 'sec-websocket-accept');
  if (accepts.length !== 1) {
    return `The response has ${accepts.length} Sec-WebSocket-Accept headers instead of one.`;
  }
  if (accepts[0] !== acceptValue(key)) {
    return 'Sec-WebSocket-Accept does not belong to the key that was sent.';
  }
  return undefined;
}

function findProtocolFault(
  offered: readonly string[],
  headers: HeaderList,
  required: boolean,
): string | undefined {
  const chosen = headerValues(headers, 'sec-websocket-protocol');
  if (chosen.length > 1) return 'The server chose more than one subprotocol.';
  if (chosen.length === 1 && !offered.includes(chosen[0]!)) {
    return 'The server chose a subprotocol that was not offered.';
  }
  if (chosen.length === 0 && offered.length > 0 && required) {
    return 'The server chose none of the subprotocols offered.';
  }
  return undefined;
}

function isTooLarge(headers: HeaderList): boolean {
  let length = 0;
  for (const [name, value] of headers) length += name.length + value.length + 4;
  return length > MAX_RESPONSE_HEAD;
}

/** Value of `Sec-WebSocket-Accept` for a key. @see RFC 6455, section 4.2.2. @internal */
export function acceptValue(key: string): string {
  return encodeBase64(sha1(new TextEncoder().encode(key + ACCEPT_SUFFIX)));
}
