import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, TLSSocket } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { FrameSocketError } from '../socket-errors';
import { untilEvent } from './connector';

/** How TLS is used. @public */
export interface TlsOptions extends Pick<
  ConnectionOptions,
  | 'ca'
  | 'cert'
  | 'key'
  | 'pfx'
  | 'passphrase'
  | 'ciphers'
  | 'minVersion'
  | 'maxVersion'
  | 'checkServerIdentity'
> {
  /** Name to ask for and to check the certificate against, in place of the URL's. */
  servername?: string;
  /** Takes any certificate: whoever stands between can then read and change everything. @defaultValue false */
  insecure?: boolean;
}

/**
 * Lays TLS over a stream: certificate and host name are checked, the name is sent unless it is an address, and
 * HTTP/1.1 is the only protocol offered.
 *
 * @throws FrameSocketError `TLS_FAILED` or `CERTIFICATE_INVALID`; the stream is destroyed then.
 * @internal
 */
export function secure(
  stream: Duplex,
  host: string,
  options: TlsOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const { insecure = false, servername, ...rest } = options;
  const name = servername ?? host;
  const socket = begin(stream, {
    ...rest,
    // The identity is checked against `host` when there is no name to send.
    host: name,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: !insecure,
  });
  // What happens to the stream below reaches this one only when it is a socket.
  stream.once('error', (error) => socket.destroy(error));
  return untilEvent(socket, 'secureConnect', signal, tlsError);
}

/** A certificate that cannot be read, or ciphers that do not exist, are found here. */
function begin(stream: Duplex, options: ConnectionOptions): TLSSocket {
  try {
    return connect({ ...options, socket: stream });
  } catch (cause) {
    stream.on('error', () => undefined).destroy();
    throw cause instanceof Error ? tlsError(cause) : cause;
  }
}

/** What TLS agreed on. @internal */
export interface AgreedTls {
  /** Such as `TLSv1.3`. */
  readonly version: string;
  /** By its standard name. */
  readonly cipherSuite: string;
}

/** @returns `undefined` for a stream without TLS. @internal */
export function agreedTls(stream: Duplex): AgreedTls | undefined {
  if (!(stream instanceof TLSSocket)) return undefined;
  return { version: stream.getProtocol() ?? '', cipherSuite: stream.getCipher().standardName };
}

const CERTIFICATE_CODE =
  /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA)/;

function tlsError(cause: NodeJS.ErrnoException): FrameSocketError {
  const detail = cause.code ?? cause.message;
  return new FrameSocketError(CERTIFICATE_CODE.test(detail) ? 'CERTIFICATE_INVALID' : 'TLS_FAILED', {
    detail,
    cause,
  });
}
