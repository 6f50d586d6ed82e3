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
} as const;

/** A code of {@link ErrorCode}, or one that a newer relay invented. @public */
export type ErrorCodeValue = number;

/** Name of a code in {@link ErrorCode}. @public */
export type ErrorCodeName = keyof typeof ErrorCode;

interface CodeEntry {
  readonly text: string;
  /** The first thing to do about it; empty where nothing is to be done. */
  readonly remedy: string;
  /** Whether trying the same again later can help. */
  readonly retryable: boolean;
}

const TABLE: Readonly<Record<ErrorCodeName, CodeEntry>> = {
  SUCCESS: { text: 'Success', remedy: '', retryable: false },
  UNKNOWN: { text: 'Unknown error', remedy: 'Try again; look at the log of the relay if it stays.', retryable: true },
  RECIPIENT_NOT_REACHED: {
    text: 'One or more recipients were not reached',
    remedy: 'Find the present session ids with discover(), and check the size of the message.',
    retryable: false,
  },
  INVALID_ANSWER: {
    text: 'The server answered with invalid data',
    remedy: 'Check that the server address is a Webifi relay.',
    retryable: true,
  },
  NETWORKS_SET: { text: 'All listen networks were set', remedy: '', retryable: false },
  SOME_NETWORKS_NOT_SET: {
    text: 'Some listen networks were not set',
    remedy: 'Use networks that the account allows.',
    retryable: false,
  },
  NOTHING_TO_SEND: { text: 'Nothing to send', remedy: 'Set data; an empty text is allowed.', retryable: false },
  PROTOCOL: { text: 'Protocol error', remedy: 'Check that both sides speak the same version.', retryable: false },
  WRONG_CREDENTIALS: {
    text: 'Wrong connect name or password',
    remedy: 'Set the right connectName and connectPassword, then call start() again.',
    retryable: false,
  },
  NOT_WHILE_RUNNING: {
    text: 'Connect name and password cannot be changed while running',
    remedy: 'Call closeConnection() first.',
    retryable: false,
  },
  SESSION_EXPIRED: {
    text: 'Session id invalid or expired',
    remedy: 'Nothing: a new session is requested by itself.',
    retryable: true,
  },
  DOWNLOAD_CANCELLED: { text: 'Download cancelled', remedy: '', retryable: true },
  NO_DATA: { text: 'No data before the timeout', remedy: '', retryable: true },
  TWO_DOWNLOADS: {
    text: 'Two downloads for one session',
    remedy: 'Nothing: the download timeout is lowered by itself.',
    retryable: true,
  },
  UNREACHABLE: {
    text: 'The server could not be reached, or bad HTTP status',
    remedy: 'Check the server address and the network; connecting goes on by itself.',
    retryable: true,
  },
  DOWNLOAD_TIMEOUT_LOWERED: { text: 'The download timeout was lowered', remedy: '', retryable: false },
};

const NAMES = new Map<number, ErrorCodeName>(
  (Object.keys(ErrorCode) as ErrorCodeName[]).map((name) => [ErrorCode[name], name]),
);

/** Texts of the relay by code (rule P-106). A Map: the codes come from the network. */
export type ErrorTexts = ReadonlyMap<number, string>;

/** Stable name of a code, or undefined for one that is not in the table. */
export function errorName(code: number): ErrorCodeName | undefined {
  return NAMES.get(code);
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
  const number = Number(code);
  const name = NAMES.get(number);
  return texts?.get(number) ?? (name ? TABLE[name].text : `Unknown error code ${String(code)}`);
}

/** @public */
export interface WebifiErrorOptions {
  /** True when the relay reported it. */
  remote?: boolean;
  cause?: unknown;
  /** Put behind the text of the code: the values that make it concrete. */
  detail?: string;
  texts?: ErrorTexts;
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

  constructor(code: number, options: WebifiErrorOptions = {}) {
    const name = NAMES.get(code) ?? 'UNKNOWN';
    const entry = TABLE[name];
    const detail = options.detail ? `: ${options.detail}` : '';
    const text = convertErrorCodeToString(code, options.texts) + detail;
    super(entry.remedy ? `${text}. ${entry.remedy}` : text, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.name = name;
    this.retryable = entry.retryable;
    this.remote = options.remote ?? false;
  }
}
