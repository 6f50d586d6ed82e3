import type { FetchFunction } from '../adapters/long-polling';
import type { WebSocketConstructor } from '../adapters/websocket';

import { MIN_DOWNLOAD_TIMEOUT } from '../core/requests';

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
  /** Messages that may wait to be sent; one more gets 25. @defaultValue 10,000 */
  maxQueuedMessages?: number;
  /** Their bytes, encoded. @defaultValue 4 MiB */
  maxQueuedBytes?: number;
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
 * @throws TypeError that says how it has to look; the address is not in it, since it may hold a password.
 */
export function parseServer(server = ''): ServerAddress {
  try {
    const address = server.includes('://') ? server.replace(/^ws/i, 'http') : `http://${server}`;
    const { protocol, host, origin, href } = new URL(address);
    // Nothing but an origin: no name, password, path, query or fragment.
    if (/^https?:$/.test(protocol) && href === `${origin}/`) return { host, secure: protocol === 'https:' };
  } catch {
    // Not an address at all.
  }
  throw new TypeError('server must be an address such as "http://192.168.1.5:9324", without path, name or password.');
}

/** True for addresses that do not leave the machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i.test(host);
}

/** Checks a list of names; empty ones are dropped, as the seed's clients do (section 14). */
export function checkNames(names: unknown, what: string): string[] {
  const isList = Array.isArray(names) && names.every((name) => typeof name === 'string');
  return check<string[]>(isList, names, `${what} must be a list of texts`).filter((name) => name !== '');
}

export function checkText(value: unknown, what: string): string {
  return check(typeof value === 'string', value, `${what} must be a text`);
}

/** Seconds, brought into 10 to 600 (T-8). */
export function checkTimeout(value: unknown): number {
  const isNumber = typeof value === 'number' && !Number.isNaN(value);
  const seconds = check<number>(isNumber, value, 'downloadTimeout must be a number of seconds');
  return Math.min(MAX_DOWNLOAD_TIMEOUT, Math.max(MIN_DOWNLOAD_TIMEOUT, Math.round(seconds)));
}

/** @throws TypeError unless the value is right. */
export function check<T>(isRight: boolean, value: unknown, rule: string): T {
  if (!isRight) throw new TypeError(`${rule}, got ${typeof value}.`);
  return value as T;
}
