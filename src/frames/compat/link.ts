import type { Duplex } from 'node:stream';
import { direct } from '../node/connector';
import type { DirectOptions } from '../node/connector';
import { Deadline } from '../node/deadline';
import { openStream } from '../node/open-stream';
import type { ConnectTarget } from '../node/target';
import type { TlsOptions } from '../node/tls';

/** An open connection and where it leads. @internal */
export interface Link {
  readonly stream: Duplex;
  readonly target: ConnectTarget;
}

/** How a connection is made. @internal */
export interface LinkOptions {
  readonly target: ConnectTarget;
  readonly direct: DirectOptions;
  readonly tls: TlsOptions;
  /** 0 for no limit. */
  readonly timeoutMs: number;
}

/** @throws FrameSocketError with the code of the step that failed. @internal */
export async function openLink({ target, direct: options, tls, timeoutMs }: LinkOptions): Promise<Link> {
  const deadline = new Deadline(timeoutMs, 'CONNECT_TIMEOUT', undefined);
  try {
    const stream = await openStream(target, direct(options), tls, deadline.signal);
    // Nobody else listens until the next step.
    stream.on('error', () => undefined);
    return { stream, target };
  } finally {
    deadline.release();
  }
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
