import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { FrameSocketError } from '../socket-errors';
import { reasonOf, throwIfAborted } from './deadline';

/** Bytes of a status line and headers. */
const MAX_HEAD = 16_384;
/** Bytes kept of a body that came in place of an upgrade. */
const MAX_BODY = 65_536;

/** One request over a stream of its own. @internal */
export interface HttpExchange {
  readonly stream: Duplex;
  readonly method: 'GET' | 'CONNECT';
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly signal: AbortSignal;
}

/** The answer. @internal */
export interface HttpAnswer {
  readonly httpVersion: string;
  readonly status: number;
  /** What stands behind the status. */
  readonly statusText: string;
  readonly headers: [name: string, value: string][];
  /** Whether the stream is ours from here on: it then was not closed. */
  readonly isSwitched: boolean;
  /** What came behind the head: of the new protocol when switched, otherwise the beginning of a body. */
  readonly rest: Uint8Array;
}

/**
 * Sends a request that asks to switch protocols and reads the answer. Interim answers are passed over.
 *
 * @throws The error of the stream or of the parser as it is, for the caller to name; what the signal was fired with.
 *   The stream is destroyed then, and also when the protocol was not switched.
 * @internal
 */
export function exchange({ stream, method, path, headers, signal }: HttpExchange): Promise<HttpAnswer> {
  throwIfAborted(signal);
  return new Promise((resolve, reject) => {
    const asked = request({
      createConnection: () => stream,
      method,
      path,
      headers: headers.flat(),
      setHost: false,
      maxHeaderSize: MAX_HEAD,
      insecureHTTPParser: false,
    });
    const onAbort = (): void => settle(() => reject(reasonOf(signal)), true);
    const onRefused = (answer: IncomingMessage, body: Uint8Array): void =>
      // Out of time while the body came: the status is worth more.
      signal.aborted && reasonOf(signal).code === 'ABORTED'
        ? onAbort()
        : settle(() => resolve(toAnswer(answer, false, body)), true);
    const settle = (tell: () => void, isOver: boolean): void => {
      signal.removeEventListener('abort', onAbort);
      asked.removeAllListeners().on('error', () => undefined);
      if (isOver) stream.destroy();
      tell();
    };
    signal.addEventListener('abort', onAbort);
    const onSwitch = (answer: IncomingMessage, _: Duplex, rest: Uint8Array): void =>
      settle(() => resolve(toAnswer(answer, true, rest)), false);
    asked.on('upgrade', onSwitch).on('connect', onSwitch);
    asked.on('response', (answer) => {
      signal.removeEventListener('abort', onAbort);
      void readBody(answer, signal).then((body) => onRefused(answer, body));
    });
    asked.on('error', (error) => settle(() => reject(error), true));
    asked.end();
  });
}

function toAnswer(answer: IncomingMessage, isSwitched: boolean, rest: Uint8Array): HttpAnswer {
  const { httpVersion, statusCode = 0, statusMessage = '', rawHeaders } = answer;
  const headers: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    headers.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  return { httpVersion, status: statusCode, statusText: statusMessage, headers, isSwitched, rest };
}

/** The beginning of a body, as far as it comes: a body that breaks off still says something. */
async function readBody(answer: IncomingMessage, signal: AbortSignal): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const stop = (): void => void answer.destroy();
  signal.addEventListener('abort', stop);
  try {
    for await (const part of answer as AsyncIterable<Uint8Array>) {
      parts.push(part);
      length += part.length;
      if (length >= MAX_BODY) break;
    }
  } catch {
    // What came is told together with the status.
  } finally {
    signal.removeEventListener('abort', stop);
  }
  return Buffer.concat(parts).subarray(0, MAX_BODY);
}

/** Says why no answer was read. @internal */
export function exchangeError(
  error: unknown,
  codes: { invalid: 'HANDSHAKE_INVALID' | 'PROXY_INVALID'; lost: 'HANDSHAKE_LOST' | 'PROXY_FAILED' },
): FrameSocketError {
  if (error instanceof FrameSocketError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const isParse = code.startsWith('HPE_');
  return new FrameSocketError(isParse ? codes.invalid : codes.lost, {
    ...(code === '' ? {} : { detail: code }),
    cause: error,
  });
}
