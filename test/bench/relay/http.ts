import { LoadSocket, type Scanner } from './load-socket';

/** Text is Latin-1. */
export function requestText(port: number, method: string, path: string, body = ''): string {
  const length = method === 'POST' ? `Content-Length: ${body.length}\r\n` : '';
  const type = method === 'POST' ? 'Content-Type: text/plain;charset=UTF-8\r\n' : '';
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${length}${type}\r\n${body}`;
}

/** Where the head of an HTTP answer ends, or -1. */
export function endOfHead(text: string): number {
  const end = text.indexOf('\r\n\r\n');
  return end < 0 ? -1 : end + 4;
}

/** @throws Error when the length is not told: no server that is measured sends chunks. */
function lengthOfBody(head: string): number {
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (length === undefined || !head.startsWith('HTTP/1.1 200 ')) throw new Error(`The server says ${head}`);
  return Number(length);
}

/** On a connection of its own. @returns The body of the answer. */
export async function request(port: number, method: string, path: string, body?: string): Promise<string> {
  const socket = await LoadSocket.open(port);
  socket.write(requestText(port, method, path, body));
  const answer = await socket.take((text) => {
    const head = endOfHead(text);
    if (head < 0) return -1;
    const end = head + lengthOfBody(text.slice(0, head));
    return text.length < end ? -1 : end;
  });
  socket.drop();
  return answer.slice(endOfHead(answer));
}

/** Like {@link request}. */
export function post(port: number, path: string, body: string): Promise<string> {
  return request(port, 'POST', path, body);
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** Answers on a kept-alive connection; each body is given away as it stands in the chunk. */
export class AnswerScanner implements Scanner {
  delivered = 0;

  constructor(private readonly onBody: (bytes: Buffer, start: number, end: number) => void) {}

  scan(bytes: Buffer, start: number, end: number): number {
    const chunk = bytes.subarray(0, end);
    let at = start;
    while (at < end) {
      const headEnd = chunk.indexOf(HEAD_END, at);
      if (headEnd < 0) return at;
      const body = headEnd + HEAD_END.length;
      const next = body + lengthOfBody(chunk.toString('latin1', at, headEnd));
      if (next > end) return at;
      this.delivered += 1;
      this.onBody(bytes, body, next);
      at = next;
    }
    return at;
  }
}
