import { FrameSocketError } from './socket-errors';

/** The part of the platform's `AbortSignal` that is used here. @public */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

const nothing = (): void => undefined;

/** Runs when the signal fires. @returns Takes the listener away again. @internal */
export function onAbort(signal: AbortSignalLike | undefined, run: () => void): () => void {
  if (signal === undefined) return nothing;
  signal.addEventListener('abort', run);
  return () => signal.removeEventListener('abort', run);
}

/** What a call fails with when its signal fired. @internal */
export function aborted(signal: AbortSignalLike | undefined): FrameSocketError {
  return new FrameSocketError('ABORTED', { cause: signal?.reason });
}
