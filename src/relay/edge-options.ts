import { type DeflateTuning, resolveDeflateTuning } from '../frames/deflate-options';
import type { InlineAccount } from './accounts';
import type { AccountStore } from './account-types';
import { DurableFolder, type DurableStore } from './durable';
import { type Range, type RelayLimits, resolveLimits, resolveRanges } from './limits';
import type { Logger } from './logger';
import type { AccessPolicy } from './policy';
import { hostFrom, originFrom } from './host';

/** One file of the page: what `GET` on its exact path gives. @public */
export interface PageFile {
  readonly body: Uint8Array;
  /** Such as `text/html; charset=utf-8`. */
  readonly contentType: string;
}

/** Limits of the sockets and of HTTP. @public */
export interface EdgeLimits {
  /**
   * From the connection, or the first byte of a further request, to the end of the headers (SEC-14).
   *
   * @defaultValue 10000
   */
  headersDeadlineMs: number;
  /** From the same moment to the end of the body (SEC-14). @defaultValue 15000 */
  bodyDeadlineMs: number;
  /** How long a connection stays open between two requests. @defaultValue 75000 */
  keepAliveMs: number;
  /** Header block of a request, in bytes. @defaultValue 8192 */
  maxHeaderSize: number;
  /**
   * Connections of one address, or one IPv6 /64, that have not yet completed a request or an attach.
   *
   * @defaultValue 50
   */
  maxUnauthenticatedPerAddress: number;
  /** All connections. @defaultValue 19500 */
  maxConnections: number;
}

/**
 * What {@link createRelay} takes. One of `accounts`, `accountStore` and `openAccess` is needed.
 *
 * @public
 */
export interface RelayOptions extends Partial<RelayLimits>, Partial<EdgeLimits> {
  /** Accounts given in code. */
  accounts?: readonly InlineAccount[];
  /** Where accounts are looked up. Its owner closes it. */
  accountStore?: AccountStore;
  /**
   * Lets everybody in, each pair of name and password being an account; only on loopback addresses.
   *
   * @defaultValue false
   */
  openAccess?: boolean;
  /**
   * At least 32 secret bytes that outlive the relay: with the same key, devices come back after a restart without their password
   * being checked.
   *
   * @defaultValue that of `durable`, else random
   */
  resumeKey?: Uint8Array;
  /**
   * A folder in which sessions outlive the relay's process, from `openDurable`; the relay closes it. Messages count as sent once
   * they are on disk. Accounts are looked up again by their generation ({@link Account.generation}).
   */
  durable?: DurableStore;
  /** PEM. The one port then serves TLS and plain connections alike, told apart by their first byte. */
  tls?: { cert: string | Buffer; key: string | Buffer };
  /** Refuses what comes without TLS. @defaultValue false */
  requireTls?: boolean;
  /**
   * Host, with a port if it is not the default one, that clients are told to use (`ip` and `dn` of the login answer).
   *
   * @defaultValue the `Host` that the client asked, else the address its connection came in on
   */
  publicHost?: string;
  /** Told instead of `publicHost` for connections without TLS: some clients want an IPv4 address there (P-49). */
  publicIp?: string;
  /** Names that the relay may be called by, with or without port. @defaultValue any */
  allowedHosts?: readonly string[];
  /**
   * Origins of pages that may use the relay, such as `https://example.org`; other peers send none.
   *
   * @defaultValue any
   */
  allowedOrigins?: readonly string[];
  /** Files to serve, by exact path; `/` is the page itself. @defaultValue none */
  page?: ReadonlyMap<string, PageFile>;
  /**
   * Agrees to permessage-deflate with clients that offer it, as browsers do: true, or how to compress. It costs much
   * time for each message, and lets clients send bytes that are cheap for them and dear for the relay.
   *
   * @defaultValue false
   */
  perMessageDeflate?: boolean | Partial<DeflateTuning>;
  /** @defaultValue silent */
  logger?: Logger;
}

const EDGE_RANGES: Readonly<Record<keyof EdgeLimits, Range>> = {
  headersDeadlineMs: [10_000, 1, 86_400_000],
  bodyDeadlineMs: [15_000, 1, 86_400_000],
  keepAliveMs: [75_000, 1, 86_400_000],
  maxHeaderSize: [8_192, 256, 1_048_576],
  maxUnauthenticatedPerAddress: [50, 1, 1_000_000],
  maxConnections: [19_500, 1, 1_000_000],
};

const MIN_KEY_SIZE = 32;

/** Options, checked and complete. */
export interface Settings {
  readonly limits: RelayLimits;
  readonly edge: EdgeLimits;
  readonly policy: AccessPolicy;
  readonly publicIp: string | undefined;
  readonly publicHost: string | undefined;
  readonly page: ReadonlyMap<string, PageFile>;
  readonly deflate: DeflateTuning | undefined;
  readonly resumeKey: Uint8Array | undefined;
  readonly durable: DurableFolder | undefined;
}

/**
 * Checks all options but the accounts and the TLS material.
 *
 * @throws RangeError for a number out of its range; TypeError for a host, an origin or a path that is none.
 */
export function resolveSettings(options: RelayOptions): Settings {
  const { publicHost, publicIp } = options;
  for (const [name, host] of [
    ['publicHost', publicHost],
    ['publicIp', publicIp],
  ] as const) {
    if (host !== undefined && hostFrom(host) === undefined) throw noHost(name, host);
  }
  for (const path of options.page?.keys() ?? []) {
    if (!path.startsWith('/'))
      throw new TypeError(`page has the path ${JSON.stringify(path)}; begin it with "/".`);
  }
  return {
    limits: resolveLimits(options),
    edge: resolveRanges(EDGE_RANGES, options),
    policy: {
      requireTls: options.requireTls ?? false,
      allowedHosts: options.allowedHosts && new Set(options.allowedHosts.map(readAllowedHost)),
      allowedOrigins: options.allowedOrigins && new Set(options.allowedOrigins.map(readOrigin)),
    },
    publicIp: publicIp ?? publicHost,
    publicHost,
    page: options.page ?? new Map<string, PageFile>(),
    deflate: resolveDeflate(options.perMessageDeflate),
    resumeKey: checkKey(options.resumeKey ?? options.durable?.resumeKey),
    durable: checkDurable(options.durable),
  };
}

function checkKey(key: Uint8Array | undefined): Uint8Array | undefined {
  if (key === undefined || key.length >= MIN_KEY_SIZE) return key;
  throw new RangeError(`resumeKey has ${key.length} bytes; give at least ${MIN_KEY_SIZE}.`);
}

function checkDurable(durable: DurableStore | undefined): DurableFolder | undefined {
  if (durable === undefined || durable instanceof DurableFolder) return durable;
  throw new TypeError('durable is not from openDurable; give what that resolves with.');
}

function resolveDeflate(option: RelayOptions['perMessageDeflate'] = false): DeflateTuning | undefined {
  return option === false ? undefined : resolveDeflateTuning(option === true ? {} : option);
}

function readAllowedHost(host: string): string {
  if (hostFrom(host) === undefined) throw noHost('allowedHosts', host);
  return host.toLowerCase();
}

function readOrigin(text: string): string {
  const origin = originFrom(text);
  if (origin !== undefined) return origin;
  throw new TypeError(
    `allowedOrigins has ${JSON.stringify(text)}; give scheme, host and port only, as browsers do.`,
  );
}

function noHost(name: string, host: string): TypeError {
  return new TypeError(
    `${name} has ${JSON.stringify(host)}; give a name or an address, with ":port" if needed.`,
  );
}
