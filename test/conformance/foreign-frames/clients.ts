import { WebSocket as UndiciSocket } from 'undici';
import { client as WebSocketClient, type connection as WebSocketConnection } from 'websocket';
import { WebSocket } from 'ws';
import { Queue } from '../raw/queue';
import { within } from '../raw/raw-connection';

/** What the exchange needs of somebody else's client. */
export interface ForeignClient {
  readonly protocol: string;
  send(data: string | Uint8Array): void;
  /** The next message, text or bytes; the payload of a Pong as `pong ...`. */
  next(): Promise<string | Uint8Array>;
  close(code?: number, reason?: string): void;
  /** Code and reason that it was told at the end. */
  readonly closed: Promise<[code: number, reason: string]>;
  /** Where it can: text in two fragments with a Ping between them. */
  sendFragments?(first: string, ping: string, second: string): void;
}

export type OpenClient = (url: string, protocols?: string[]) => Promise<ForeignClient>;

export const openWs: OpenClient = async (url, protocols = []) => {
  const socket = new WebSocket(url, protocols, { perMessageDeflate: false });
  const messages = new Queue<string | Uint8Array>();
  socket.on('message', (data: Buffer, isBinary) => messages.push(isBinary ? data : data.toString()));
  socket.on('pong', (data) => messages.push(`pong ${data.toString()}`));
  const closed = new Promise<[number, string]>((resolve) =>
    socket.once('close', (code, reason) => resolve([code, reason.toString()])),
  );
  const opened = new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
  await within(opened, 'open');
  return {
    protocol: socket.protocol,
    send: (data) => socket.send(data),
    next: () => messages.next('message'),
    close: (code, reason) => socket.close(code, reason),
    closed,
    sendFragments: (first, ping, second) => {
      socket.send(first, { fin: false });
      socket.ping(ping);
      socket.send(second);
    },
  };
};

export const openUndici: OpenClient = async (url, protocols = []) => {
  const socket = new UndiciSocket(url, protocols);
  socket.binaryType = 'arraybuffer';
  const messages = new Queue<string | Uint8Array>();
  socket.addEventListener('message', ({ data }: { data: unknown }) =>
    messages.push(data instanceof ArrayBuffer ? new Uint8Array(data) : String(data)),
  );
  const closed = new Promise<[number, string]>((resolve) =>
    socket.addEventListener('close', ({ code, reason }) => resolve([code, reason])),
  );
  const opened = new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', ({ error }) =>
      reject(error instanceof Error ? error : new Error('refused')),
    );
  });
  await within(opened, 'open');
  return {
    protocol: socket.protocol,
    send: (data) => socket.send(data),
    next: () => messages.next('message'),
    close: (code, reason) => socket.close(code, reason),
    closed,
  };
};

/** The npm package `websocket`. It breaks what is longer than 16 KiB into fragments by itself. */
export const openWebSocket: OpenClient = async (url, protocols = []) => {
  const opening = new WebSocketClient({ maxReceivedFrameSize: 0x200000 });
  const opened = new Promise<WebSocketConnection>((resolve, reject) =>
    opening.once('connect', resolve).once('connectFailed', reject),
  );
  opening.connect(url, protocols);
  const socket = await within(opened, 'open');
  const messages = new Queue<string | Uint8Array>();
  socket.on('message', (message) =>
    messages.push(message.type === 'utf8' ? message.utf8Data : message.binaryData),
  );
  const closed = new Promise<[number, string]>((resolve) =>
    socket.once('close', (code, reason) => resolve([code, reason])),
  );
  return {
    protocol: socket.protocol ?? '',
    send: (data) => (typeof data === 'string' ? socket.sendUTF(data) : socket.sendBytes(Buffer.from(data))),
    next: () => messages.next('message'),
    close: (code, reason) => socket.close(code, reason),
    closed,
  };
};
