import type { LookupFunction } from 'node:net';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { FrameSocketError } from '../socket-errors';
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
  /** 4 or 6 to use only such addresses. @defaultValue 0, both */
  family?: 0 | 4 | 6;
  /** Address of this machine to connect from. */
  localAddress?: string;
  /** Another way to look names up. */
  lookup?: LookupFunction;
  /** A Unix socket to use in place of host and port. */
  socketPath?: string;
}

/** Connects over TCP or a Unix socket, without a proxy. @public */
export function direct(options: DirectOptions = {}): Connector {
  const { noDelay = true, keepAlive = true, family = 0, localAddress, lookup, socketPath } = options;
  return ({ host, port }, signal) => {
    throwIfAborted(signal);
    const place =
      socketPath === undefined
        ? { host, port, family, noDelay, keepAlive, autoSelectFamily: family === 0 }
        : { path: socketPath };
    const socket = connect({
      ...place,
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(lookup === undefined ? {} : { lookup }),
    });
    return untilEvent(socket, 'connect', signal, connectError);
  };
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
