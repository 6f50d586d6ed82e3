import type { FetchFunction } from '../adapters/long-polling';
import type { WebSocketConstructor } from '../adapters/websocket';
import { MIN_DOWNLOAD_TIMEOUT } from '../core/polling-link';
import { DEFAULT_DOWNLOAD_TIMEOUT } from '../core/messages';

/** Longest download, in seconds: 10 minutes (seed). */
const MAX_DOWNLOAD_TIMEOUT = 600;

/** Name and password as the application has them, or a function asked before every login. @public */
export type Secret = string | (() => string | Promise<string>);

/** @public */
export interface Credentials {
  connectName: string;
  connectPassword: string;
}

/** Receives what the client has to say about itself; never a secret or a payload. @public */
export interface Logger {
  warn(text: string): void;
}

/**
 * Options of {@link Webifi}; each can also be set by its seed-named function before `start()`.
 *
 * @public
 */
export interface WebifiOptions {
  /**
   * Address of the relay: `http://host:port`, `https://host` or `host:port`, without a path.
   *
   * @defaultValue The page's own origin in a browser, `http://127.0.0.1:9324` elsewhere.
   */
  server?: string;
  /** Connect name, the account at the relay. */
  connectName?: string;
  /** Its password, or a function that gives it before every login. */
  connectPassword?: Secret;
  /** Gives name and password together before every login; wins over the two options above. */
  credentials?: () => Credentials | Promise<Credentials>;
  /** Networks to listen to and to send to by default. @defaultValue none */
  networkNames?: readonly string[];
  /** Name that other devices see in a discovery. @defaultValue the empty text */
  name?: string;
  /** Whether to answer discoveries. @defaultValue true */
  discoverable?: boolean;
  /** WebSocket, or long polling. @defaultValue true */
  useWebSocket?: boolean;
  /** TLS. @defaultValue false, as in the seed; true when `server` begins with `https:` or `wss:` */
  useEncryption?: boolean;
  /** How long one download may stay open with no data, in seconds, 10 to 600. @defaultValue 120 */
  downloadTimeout?: number;
  /** How text travels: `latin-1` is for old peers that take one byte for one character. @defaultValue 'utf-8' */
  textEncoding?: 'utf-8' | 'latin-1';
  /** Bounds of the wait before a connection attempt. @defaultValue 500 and 30,000 milliseconds */
  reconnect?: { minDelayMs?: number; maxDelayMs?: number };
  /** Where warnings go. @defaultValue the console */
  logger?: Logger;
  /** A WebSocket class for unusual runtimes and tests. @defaultValue the platform's */
  WebSocket?: WebSocketConstructor;
  /** A `fetch` for unusual runtimes and tests. @defaultValue the platform's */
  fetch?: FetchFunction;
}

export interface ServerAddress {
  /** `host:port`, or `host` for the default port of the scheme. */
  host: string;
  secure: boolean;
}

/**
 * Reads the address of a relay.
 *
 * @throws TypeError that says what is wrong with it.
 */
export function parseServer(server: string | undefined): ServerAddress {
  if (!server) throw new TypeError('No relay address: pass the option server, such as "http://192.168.1.5:9324".');
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(server) ? server : `http://${server}`;
  let url: URL;
  try {
    url = new URL(text.replace(/^ws/i, 'http'));
  } catch {
    throw new TypeError(`The option server is not an address: ${JSON.stringify(server)}. Use "http://host:port".`);
  }
  if (!/^https?:$/.test(url.protocol)) throw new TypeError(`The option server must be http or https, not ${url.protocol}`);
  if (url.username || url.password) throw new TypeError('Put name and password in connectName and connectPassword.');
  if (url.pathname !== '/' || url.search || url.hash) {
    throw new TypeError(`The option server takes no path: use "${url.origin}".`);
  }
  return { host: url.host, secure: url.protocol === 'https:' };
}

/** True for addresses that do not leave the machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i.test(host);
}

/** Checks a list of names; empty ones are dropped, as the seed's clients do (section 14). */
export function checkNames(names: unknown, what: string): string[] {
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string')) {
    throw new TypeError(`${what} must be a list of texts, got ${describe(names)}.`);
  }
  return (names as string[]).filter((name) => name !== '');
}

export function checkText(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new TypeError(`${what} must be a text, got ${describe(value)}.`);
  return value;
}

/** Seconds, brought into 10 to 600 (T-8). */
export function clampDownloadTimeout(seconds: unknown): number {
  if (typeof seconds !== 'number' || Number.isNaN(seconds)) {
    throw new TypeError(`The download timeout must be a number of seconds, got ${describe(seconds)}.`);
  }
  return Math.min(MAX_DOWNLOAD_TIMEOUT, Math.max(MIN_DOWNLOAD_TIMEOUT, Math.round(seconds)));
}

export function defaultDownloadTimeout(): number {
  return DEFAULT_DOWNLOAD_TIMEOUT;
}

function describe(value: unknown): string {
  return Array.isArray(value) ? 'a list with other things in it' : value === null ? 'null' : typeof value;
}
