import type { Duplex } from 'node:stream';
import { FrameSocketError } from '../socket-errors';
import type { Connector } from './connector';
import { reasonOf, throwIfAborted } from './deadline';
import type { ConnectTarget } from './target';
import { secure } from './tls';
import type { TlsOptions } from './tls';

/**
 * Opens the stream that a WebSocket runs over, with TLS where the target asks for it.
 *
 * @throws {@link FrameSocketError}; whatever else the connector rejected with becomes the cause of `CONNECT_FAILED`.
 * @internal
 */
export async function openStream(
  { host, port, secure: isSecure }: ConnectTarget,
  connect: Connector,
  tls: TlsOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  throwIfAborted(signal);
  let stream: Duplex;
  try {
    stream = await untilAborted(connect({ host, port, secure: isSecure }, signal), signal);
  } catch (cause) {
    if (cause instanceof FrameSocketError) throw cause;
    throw new FrameSocketError('CONNECT_FAILED', { cause });
  }
  return isSecure ? secure(stream, host, tls, signal) : stream;
}

/** A connector may pass its signal over; what it opens too late is closed. */
function untilAborted(opening: Promise<Duplex>, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(reasonOf(signal));
    signal.addEventListener('abort', onAbort);
    opening
      .then((stream) => {
        if (signal.aborted) stream.on('error', () => undefined).destroy();
        else resolve(stream);
      }, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
