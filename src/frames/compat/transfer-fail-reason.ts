import { FrameSocketError } from '../socket-errors';

/** Why bytes could not be sent or received: the numbers that sockets of other languages use. @public */
export const TransferFailReason = {
  NONE: 0,
  NOT_CONNECTED: 2,
  TIMEOUT: 5,
  /** The other side reset the connection. */
  RESET: 7,
  /** The other side ended the connection. */
  CLOSED: 10,
} as const;

/** A value of {@link TransferFailReason}. @public */
export type TransferFailReason = (typeof TransferFailReason)[keyof typeof TransferFailReason];

/** What went wrong on a connection, for everybody who has or had it. @internal */
export interface TransferFailures {
  receive: TransferFailReason;
  send: TransferFailReason;
}

/** Notes why a request was not sent or its answer not received. @internal */
export function noteFailure(failures: TransferFailures, error: unknown): void {
  if (!(error instanceof FrameSocketError)) return;
  if (error.code === 'HANDSHAKE_TIMEOUT') failures.receive = TransferFailReason.TIMEOUT;
  if (error.code !== 'HANDSHAKE_LOST') return;
  const { cause } = error;
  const syscall = cause instanceof Error && 'syscall' in cause ? cause.syscall : undefined;
  if (syscall === 'write') failures.send = TransferFailReason.RESET;
  else failures.receive = syscall === 'read' ? TransferFailReason.RESET : TransferFailReason.CLOSED;
}
