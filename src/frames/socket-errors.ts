import { LogNode, LOG_ROOT, renderHtml, renderText, renderXml } from './log-node';

/**
 * Why no frame could be read: the numbers that frame-level clients of other languages use.
 *
 * @public
 */
export const ReadFailReason = {
  NONE: 0,
  /** Nothing came within the idle timeout. The connection stays usable. */
  TIMEOUT: 1,
  /** The caller's signal fired. The connection stays usable. */
  ABORTED: 2,
  /** The connection is gone. */
  LOST: 3,
  /** The peer sent bytes that are no valid frame; the connection was failed. */
  INVALID: 4,
  OTHER: 99,
} as const;

/** A value of {@link ReadFailReason}. @public */
export type ReadFailReason = (typeof ReadFailReason)[keyof typeof ReadFailReason];

interface ErrorRow {
  readonly failReason: ReadFailReason;
  /** What goes in front of the detail, or is the whole text. */
  readonly text: string;
}

const { TIMEOUT, ABORTED, LOST, INVALID, OTHER } = ReadFailReason;

/** Every failure that a `FrameSocket` reports. @public */
export const FRAME_SOCKET_ERRORS = {
  INVALID_URL: { failReason: OTHER, text: 'The URL cannot be used' },
  INVALID_REQUEST: { failReason: OTHER, text: 'The upgrade request cannot be sent' },
  DNS_FAILED: { failReason: OTHER, text: 'The host name was not found' },
  CONNECT_FAILED: { failReason: OTHER, text: 'The connection could not be made' },
  CONNECT_TIMEOUT: { failReason: OTHER, text: 'The connection was not made in time' },
  CERTIFICATE_INVALID: { failReason: OTHER, text: "The server's certificate was not accepted" },
  TLS_FAILED: { failReason: OTHER, text: 'TLS could not be agreed' },
  PROXY_FAILED: { failReason: OTHER, text: 'The proxy could not be reached or broke off' },
  PROXY_REFUSED: { failReason: OTHER, text: 'The proxy refused' },
  PROXY_UNAUTHORIZED: { failReason: OTHER, text: 'The proxy wants other credentials' },
  PROXY_INVALID: { failReason: OTHER, text: 'The proxy did not answer as one' },
  HANDSHAKE_TIMEOUT: { failReason: OTHER, text: 'The server did not answer the upgrade request in time' },
  HANDSHAKE_LOST: { failReason: OTHER, text: 'The connection ended before the upgrade was answered' },
  HANDSHAKE_REJECTED: { failReason: OTHER, text: 'The server refused the upgrade' },
  HANDSHAKE_INVALID: { failReason: OTHER, text: 'The answer to the upgrade request is not valid' },
  REDIRECT_REFUSED: { failReason: OTHER, text: 'The redirect was not followed' },
  UNSUPPORTED: { failReason: OTHER, text: 'A browser cannot do this' },
  ABORTED: { failReason: ABORTED, text: 'The signal fired' },
  READ_TIMEOUT: { failReason: TIMEOUT, text: 'Nothing came in time; the connection stays usable' },
  READ_IN_PROGRESS: { failReason: OTHER, text: 'Another read is pending; wait for it or abort it' },
  INVALID_FRAME: { failReason: INVALID, text: 'The peer broke the protocol' },
  MESSAGE_TOO_LARGE: { failReason: INVALID, text: 'A message went over a limit' },
  READ_OVERFLOW: { failReason: LOST, text: 'More came than was read; the connection was closed' },
  CONNECTION_LOST: { failReason: LOST, text: 'The connection was lost' },
  CLOSED: { failReason: LOST, text: 'The connection was closed' },
  TERMINATED: { failReason: LOST, text: 'The connection was terminated here' },
  CLOSE_SENT: { failReason: OTHER, text: 'A Close was already sent; nothing may follow it' },
  MESSAGE_OPEN: { failReason: OTHER, text: 'A message is being sent; wait for it' },
  SEND_TIMEOUT: {
    failReason: LOST,
    text: 'The peer took no bytes in time; the connection was ended inside a frame',
  },
  SEND_ABORTED: { failReason: LOST, text: 'The signal fired inside a frame; the connection was ended' },
} as const satisfies Record<string, ErrorRow>;

/** A key of {@link FRAME_SOCKET_ERRORS}. @public */
export type FrameSocketErrorCode = keyof typeof FRAME_SOCKET_ERRORS;

/** What a server or proxy answered instead of what was wanted. @public */
export interface RefusedAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The beginning of the body; empty when there was none or it came too late. */
  readonly body: Uint8Array;
}

/** What belongs to one failure. @internal */
export interface FailureDetail {
  detail?: string;
  cause?: unknown;
  closeCode?: number;
  answer?: RefusedAnswer;
}

/**
 * What the promises of a `FrameSocket` reject with, unless an argument was wrong (`TypeError`, `RangeError`). Texts hold
 * no credentials, header values or payloads.
 *
 * @public
 */
export class FrameSocketError extends Error {
  override readonly name = 'FrameSocketError';
  /** See {@link ReadFailReason}. */
  readonly failReason: ReadFailReason;
  /** What our Close said when the peer broke the protocol. */
  readonly closeCode: number | undefined;
  /** What came instead, with `HANDSHAKE_REJECTED`, `HANDSHAKE_INVALID`, `REDIRECT_REFUSED` and `PROXY_...`. */
  readonly answer: RefusedAnswer | undefined;

  constructor(
    readonly code: FrameSocketErrorCode,
    { detail, cause, closeCode, answer }: FailureDetail = {},
  ) {
    const row: ErrorRow = FRAME_SOCKET_ERRORS[code];
    super(
      detail === undefined ? `${row.text}.` : `${row.text}: ${detail}`,
      cause === undefined ? {} : { cause },
    );
    this.failReason = row.failReason;
    this.closeCode = closeCode;
    this.answer = answer;
  }

  /** The failure with its causes, as indented lines. */
  toText(): string {
    return renderText(storyOf(this));
  }

  /** The failure with its causes, as nested lists. */
  toHtml(): string {
    return renderHtml(storyOf(this));
  }

  /** The failure with its causes, as an XML document. */
  toXml(): string {
    return renderXml(storyOf(this));
  }
}

function storyOf(error: FrameSocketError): LogNode {
  const root = new LogNode(LOG_ROOT);
  tellError(root.child(error.name), error);
  return root;
}

/** Causes that are worth telling. */
const MAX_CAUSES = 5;

/** Puts an error into a log. Of what others threw as its cause only name and code are told. @internal */
export function tellError(log: LogNode, error: unknown): void {
  if (error instanceof FrameSocketError) {
    log.fact('code', error.code);
    log.fact('failReason', error.failReason);
    if (error.closeCode !== undefined) log.fact('closeCode', error.closeCode);
    if (error.answer !== undefined) log.fact('answerStatus', error.answer.status);
  }
  log.fact('error', error instanceof Error ? error.message : 'something that is no Error was thrown');
  let cause = causeOf(error);
  for (let count = 0; cause !== undefined && count < MAX_CAUSES; count++) {
    log.fact('cause', 'code' in cause ? `${cause.name} ${String(cause.code)}` : cause.name);
    cause = causeOf(cause);
  }
}

function causeOf(error: unknown): Error | undefined {
  return error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
}
