import { readFileSync } from 'node:fs';
import { httpProxy } from '../frames/node/http-proxy';
import { socks } from '../frames/node/socks';
import type { Connector } from '../frames/node/connector';
import type { ConnectOptions } from '../frames/node/frame-socket';
import type { Authorization } from '../frames/node/target';
import { FrameSocketError } from '../frames/socket-errors';
import { systemCode } from '../relay/files';
import { parseArguments, parseNames } from './arguments';
import { UsageError } from './failures';

export const FRAMES_HELP = `Usage: webifi frames URL [options]

A console on the frames of a WebSocket: each one that comes or goes is a line. What you type is sent; /help at the
prompt shows how to send fragments, bytes, Pings and a Close.

  --proxy URL              http, https, socks4, socks4a or socks5 proxy on the way
  --header "NAME: VALUE"   a header of the request; can be given several times
  --protocol A,B           subprotocols to offer, the preferred first
  --origin ORIGIN          the header Origin
  --auth NAME:PASSWORD     credentials for the server
  --bearer TOKEN           a token for the server
  --ca FILE                certificates, PEM, to trust in place of the system's
  --insecure               takes any certificate, of the server and of an https proxy
  --no-auto-pong           leaves Pings to you
  --no-auto-close          leaves the answer to a Close to you
  --unsafe-close-code      lets a Close have any code from 0 to 16383
  --deflate                offers compression
  --max-frame-size BYTES   the longest frame to take; default 16777216
  --timeout MS             limit for connecting, for the answer, for sending and for closing, each; 0 for none;
                           default 30000, for closing 10000
  --wait MS                how long to go on after the end of piped input; default 0
  --json                   one JSON object for each line, out and in
  --help                   this text

With --json the output has objects of type "open", "frame", "close" and "error", and a line of input may be one of
  {"type":"send","text":"...","fin":true}     or with "data" in base64; a frame of the next message without "fin":false
  {"type":"ping","text":"..."}                or with "data"
  {"type":"pong"}
  {"type":"close","code":1000,"reason":"..."}
  {"type":"set","autoPong":true,"autoClose":true}
  {"type":"quit"}

Other users of this machine can see arguments: WEBIFI_PROXY, WEBIFI_AUTH and WEBIFI_BEARER stand in for options left
out. The exit code is 0 after a close handshake, 1 without one or when piped input could not all be sent, 2 for a
command line that cannot be followed.
`;

/** What `webifi frames` was asked to do. */
export interface FramesOptions {
  readonly url: string;
  readonly connect: ConnectOptions;
  /** Whether the console answers Pings and the peer's Close. */
  readonly autoPong: boolean;
  readonly autoClose: boolean;
  readonly waitMs: number;
  readonly json: boolean;
}

const DEFINITIONS = {
  proxy: { type: 'string' },
  header: { type: 'string', multiple: true },
  protocol: { type: 'string' },
  origin: { type: 'string' },
  auth: { type: 'string' },
  bearer: { type: 'string' },
  ca: { type: 'string' },
  insecure: { type: 'boolean' },
  'no-auto-pong': { type: 'boolean' },
  'no-auto-close': { type: 'boolean' },
  'unsafe-close-code': { type: 'boolean' },
  deflate: { type: 'boolean' },
  'max-frame-size': { type: 'string' },
  timeout: { type: 'string' },
  wait: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseArguments<typeof DEFINITIONS>>['values'];
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the options of `webifi frames`.
 *
 * @returns The options, or `'help'` when the help text is asked for.
 * @throws {@link UsageError} when an option is unknown or wrong. Its text holds no value of an option.
 */
export function parseFramesOptions(args: readonly string[], env: Environment): FramesOptions | 'help' {
  const { values, operands } = parseArguments(args, DEFINITIONS, 1);
  if (values.help === true) return 'help';
  const [url] = operands;
  if (url === undefined) throw new UsageError('the URL is missing, such as ws://127.0.0.1:9324/');
  return {
    url,
    connect: connectOptions(values, env),
    autoPong: values['no-auto-pong'] !== true,
    autoClose: values['no-auto-close'] !== true,
    waitMs: parseMs(values.wait ?? '0', '--wait'),
    json: values.json === true,
  };
}

function connectOptions(values: Values, env: Environment): ConnectOptions {
  const tls = {
    insecure: values.insecure === true,
    ...(values.ca === undefined ? {} : { ca: readCertificates(values.ca) }),
  };
  const proxy = values.proxy ?? env.WEBIFI_PROXY ?? '';
  const auth = authorization(values, env);
  return {
    headers: headerList(values),
    tls,
    // The console answers by itself, so that it can show the answers.
    autoPong: false,
    autoClose: false,
    deliverPongs: true,
    unsafeCloseCode: values['unsafe-close-code'] === true,
    requireProtocol: false,
    perMessageDeflate: values.deflate === true,
    ...(values.protocol === undefined ? {} : { protocols: parseNames(values.protocol, '--protocol') }),
    ...(proxy === '' ? {} : { connect: through(proxy, tls) }),
    ...(auth === undefined ? {} : { auth }),
    ...(values['max-frame-size'] === undefined ? {} : { maxFrameSize: parseSize(values['max-frame-size']) }),
    ...(values.timeout === undefined ? {} : timeLimits(parseMs(values.timeout, '--timeout'))),
  };
}

function headerList({ header = [], origin }: Values): [string, string][] {
  const pairs = header.map((line): [string, string] => {
    const colon = line.indexOf(':');
    if (colon < 1) throw new UsageError('--header needs the form "NAME: VALUE"');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return origin === undefined ? pairs : [...pairs, ['Origin', origin]];
}

function authorization(values: Values, env: Environment): Authorization | undefined {
  const bearer = values.bearer ?? (values.auth === undefined ? env.WEBIFI_BEARER : undefined);
  const basic = values.auth ?? (bearer === undefined ? env.WEBIFI_AUTH : undefined);
  if (basic !== undefined && bearer !== undefined) throw new UsageError('give --auth or --bearer, not both');
  if (bearer !== undefined) return { bearer };
  if (basic === undefined) return undefined;
  const colon = basic.indexOf(':');
  if (colon < 0) throw new UsageError('--auth needs the form NAME:PASSWORD');
  return { basic: { username: basic.slice(0, colon), password: basic.slice(colon + 1) } };
}

function through(proxy: string, tls: NonNullable<ConnectOptions['tls']>): Connector {
  try {
    return /^https?:/i.test(proxy) ? httpProxy({ url: proxy, tls }) : socks({ url: proxy });
  } catch (cause) {
    if (!(cause instanceof FrameSocketError)) throw cause;
    throw new UsageError('--proxy must be a URL that begins with http, https, socks4, socks4a or socks5', { cause });
  }
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`the file of --ca cannot be read (${systemCode(cause) ?? 'no reason given'})`, { cause });
  }
}

function timeLimits(ms: number): ConnectOptions {
  // Closing always has an end: a timer of 0 would be over at once.
  return {
    connectTimeoutMs: ms,
    handshakeTimeoutMs: ms,
    idleTimeoutMs: ms,
    closeTimeoutMs: ms === 0 ? MAX_MS : ms,
  };
}

const MAX_MS = 2_147_483_647;

function parseMs(text: string, option: string): number {
  const ms = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(ms <= MAX_MS)) throw new UsageError(`${option} must be a number of milliseconds from 0 to ${MAX_MS}`);
  return ms;
}

function parseSize(text: string): number {
  const size = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (size < 1) throw new UsageError('--max-frame-size must be a number of bytes from 1 on');
  return size;
}
