import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction, TcpSocketConnectOpts } from 'node:net';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { FrameSocketError } from '../socket-errors';
import { checkTime } from '../socket-options';
import { reasonOf, throwIfAborted } from './deadline';
import type { ConnectTarget } from './target';

/**
 * Opens a stream of bytes to a target. TLS, where the URL asks for it, is laid over it by the socket.
 *
 * @param signal - Fires when nobody waits any more; then the connector closes what it opened and rejects.
 * @public
 */
export type Connector = (target: ConnectTarget, signal: AbortSignal) => Promise<Duplex>;

/** How TCP is used. @public */
export interface DirectOptions {
  /** Sends small frames at once. @defaultValue true */
  noDelay?: boolean;
  /** Has the system look now and then whether the other side is still there. @defaultValue true */
  keepAlive?: boolean;
  /** Silence before the system looks for the first time. Unit: milliseconds. @defaultValue 0, as the system has it */
  keepAliveDelayMs?: number;
  /** 4 or 6 to use only such addresses. @defaultValue 0, both */
  family?: 0 | 4 | 6;
  /** Tries the IPv6 addresses of a name first; only where `family` is 0. @defaultValue false, the order of the lookup */
  preferIpv6?: boolean;
  /**
   * How long one address of a name is tried before the next, where `family` is 0. Unit: milliseconds; less than 10 counts as 10.
   *
   * @defaultValue 250
   */
  attemptTimeoutMs?: number;
  /** Address of this machine to connect from. */
  localAddress?: string;
  /** Port of this machine to connect from. @defaultValue 0, any */
  localPort?: number;
  /** Another way to look names up. */
  lookup?: LookupFunction;
  /** A Unix socket to use in place of host and port; then the other options have no effect. */
  socketPath?: string;
}

/** Connects over TCP or a Unix socket, without a proxy. @throws RangeError for a time that is none. @public */
export function direct(options: DirectOptions = {}): Connector {
  const { socketPath } = options;
  const settings = tcpSettings(options);
  return ({ host, port }, signal) => {
    throwIfAborted(signal);
    const socket = connect(socketPath === undefined ? { host, port, ...settings } : { path: socketPath });
    return untilEvent(socket, 'connect', signal, connectError);
  };
}

function tcpSettings(options: DirectOptions): Partial<TcpSocketConnectOpts> {
  const { noDelay = true, keepAlive = true, keepAliveDelayMs, family = 0, attemptTimeoutMs } = options;
  const { preferIpv6 = false, localAddress, localPort, lookup } = options;
  return {
    noDelay,
    keepAlive,
    family,
    autoSelectFamily: family === 0,
    ...(keepAliveDelayMs === undefined
      ? {}
      : { keepAliveInitialDelay: checkTime('keepAliveDelayMs', keepAliveDelayMs) }),
    ...(attemptTimeoutMs === undefined
      ? {}
      : { autoSelectFamilyAttemptTimeout: Math.max(10, checkTime('attemptTimeoutMs', attemptTimeoutMs)) }),
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(localPort === undefined ? {} : { localPort }),
    ...(lookup === undefined ? {} : { lookup }),
    ...(preferIpv6 && family === 0 ? { lookup: ipv6First(lookup ?? systemLookup) } : {}),
  };
}

/** Puts the IPv6 addresses in front: Node begins with the family of the first. */
function ipv6First(lookup: LookupFunction): LookupFunction {
  return (host, options, done) =>
    lookup(host, options, (error, found, family) => {
      done(error, Array.isArray(found) ? [...found].sort((a, b) => b.family - a.family) : found, family);
    });
}

/**
 * Waits until the stream is ready. In any other outcome the stream is destroyed.
 *
 * @internal
 */
export function untilEvent<Stream extends Duplex>(
  stream: Stream,
  event: string,
  signal: AbortSignal,
  toError: (error: NodeJS.ErrnoException) => FrameSocketError,
): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      stream.off(event, onReady).off('error', onError).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
    };
    const fail = (error: FrameSocketError): void => {
      settle();
      // What comes after it says nothing new.
      stream.on('error', () => undefined);
      stream.destroy();
      reject(error);
    };
    const onReady = (): void => {
      settle();
      resolve(stream);
    };
    const onError = (error: NodeJS.ErrnoException): void => fail(toError(error));
    const onClose = (): void => fail(toError(new Error('it was closed')));
    const onAbort = (): void => fail(reasonOf(signal));
    stream.once(event, onReady).once('error', onError).once('close', onClose);
    signal.addEventListener('abort', onAbort);
  });
}

function connectError(cause: NodeJS.ErrnoException): FrameSocketError {
  if (cause.syscall === 'getaddrinfo') return new FrameSocketError('DNS_FAILED', { cause });
  const detail = cause.code ?? cause.message;
  return new FrameSocketError(cause.code === 'ETIMEDOUT' ? 'CONNECT_TIMEOUT' : 'CONNECT_FAILED', {
    detail,
    cause,
  });
}
