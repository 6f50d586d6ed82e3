import { FrameSocketError } from '../socket-errors';
import type { FrameSocketErrorCode } from '../socket-errors';

/** Why a connection could not be made: the numbers that frame-level clients of other languages use. @public */
export const ConnectFailReason = {
  NONE: 0,
  EMPTY_HOSTNAME: 1,
  DNS_FAILED: 2,
  DNS_TIMEOUT: 3,
  ABORTED: 4,
  INTERNAL: 5,
  TIMEOUT: 6,
  /** Refused, or anything else on the way. */
  REFUSED: 7,
  /** The HTTP or SOCKS proxy wants other credentials. */
  PROXY_UNAUTHORIZED: 50,
  TLS_FAILED: 100,
  CERTIFICATE_INVALID: 106,
} as const;

/** A value of {@link ConnectFailReason}. @public */
export type ConnectFailReason = (typeof ConnectFailReason)[keyof typeof ConnectFailReason];

const BY_CODE: Partial<Record<FrameSocketErrorCode, ConnectFailReason>> = {
  ABORTED: ConnectFailReason.ABORTED,
  INVALID_URL: ConnectFailReason.DNS_FAILED,
  PROXY_UNAUTHORIZED: ConnectFailReason.PROXY_UNAUTHORIZED,
  CONNECT_TIMEOUT: ConnectFailReason.TIMEOUT,
  TLS_FAILED: ConnectFailReason.TLS_FAILED,
  CERTIFICATE_INVALID: ConnectFailReason.CERTIFICATE_INVALID,
};

/** @internal */
export function connectFailReason(error: unknown): ConnectFailReason {
  if (!(error instanceof FrameSocketError)) return ConnectFailReason.INTERNAL;
  if (error.code === 'DNS_FAILED') {
    const { cause } = error;
    const isSlow = cause instanceof Error && 'code' in cause && cause.code === 'EAI_AGAIN';
    return isSlow ? ConnectFailReason.DNS_TIMEOUT : ConnectFailReason.DNS_FAILED;
  }
  return BY_CODE[error.code] ?? ConnectFailReason.REFUSED;
}
