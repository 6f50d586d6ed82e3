import { type Address, RawConnection, STEP_DEADLINE_MS, toBytes } from './raw-connection';

export type HeaderList = [name: string, value: string][];

export interface RawRequest {
  method?: string;
  path: string;
  /** Replaces `Content-Type` and `Content-Length`; `Host` is always sent first. */
  headers?: HeaderList;
  /** Text counts as Latin-1: one character, one byte. */
  body?: string | Uint8Array;
}

export interface RawResponse {
  status: number;
  /** Names in lower case, in the order received. */
  headers: HeaderList;
  /** Latin-1 text: one character, one byte. */
  body: string;
}

/** A request whose answer may be long in coming. */
export interface PendingRequest {
  response: Promise<RawResponse>;
  readonly isAnswered: boolean;
  /** Closes the connection without waiting for an answer. */
  drop(): void;
}

export function headerValues(response: RawResponse, name: string): string[] {
  return response.headers.filter(([header]) => header === name).map(([, value]) => value);
}

export function headerValue(response: RawResponse, name: string): string | undefined {
  return headerValues(response, name)[0];
}

export function requestHead(address: Address, request: RawRequest): string {
  const size = toBytes(request.body ?? '').length;
  const headers: HeaderList = request.headers ?? [
    ['Content-Type', 'application/octet-stream'],
    ['Content-Length', String(size)],
  ];
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const start = `${request.method ?? 'POST'} ${request.path} HTTP/1.1\r\n`;
  return `${start}Host: ${address.host}:${address.port}\r\n${lines}\r\n`;
}

/** Sends one request on a connection of its own, as the protocol's clients do. */
export async function startRequest(
  address: Address,
  request: RawRequest,
  deadlineMs = STEP_DEADLINE_MS,
): Promise<PendingRequest> {
  const connection = await RawConnection.open(address);
  connection.write(requestHead(address, request));
  if (request.body !== undefined) connection.write(request.body);
  let isAnswered = false;
  const response = readResponse(connection, request.method, deadlineMs).finally(() => {
    isAnswered = true;
    connection.destroy();
  });
  // A dropped request is allowed to stay unread; whoever awaits the response still sees the failure.
  response.catch(() => undefined);
  return {
    response,
    get isAnswered() {
      return isAnswered;
    },
    drop: () => connection.destroy(),
  };
}

export async function send(address: Address, request: RawRequest, deadlineMs?: number): Promise<RawResponse> {
  const pending = await startRequest(address, request, deadlineMs);
  return pending.response;
}

export async function post(address: Address, path: string, body: string | Uint8Array): Promise<RawResponse> {
  return send(address, { path, body });
}

export async function readResponse(
  connection: RawConnection,
  method = 'POST',
  deadlineMs = STEP_DEADLINE_MS,
): Promise<RawResponse> {
  const head = await connection.readUntil('\r\n\r\n', deadlineMs);
  const [statusLine = '', ...lines] = head.split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3})( |$)/.exec(statusLine);
  if (!status) throw new Error(`not an HTTP/1.1 status line: ${JSON.stringify(statusLine)}`);
  const response: RawResponse = { status: Number(status[1]), headers: lines.map(splitHeader), body: '' };
  const hasNoBody = method === 'HEAD' || response.status < 200 || response.status === 204;
  if (!hasNoBody) response.body = await readBody(connection, response, deadlineMs);
  return response;
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  if (colon <= 0) throw new Error(`not a header line: ${JSON.stringify(line)}`);
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

async function readBody(
  connection: RawConnection,
  response: RawResponse,
  deadlineMs: number,
): Promise<string> {
  if (headerValue(response, 'transfer-encoding')?.toLowerCase() === 'chunked') {
    return readChunkedBody(connection, deadlineMs);
  }
  const length = headerValue(response, 'content-length');
  const body =
    length === undefined ? connection.readToEnd(deadlineMs) : connection.read(Number(length), deadlineMs);
  return (await body).toString('latin1');
}

async function readChunkedBody(connection: RawConnection, deadlineMs: number): Promise<string> {
  let body = '';
  for (;;) {
    const size = parseInt(await connection.readUntil('\r\n', deadlineMs), 16);
    body += (await connection.read(size, deadlineMs)).toString('latin1');
    await connection.readUntil('\r\n', deadlineMs);
    if (size === 0) return body;
  }
}
