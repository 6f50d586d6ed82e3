import { isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import { FrameSocketError } from '../socket-errors';
import { direct } from './connector';
import type { Connector } from './connector';
import { exchange, exchangeError } from './http-exchange';
import type { HttpAnswer } from './http-exchange';
import { parseProxy, reachProxy } from './proxy-target';
import { basicAuthorization } from './target';
import type { ConnectTarget, Credentials } from './target';
import type { TlsOptions } from './tls';

/** An HTTP proxy. @public */
export interface HttpProxyOptions {
  /** `http:` or `https:`, perhaps with user name and password. */
  url: string | URL;
  /** Credentials for the proxy, in place of those in its URL. They reach no server. */
  auth?: Credentials;
  /** TLS to the proxy, for `https:`. */
  tls?: TlsOptions;
  /** How to reach the proxy. @defaultValue `direct()` */
  connect?: Connector;
}

const PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
]);

/** Tinyproxy says 401 where 407 is meant; no server answers a CONNECT. */
const UNAUTHORIZED: ReadonlySet<number> = new Set([401, 407]);

/**
 * Connects through an HTTP proxy, with CONNECT also for `ws:`. The proxy looks the server's name up.
 *
 * @throws {@link FrameSocketError} `INVALID_URL`; the connector rejects with `PROXY_FAILED`, `PROXY_REFUSED`,
 *   `PROXY_UNAUTHORIZED` or `PROXY_INVALID`.
 * @see RFC 9110, section 9.3.6, and RFC 6455, section 4.1.
 * @public
 */
export function httpProxy({ url, auth, tls = {}, connect = direct() }: HttpProxyOptions): Connector {
  const proxy = parseProxy(url, PORTS);
  const credentials = auth ?? proxy.credentials;
  const authorization = credentials === undefined ? undefined : basicAuthorization(credentials);
  return async (target, signal) => {
    const stream = await reachProxy(proxy, connect, tls, signal);
    const answer = await askForTunnel(stream, target, authorization, signal);
    const { status } = answer;
    if (status < 200 || status > 299 || !answer.isSwitched) {
      stream.destroy();
      throw refusal(answer);
    }
    if (answer.rest.length > 0) stream.unshift(answer.rest);
    return stream;
  };
}

async function askForTunnel(
  stream: Duplex,
  { host, port }: ConnectTarget,
  authorization: string | undefined,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const path = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const headers: [string, string][] = [['Host', path]];
  if (authorization !== undefined) headers.push(['Proxy-Authorization', authorization]);
  try {
    return await exchange({ stream, method: 'CONNECT', path, headers, signal });
  } catch (error) {
    throw exchangeError(error, { invalid: 'PROXY_INVALID', lost: 'PROXY_FAILED' });
  }
}

function refusal({ status, headers, rest }: HttpAnswer): FrameSocketError {
  return new FrameSocketError(UNAUTHORIZED.has(status) ? 'PROXY_UNAUTHORIZED' : 'PROXY_REFUSED', {
    detail: `it answered ${status}`,
    answer: { status, headers, body: rest },
  });
}
