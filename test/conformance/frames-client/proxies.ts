import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What a proxy was asked, in its own words. */
export interface Asked {
  /** `host:port` as it came. */
  target: string;
  /** Header, or user name and password, that came with it. */
  credentials: string | undefined;
}

/** A proxy that leads everything to one port of this machine, whatever name it was asked for. */
export interface TestProxy {
  readonly port: number;
  readonly asked: Asked[];
  /** Names and values of the headers of each CONNECT, one after the other as they came. */
  readonly rawHeaders: string[][];
  /** Connections that have not ended. */
  open(): number;
  stop(): Promise<void>;
}

export interface ProxyOptions {
  /** Where the tunnels really lead. */
  to: number;
  /** User name and password that must be shown. */
  credentials?: readonly [string, string];
  /** Certificate and key: the proxy itself speaks TLS. */
  tls?: { cert: string; key: string };
  /** In place of a tunnel. */
  answer?: string | Uint8Array;
}

export async function startHttpProxy(options: ProxyOptions): Promise<TestProxy> {
  const server = options.tls === undefined ? createHttpServer() : createHttpsServer(options.tls);
  const asked: Asked[] = [];
  const rawHeaders: string[][] = [];
  server.on('connect', (request: IncomingMessage, client: Duplex) => {
    const credentials = request.headers['proxy-authorization'];
    asked.push({ target: request.url ?? '', credentials });
    rawHeaders.push(request.rawHeaders);
    client.on('error', () => client.destroy());
    const wanted =
      options.credentials && `Basic ${Buffer.from(options.credentials.join(':')).toString('base64')}`;
    if (options.answer !== undefined) client.end(options.answer);
    else if (credentials !== wanted) client.end('HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic\r\n\r\n');
    else lead(client, options.to, 'HTTP/1.1 200 Connected\r\nVia: test\r\n\r\n');
  });
  return listen(server, asked, rawHeaders);
}

export async function startSocksProxy(options: ProxyOptions): Promise<TestProxy> {
  const asked: Asked[] = [];
  const server = createServer((client) => {
    client.on('error', () => client.destroy());
    const read = byteReader(client);
    const serve = options.answer === undefined ? serveSocks(client, read, options, asked) : read(1);
    if (options.answer !== undefined) client.end(options.answer);
    serve.catch(() => client.destroy());
  });
  return listen(server, asked);
}

async function listen(server: Server, asked: Asked[], rawHeaders: string[][] = []): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    rawHeaders,
    open: () => sockets.size,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function lead(client: Duplex, port: number, granted: string | Uint8Array): void {
  const server = connect(port, '127.0.0.1');
  server.on('connect', () => {
    client.removeAllListeners('readable');
    client.write(granted);
    client.pipe(server).pipe(client);
  });
  server.on('error', () => client.destroy());
  client.on('close', () => server.destroy());
}

type Read = (length: number) => Promise<Buffer>;

async function serveSocks(client: Socket, read: Read, options: ProxyOptions, asked: Asked[]): Promise<void> {
  const [version] = await read(1);
  if (version === 4) await serveSocks4(client, read, options, asked);
  else await serveSocks5(client, read, options, asked);
}

async function serveSocks4(client: Socket, read: Read, options: ProxyOptions, asked: Asked[]): Promise<void> {
  const head = await read(7);
  const user = await readText(read);
  const isName = head.subarray(3, 6).every((byte) => byte === 0) && head[6] !== 0;
  const host = isName ? await readText(read) : head.subarray(3).join('.');
  asked.push({ target: `${host}:${head.readUInt16BE(1)}`, credentials: user });
  const isKnown = options.credentials === undefined || options.credentials[0] === user;
  if (isKnown) lead(client, options.to, Uint8Array.of(0, 90, 0, 0, 0, 0, 0, 0));
  else client.end(Uint8Array.of(0, 93, 0, 0, 0, 0, 0, 0));
}

async function serveSocks5(client: Socket, read: Read, options: ProxyOptions, asked: Asked[]): Promise<void> {
  const methods = await read((await read(1))[0] ?? 0);
  let credentials: string | undefined;
  if (options.credentials !== undefined) {
    if (!methods.includes(2)) return void client.end(Uint8Array.of(5, 0xff));
    client.write(Uint8Array.of(5, 2));
    await read(1);
    const user = await read((await read(1))[0] ?? 0);
    const password = await read((await read(1))[0] ?? 0);
    credentials = `${String(user)}:${String(password)}`;
    const isRight = credentials === options.credentials.join(':');
    if (!isRight) return void client.end(Uint8Array.of(1, 1));
    client.write(Uint8Array.of(1, 0));
  } else {
    client.write(Uint8Array.of(5, 0));
  }
  const type = (await read(4))[3] ?? 0;
  const host = await readHost(type, read);
  asked.push({ target: `${type} ${host}:${(await read(2)).readUInt16BE(0)}`, credentials });
  // The least usual answer: a name as its address.
  lead(client, options.to, Uint8Array.of(5, 0, 0, 3, 2, 0x61, 0x62, 0, 80));
}

async function readHost(type: number, read: Read): Promise<string> {
  if (type === 1) return (await read(4)).join('.');
  if (type === 4) return (await read(16)).toString('hex');
  return String(await read((await read(1))[0] ?? 0));
}

async function readText(read: Read): Promise<string> {
  for (let text = ''; ;) {
    const byte = await read(1);
    if (byte[0] === 0) return text;
    text += byte.toString('latin1');
  }
}

/** Takes bytes as they are asked for and leaves the others in the socket. */
function byteReader(socket: Socket): Read {
  let bytes = Buffer.alloc(0);
  let wake: () => void = () => undefined;
  const onReadable = (): void => {
    const more = socket.read() as Buffer | null;
    if (more !== null) bytes = Buffer.concat([bytes, more]);
    wake();
  };
  socket.on('readable', onReadable);
  return async (length) => {
    while (bytes.length < length) await new Promise<void>((resolve) => (wake = resolve));
    const taken = bytes.subarray(0, length);
    bytes = bytes.subarray(length);
    return taken;
  };
}
