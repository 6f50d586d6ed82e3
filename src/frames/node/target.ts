import { FrameSocketError } from '../socket-errors';

/** Where a WebSocket URL leads. @public */
export interface ConnectTarget {
  /** Name or address, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Whether TLS runs over the connection. */
  readonly secure: boolean;
}

/** A user name and a password. @public */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** What the `auth` option says. @public */
export type Authorization = { readonly basic: Credentials } | { readonly bearer: string };

/** Query parameters to add to those of the URL. @public */
export type QueryParameters =
  Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];

/** A parsed URL. @internal */
export interface ParsedUrl extends ConnectTarget {
  /** Path and query. */
  readonly path: string;
  readonly credentials: Credentials | undefined;
}

const SCHEMES: ReadonlyMap<string, { readonly secure: boolean; readonly port: number }> = new Map([
  ['ws:', { secure: false, port: 80 }],
  ['http:', { secure: false, port: 80 }],
  ['wss:', { secure: true, port: 443 }],
  ['https:', { secure: true, port: 443 }],
]);

/**
 * Takes a WebSocket URL apart.
 *
 * @throws {@link FrameSocketError} `INVALID_URL`; its text names no credentials.
 * @internal
 */
export function parseUrl(url: string | URL, query?: QueryParameters): ParsedUrl {
  const parsed = readUrl(url);
  const scheme = SCHEMES.get(parsed.protocol);
  if (scheme === undefined) throw invalid(`the scheme is ${parsed.protocol} instead of ws: or wss:`);
  // An empty fragment leaves no trace in the parsed URL.
  if (String(url).includes('#')) throw invalid('it has a fragment, which a WebSocket URL must not have');
  const pairs = query instanceof Array ? query : Object.entries(query ?? {});
  for (const [name, value] of pairs) parsed.searchParams.append(name, value);
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? scheme.port : Number(parsed.port),
    secure: scheme.secure,
    path: `${parsed.pathname}${parsed.search}`,
    credentials: readCredentials(parsed),
  };
}

function readUrl(url: string | URL): URL {
  const text = String(url);
  // The parser would take these out in silence.
  if (/[\0-\x20\x7f]/.test(text)) throw invalid('it holds a blank or a control character');
  try {
    return new URL(text);
  } catch {
    throw invalid('it is no absolute URL');
  }
}

/** User name and password of a URL, decoded. @internal */
export function readCredentials({ username, password }: URL): Credentials | undefined {
  if (username === '' && password === '') return undefined;
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw invalid('its user name or password is not correctly percent-encoded');
  }
}

/** Value of a header for Basic credentials. @see RFC 7617. @internal */
export function basicAuthorization({ username, password }: Credentials): string {
  if (username.includes(':')) throw new TypeError('A user name for Basic must not hold a colon.');
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}

function invalid(detail: string): FrameSocketError {
  return new FrameSocketError('INVALID_URL', { detail });
}
