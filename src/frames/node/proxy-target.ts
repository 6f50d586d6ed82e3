import type { Duplex } from 'node:stream';
import { FrameSocketError } from '../socket-errors';
import type { Connector } from './connector';
import { openStream } from './open-stream';
import { readCredentials } from './target';
import type { ConnectTarget, Credentials } from './target';
import type { TlsOptions } from './tls';

/** Where a proxy is, and who asks it. @internal */
export interface Proxy extends ConnectTarget {
  readonly scheme: string;
  readonly credentials: Credentials | undefined;
}

/**
 * Takes the URL of a proxy apart.
 *
 * @param ports - The schemes that it may have, with their ports.
 * @throws {@link FrameSocketError} `INVALID_URL`; its text names no credentials.
 * @internal
 */
export function parseProxy(url: string | URL, ports: ReadonlyMap<string, number>): Proxy {
  let parsed: URL;
  try {
    parsed = new URL(String(url));
  } catch {
    throw new FrameSocketError('INVALID_URL', { detail: 'that of the proxy is no absolute URL' });
  }
  const scheme = parsed.protocol.slice(0, -1);
  const port = ports.get(scheme);
  if (port === undefined || parsed.hostname === '') {
    const schemes = [...ports.keys()].join(', ');
    throw new FrameSocketError('INVALID_URL', {
      detail: `that of the proxy has to begin with one of ${schemes}`,
    });
  }
  return {
    scheme,
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? port : Number(parsed.port),
    secure: scheme === 'https',
    credentials: readCredentials(parsed),
  };
}

/** Opens the stream to a proxy. @throws `PROXY_FAILED` with what happened as its cause. @internal */
export async function reachProxy(
  proxy: Proxy,
  connect: Connector,
  tls: TlsOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  try {
    return await openStream(proxy, connect, tls, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof FrameSocketError)) throw error;
    throw new FrameSocketError('PROXY_FAILED', { detail: error.message, cause: error });
  }
}
