import type { Duplex } from 'node:stream';
import type { Connector } from '../node/connector';
import { Deadline } from '../node/deadline';
import { openStream } from '../node/open-stream';
import { parseUrl } from '../node/target';
import type { ConnectTarget } from '../node/target';
import { agreedTls } from '../node/tls';
import type { AgreedTls, TlsOptions } from '../node/tls';
import type { ThrottleOptions } from '../throttled-stream';
import { TransferFailReason } from './transfer-fail-reason';
import type { TransferFailures } from './transfer-fail-reason';

/** An open connection, where it leads, and what it keeps when it is handed on. @internal */
export interface Link {
  readonly stream: Duplex;
  readonly target: ConnectTarget;
  readonly tls: AgreedTls | undefined;
  readonly throttle: ThrottleOptions;
  /** 0 for no limit. */
  readonly maxReadIdleMs: number;
  readonly failures: TransferFailures;
}

/** How a connection is made. @internal */
export interface LinkOptions {
  readonly hostname: string;
  readonly port: number;
  readonly secure: boolean;
  readonly connect: Connector;
  readonly tls: TlsOptions;
  /** 0 for no limit. */
  readonly timeoutMs: number;
  readonly throttle: ThrottleOptions;
  readonly maxReadIdleMs: number;
}

/** @throws FrameSocketError with the code of the step that failed. @internal */
export async function openLink(options: LinkOptions): Promise<Link> {
  const { hostname, port, secure, connect, tls, timeoutMs, throttle, maxReadIdleMs } = options;
  const { host } = parseUrl(`ws://${hostInUrl(hostname)}:${port}/`);
  const target: ConnectTarget = { host, port, secure };
  const deadline = new Deadline(timeoutMs, 'CONNECT_TIMEOUT', undefined);
  try {
    const stream = await openStream(target, connect, tls, deadline.signal);
    // Nobody else listens until the next step.
    stream.on('error', () => undefined);
    const failures = { receive: TransferFailReason.NONE, send: TransferFailReason.NONE };
    return { stream, target, tls: agreedTls(stream), throttle, maxReadIdleMs, failures };
  } finally {
    deadline.release();
  }
}

/** A host name or address as it stands in a URL. @throws TypeError for what is neither. @internal */
export function hostInUrl(name: string): string {
  const bare = name.replace(/^\[|\]$/g, '');
  if (!/^[^\s/?#@\\[\]]+$/.test(bare)) throw new TypeError('The host name is empty or none.');
  return bare.includes(':') ? `[${bare}]` : bare;
}

/** Ends a connection in good order, or at once when that takes too long. @internal */
export async function endLink({ stream }: Link, maxWaitMs: number): Promise<void> {
  if (stream.destroyed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => stream.destroy(), Math.max(0, maxWaitMs));
    stream.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    stream.resume();
    stream.end();
  });
}
