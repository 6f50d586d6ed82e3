import type { IncomingMessage } from 'node:http';

/** Largest body that is kept; a proxy for tests has no use for more. */
const MAX_BODY = 16_777_216;
/** Headers that are about one connection, not about what is said over it. */
const HOP_BY_HOP = ['connection', 'upgrade', 'keep-alive', 'transfer-encoding', 'content-length'];

/** An answer that was read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[]>;
  readonly body: Buffer;
}

/** @throws RangeError when it is larger than any test has use for. */
export async function readBody(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BODY) throw new RangeError(`A body has more than ${MAX_BODY} bytes.`);
  }
  return Buffer.concat(chunks);
}

/** What is said about the exchange itself. */
export function plainHeaders(headers: IncomingMessage['headers']): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name));
  return Object.fromEntries(kept) as Record<string, string | string[]>;
}

/** The head as it came, with the end of its last line. */
export function requestHead({ method = 'GET', url = '/', rawHeaders }: IncomingMessage): string {
  const lines = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1] ?? ''}\r\n`] : []));
  return `${method} ${url} HTTP/1.1\r\n${lines.join('')}`;
}

/** The whole answer, as the last one of its connection. */
export function answerText({ status, headers, body }: Answer): string {
  const all = { ...headers, connection: 'close', 'content-length': String(body.length) };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    [value].flat().map((text) => `${name}: ${text}\r\n`),
  );
  return `HTTP/1.1 ${status} Answer of a proxy\r\n${lines.join('')}\r\n${body.toString('latin1')}`;
}
