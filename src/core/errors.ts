/**
 * Every code of the protocol, by name. `0` is success.
 *
 * @see Protocol rule table 11.1 in `src/core/PROTOCOL.md`.
 * @public
 */
export const ErrorCode = {
  SUCCESS: 0,
  UNKNOWN: 1,
  RECIPIENT_NOT_REACHED: 2,
  INVALID_ANSWER: 3,
  NETWORKS_SET: 4,
  SOME_NETWORKS_NOT_SET: 5,
  NOTHING_TO_SEND: 6,
  PROTOCOL: 7,
  WRONG_CREDENTIALS: 8,
  NOT_WHILE_RUNNING: 10,
  SESSION_EXPIRED: 12,
  DOWNLOAD_CANCELLED: 15,
  NO_DATA: 16,
  TWO_DOWNLOADS: 18,
  UNREACHABLE: 20,
  DOWNLOAD_TIMEOUT_LOWERED: 24,
  QUEUE_FULL: 25,
  TOO_LARGE: 26,
  SEQUENCE_GAP: 27,
  INSTANCE_IN_USE: 28,
  RATE_LIMITED: 29,
  TOKEN_EXPIRED: 30,
  NOT_STORED: 31,
  RESUME_REFUSED: 32,
  EXPIRED: 33,
} as const;

/** A code of {@link ErrorCode}, or one that a newer relay invented. @public */
export type ErrorCodeValue = number;

/** Name of a code in {@link ErrorCode}. @public */
export type ErrorCodeName = keyof typeof ErrorCode;

/** Text of each code (table 11.1). */
const TEXTS: Readonly<Record<number, string>> = {
  0: 'Success',
  1: 'Unknown error',
  2: 'One or more recipients were not reached',
  3: 'The server answered with invalid data',
  4: 'All listen networks were set',
  5: 'Some listen networks were not set',
  6: 'Nothing to send',
  7: 'Protocol error',
  8: 'Wrong connect name or password',
  10: 'Connect name and password cannot be changed while running',
  12: 'Session id invalid or expired',
  15: 'Download cancelled',
  16: 'No data before the timeout',
  18: 'Two downloads for one session',
  20: 'The server could not be reached, or bad HTTP status',
  24: 'The download timeout was lowered',
  25: 'The send queue is full',
  26: 'Message too large',
  27: 'Messages missing before this one',
  28: 'Session in use elsewhere',
  29: 'Too many requests',
  30: 'Token expired',
  31: 'Not stored',
  32: 'Session lost; what became of the message is not known',
  33: 'Not taken by the relay in time',
};

const CHECK_SERVER = 'Check that server is the address of a relay';
/** The first thing to do about a code, where there is one. */
const REMEDIES: Readonly<Record<number, string>> = {
  2: 'Take session ids from discover(); send less at once',
  3: CHECK_SERVER,
  5: 'Use networks that the account allows',
  7: CHECK_SERVER,
  8: 'Set the right ones and call start()',
  20: 'Check server and network',
  25: 'Wait for drain',
};

/** Codes after which the same call can succeed later. */
const RETRYABLE = [1, 3, 12, 15, 16, 18, 20, 25, 27, 28, 29, 30, 31, 33];

/** Texts of the relay by code (rule P-106). A Map: the codes come from the network. */
export type ErrorTexts = ReadonlyMap<number, string>;

/** Stable name of a code, or undefined for one that is not in the table. */
export function errorName(code: number): ErrorCodeName | undefined {
  return (Object.keys(ErrorCode) as ErrorCodeName[]).find((name) => ErrorCode[name] === code);
}

/**
 * Describes an error code in words.
 *
 * @param code - A number, or the same as decimal digits.
 * @param texts - Texts that the relay sent; they win over the built-in ones (rule P-106).
 * @returns The text; `Unknown error code N` when there is none.
 * @throws Never.
 *
 * @example
 * ```ts
 * convertErrorCodeToString(8); // 'Wrong connect name or password'
 * ```
 *
 * @see Seed 1, section 3, row `convert_error_code_to_string`.
 * @public
 */
export function convertErrorCodeToString(code: number | string, texts?: ErrorTexts): string {
  return texts?.get(+code) ?? TEXTS[+code] ?? `Unknown error code ${code}`;
}

/** @public */
export interface WebifiErrorOptions {
  /** True when the relay reported it. */
  remote?: boolean;
  cause?: unknown;
  /** Put behind the text of the code: the values that make it concrete. */
  detail?: string;
  texts?: ErrorTexts | undefined;
}

/**
 * What the promises of {@link Webifi} reject with.
 *
 * @public
 */
export class WebifiError extends Error {
  /** Number of the code, see {@link ErrorCode}. */
  readonly code: number;
  /** Stable name of the code, such as `UNREACHABLE`; `UNKNOWN` for a code that is not in the table. */
  override readonly name: ErrorCodeName;
  /** Whether the same call can succeed later without a change. */
  readonly retryable: boolean;
  /** True when the relay reported it, false when it was found on this side. */
  readonly remote: boolean;

  constructor(code: number, { remote = false, cause, detail, texts }: WebifiErrorOptions = {}) {
    const parts = [convertErrorCodeToString(code, texts), detail, REMEDIES[code]];
    super(parts.filter(Boolean).join('. '), { cause });
    this.code = code;
    this.name = errorName(code) ?? 'UNKNOWN';
    this.retryable = RETRYABLE.includes(code);
    this.remote = remote;
  }
}
