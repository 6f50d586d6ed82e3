import { lookup } from 'node:dns';
import { isIPv4, isIPv6 } from 'node:net';
import { FrameSocketError } from '../socket-errors';
import { direct } from './connector';
import type { Connector } from './connector';
import { parseProxy, reachProxy } from './proxy-target';
import { askSocks4 } from './socks4';
import { askSocks5 } from './socks5';
import { StreamReader } from './stream-reader';
import type { ConnectTarget, Credentials } from './target';

/** A SOCKS proxy. @public */
export interface SocksOptions {
  /** `socks4:`, `socks4a:`, `socks5:`, `socks5h:` or `socks:` (5), perhaps with user name and password. */
  url: string | URL;
  /** In place of what the URL says. Only 4 looks names up here; with 4a and 5 the proxy does. */
  version?: 4 | '4a' | 5;
  /** Credentials for the proxy, in place of those in its URL. Versions 4 and 4a send the user name only. */
  auth?: Credentials;
  /** How to reach the proxy. @defaultValue `direct()` */
  connect?: Connector;
}

const PORTS: ReadonlyMap<string, number> = new Map(
  ['socks', 'socks4', 'socks4a', 'socks5', 'socks5h'].map((scheme) => [scheme, 1080]),
);

/**
 * Connects through a SOCKS proxy.
 *
 * @throws {@link FrameSocketError} `INVALID_URL`; the connector rejects with `PROXY_FAILED`, `PROXY_REFUSED`,
 *   `PROXY_UNAUTHORIZED`, `PROXY_INVALID`, with version 4 also `DNS_FAILED`.
 * @see RFC 1928 and RFC 1929 for version 5.
 * @public
 */
export function socks({ url, version, auth, connect = direct() }: SocksOptions): Connector {
  const proxy = parseProxy(url, PORTS);
  const kind = version ?? versionOf(proxy.scheme);
  const credentials = auth ?? proxy.credentials;
  return async (target, signal) => {
    const place = kind === 4 ? await withAddress(target) : target;
    const stream = await reachProxy(proxy, connect, {}, signal);
    const reader = new StreamReader(stream, signal);
    try {
      if (kind === 5) await askSocks5(reader, place, credentials);
      else await askSocks4(reader, place, credentials?.username ?? '');
    } catch (error) {
      stream.on('error', () => undefined).destroy();
      throw error;
    } finally {
      reader.release();
    }
    return stream;
  };
}

function versionOf(scheme: string): 4 | '4a' | 5 {
  return scheme === 'socks4' ? 4 : scheme === 'socks4a' ? '4a' : 5;
}

/** Version 4 knows IPv4 addresses only. */
function withAddress(target: ConnectTarget): Promise<ConnectTarget> {
  if (isIPv4(target.host)) return Promise.resolve(target);
  if (isIPv6(target.host)) throw new FrameSocketError('CONNECT_FAILED', { detail: 'SOCKS 4 knows no IPv6' });
  return new Promise((resolve, reject) => {
    lookup(target.host, { family: 4 }, (cause, host) => {
      if (cause === null) resolve({ ...target, host });
      else reject(new FrameSocketError('DNS_FAILED', { cause }));
    });
  });
}
