import { headerValues } from '../http-headers';
import { FrameSocketError } from '../socket-errors';
import type { UpgradeAnswer, UpgradeOptions } from './upgrade-request';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Headers that hold credentials. */
const SECRETS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);
const SCHEMES: ReadonlyMap<string, string> = new Map([
  ['http:', 'ws:'],
  ['https:', 'wss:'],
]);

/** Where to go on, and with what. @internal */
export interface Redirect {
  readonly url: URL;
  readonly options: UpgradeOptions;
}

/**
 * The next place when the answer is a redirect that may be followed.
 *
 * @param left - How many more may be followed; with none at the first answer it is a refusal like any other.
 * @throws {@link FrameSocketError} `REDIRECT_REFUSED` for one that leads from TLS to plain text or nowhere.
 * @see RFC 9110, section 15.4.
 * @internal
 */
export function redirected(
  from: string | URL,
  options: UpgradeOptions,
  answer: UpgradeAnswer,
  left: number,
): Redirect | undefined {
  if (left === 0 || !REDIRECTS.has(answer.status)) return undefined;
  const before = new URL(String(from));
  const url = locate(before, answer);
  if (isSecure(before) && !isSecure(url)) throw refused('it leads from TLS to plain text', answer);
  // The parameters were part of the address that redirected.
  const { query: _, ...rest } = options;
  if (originOf(url) === originOf(before)) {
    [url.username, url.password] = [before.username, before.password];
    return { url, options: rest };
  }
  return { url, options: withoutSecrets(rest) };
}

function locate(before: URL, answer: UpgradeAnswer): URL {
  const [location] = headerValues(answer.headers, 'location');
  if (location === undefined) throw refused('it names no place', answer);
  let url: URL;
  try {
    url = new URL(location, before);
    url.protocol = SCHEMES.get(url.protocol) ?? url.protocol;
  } catch {
    throw refused('its place is no URL', answer);
  }
  url.hash = '';
  // A stranger must not choose the credentials we show.
  url.username = url.password = '';
  return url;
}

function withoutSecrets(options: UpgradeOptions): UpgradeOptions {
  const { auth: _, tls, headers, ...rest } = options;
  const pairs = headers instanceof Array ? headers : Object.entries(headers ?? {});
  const kept: UpgradeOptions = {
    ...rest,
    headers: pairs.filter(([name]) => !SECRETS.has(name.toLowerCase())),
  };
  if (tls !== undefined) {
    const { cert: _cert, key: _key, pfx: _pfx, passphrase: _passphrase, servername: _name, ...others } = tls;
    kept.tls = others;
  }
  return kept;
}

const isSecure = ({ protocol }: URL): boolean => protocol === 'wss:' || protocol === 'https:';

const originOf = (url: URL): string =>
  `${isSecure(url) ? 's' : ''} ${url.hostname} ${url.port === '' ? '' : url.port}`;

function refused(detail: string, answer: UpgradeAnswer): FrameSocketError {
  return new FrameSocketError('REDIRECT_REFUSED', { detail, answer });
}
