import { headerValues, isToken } from './http-headers';
import type { HeaderList } from './http-headers';

const EXTENSION = 'permessage-deflate';
/** The window both sides have when nothing else is agreed, as a power of two. */
const MAX_WINDOW_BITS = 15;
const MIN_WINDOW_BITS = 8;
/** Offers that are looked at in one request. */
const MAX_OFFERS = 16;

/** One way to compress that a client offers. @see RFC 7692, section 7.1. @public */
export interface DeflateOffer {
  /** Whether the server must forget what it sent with every message. @defaultValue false */
  serverNoContextTakeover?: boolean;
  /** Whether we forget what we sent with every message. @defaultValue false */
  clientNoContextTakeover?: boolean;
  /** The largest window the server may use: 8 to 15, a power of two. @defaultValue 15, not mentioned */
  serverMaxWindowBits?: number;
  /**
   * The largest window that we will use, 8 to 15; true says that the server may ask for a smaller one than 15, false
   * that it must not.
   *
   * @defaultValue true in the first offer, false in others
   */
  clientMaxWindowBits?: number | boolean;
}

/** What both sides keep to. @public */
export interface DeflateParameters {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  /** 8 to 15. */
  readonly serverMaxWindowBits: number;
  /** 8 to 15. */
  readonly clientMaxWindowBits: number;
}

/** What a server wants from compression, whatever the client offers. @public */
export interface DeflateAcceptOptions {
  /** @defaultValue false */
  serverNoContextTakeover?: boolean;
  /** @defaultValue false */
  clientNoContextTakeover?: boolean;
  /** The largest window of ours. @defaultValue 15 */
  serverMaxWindowBits?: number;
  /** The largest window of the client; an offer that does not let us ask is declined below 15. @defaultValue 15 */
  clientMaxWindowBits?: number;
}

/** What a client concludes from the extensions of an answer. @internal */
export type DeflateAnswer =
  { ok: true; deflate: DeflateParameters | undefined } | { ok: false; message: string };

interface Parsed {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  readonly serverMaxWindowBits: number | undefined;
  readonly clientMaxWindowBits: number | true | undefined;
}

/**
 * Value of `Sec-WebSocket-Extensions` for a list of offers, the preferred first.
 *
 * @throws RangeError for window bits that are none; TypeError for an empty list.
 * @internal
 */
export function formatDeflateOffers(offers: readonly DeflateOffer[]): string {
  if (offers.length === 0) throw new TypeError('The list of offers for compression is empty.');
  return offers.map(formatOffer).join(', ');
}

/**
 * Judges the extensions that a server chose.
 *
 * @param offers - What was offered; empty when compression was not.
 * @returns The agreed parameters, `undefined` for no compression; or what is wrong.
 *
 * @see RFC 7692, sections 5 and 7.1.
 * @internal
 */
export function checkDeflateAnswer(offers: readonly DeflateOffer[], headers: HeaderList): DeflateAnswer {
  const chosen = extensionMembers(headers);
  if (chosen.length === 0) return { ok: true, deflate: undefined };
  const [first = ''] = chosen;
  if (offers.length === 0 || extensionName(first) !== EXTENSION) {
    return { ok: false, message: 'The server chose an extension that was not offered.' };
  }
  if (chosen.length > 1) return { ok: false, message: 'The server chose compression more than once.' };
  const answer = parseParameters(first);
  if (answer === undefined || answer.clientMaxWindowBits === true) {
    return { ok: false, message: 'The server chose compression with parameters that are not valid.' };
  }
  for (const offer of offers) {
    const deflate = agree(offer, answer);
    if (deflate !== undefined) return { ok: true, deflate };
  }
  return { ok: false, message: 'The server chose compression with parameters that do not fit the offer.' };
}

/**
 * Picks the first offer of a client that a server can keep to. Offers that are not valid are declined.
 *
 * @returns The parameters and the value of `Sec-WebSocket-Extensions`; `undefined` for no compression.
 * @throws RangeError for window bits in `options` that are none.
 * @internal
 */
export function acceptDeflateOffer(
  headers: HeaderList,
  options: DeflateAcceptOptions,
): { deflate: DeflateParameters; value: string } | undefined {
  checkBits('serverMaxWindowBits', options.serverMaxWindowBits ?? MAX_WINDOW_BITS);
  checkBits('clientMaxWindowBits', options.clientMaxWindowBits ?? MAX_WINDOW_BITS);
  for (const member of extensionMembers(headers).slice(0, MAX_OFFERS)) {
    if (extensionName(member) !== EXTENSION) continue;
    const offer = parseParameters(member);
    const answer = offer === undefined ? undefined : answerTo(offer, options);
    if (answer === undefined) continue;
    return { deflate: fillIn(answer), value: formatOffer(answer) };
  }
  return undefined;
}

function formatOffer(offer: DeflateOffer): string {
  const { serverMaxWindowBits, clientMaxWindowBits } = offer;
  const parts = [EXTENSION];
  if (offer.serverNoContextTakeover === true) parts.push('server_no_context_takeover');
  if (offer.clientNoContextTakeover === true) parts.push('client_no_context_takeover');
  if (serverMaxWindowBits !== undefined) {
    parts.push(`server_max_window_bits=${checkBits('serverMaxWindowBits', serverMaxWindowBits)}`);
  }
  if (clientMaxWindowBits === true) parts.push('client_max_window_bits');
  else if (typeof clientMaxWindowBits === 'number') {
    parts.push(`client_max_window_bits=${checkBits('clientMaxWindowBits', clientMaxWindowBits)}`);
  }
  return parts.join('; ');
}

function checkBits(name: string, bits: number): number {
  if (Number.isInteger(bits) && bits >= MIN_WINDOW_BITS && bits <= MAX_WINDOW_BITS) return bits;
  throw new RangeError(
    `${name} is ${String(bits)}; give an integer from ${MIN_WINDOW_BITS} to ${MAX_WINDOW_BITS}.`,
  );
}

/** What holds when this answer is to this offer; `undefined` when it cannot be. */
function agree(offer: DeflateOffer, answer: Parsed): DeflateParameters | undefined {
  if (offer.serverNoContextTakeover === true && !answer.serverNoContextTakeover) return undefined;
  const serverBits = answer.serverMaxWindowBits ?? MAX_WINDOW_BITS;
  if (serverBits > (offer.serverMaxWindowBits ?? MAX_WINDOW_BITS)) return undefined;
  const own = offer.clientMaxWindowBits ?? false;
  const ownBits = typeof own === 'number' ? own : MAX_WINDOW_BITS;
  const asked = answer.clientMaxWindowBits;
  if (typeof asked === 'number' && (own === false || asked > ownBits)) return undefined;
  return {
    serverNoContextTakeover: answer.serverNoContextTakeover,
    clientNoContextTakeover: answer.clientNoContextTakeover || offer.clientNoContextTakeover === true,
    serverMaxWindowBits: serverBits,
    clientMaxWindowBits: typeof asked === 'number' ? asked : ownBits,
  };
}

function answerTo(offer: Parsed, options: DeflateAcceptOptions): DeflateOffer | undefined {
  const serverBits = Math.min(
    offer.serverMaxWindowBits ?? MAX_WINDOW_BITS,
    options.serverMaxWindowBits ?? MAX_WINDOW_BITS,
  );
  const wanted = options.clientMaxWindowBits ?? MAX_WINDOW_BITS;
  const mayAsk = offer.clientMaxWindowBits !== undefined;
  if (wanted < MAX_WINDOW_BITS && !mayAsk) return undefined;
  const most = typeof offer.clientMaxWindowBits === 'number' ? offer.clientMaxWindowBits : MAX_WINDOW_BITS;
  const clientBits = Math.min(wanted, most);
  return {
    serverNoContextTakeover: offer.serverNoContextTakeover || options.serverNoContextTakeover === true,
    clientNoContextTakeover: offer.clientNoContextTakeover || options.clientNoContextTakeover === true,
    ...(offer.serverMaxWindowBits !== undefined || serverBits < MAX_WINDOW_BITS
      ? { serverMaxWindowBits: serverBits }
      : {}),
    ...(mayAsk && clientBits < MAX_WINDOW_BITS ? { clientMaxWindowBits: clientBits } : {}),
  };
}

function fillIn(answer: DeflateOffer): DeflateParameters {
  const { clientMaxWindowBits } = answer;
  return {
    serverNoContextTakeover: answer.serverNoContextTakeover ?? false,
    clientNoContextTakeover: answer.clientNoContextTakeover ?? false,
    serverMaxWindowBits: answer.serverMaxWindowBits ?? MAX_WINDOW_BITS,
    clientMaxWindowBits: typeof clientMaxWindowBits === 'number' ? clientMaxWindowBits : MAX_WINDOW_BITS,
  };
}

/** Unlike with other lists, an empty member is kept: it is a fault here. */
function extensionMembers(headers: HeaderList): string[] {
  return headerValues(headers, 'sec-websocket-extensions').flatMap((value) => value.split(','));
}

function extensionName(member: string): string {
  return (member.split(';', 1)[0] ?? '').trim().toLowerCase();
}

/** @returns `undefined` for a parameter that is unknown, comes twice or has a value it must not have. */
function parseParameters(member: string): Parsed | undefined {
  const found = new Map<string, number | true>();
  for (const part of member.split(';').slice(1)) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    const value = parseValue(name, equals < 0 ? undefined : part.slice(equals + 1).trim());
    if (value === undefined || found.has(name)) return undefined;
    found.set(name, value);
  }
  const serverBits = found.get('server_max_window_bits');
  return {
    serverNoContextTakeover: found.has('server_no_context_takeover'),
    clientNoContextTakeover: found.has('client_no_context_takeover'),
    serverMaxWindowBits: typeof serverBits === 'number' ? serverBits : undefined,
    clientMaxWindowBits: found.get('client_max_window_bits'),
  };
}

function parseValue(name: string, text: string | undefined): number | true | undefined {
  switch (name) {
    case 'server_no_context_takeover':
    case 'client_no_context_takeover':
      return text === undefined ? true : undefined;
    case 'server_max_window_bits':
      return text === undefined ? undefined : parseBits(text);
    case 'client_max_window_bits':
      return text === undefined ? true : parseBits(text);
    default:
      return undefined;
  }
}

/** A value may stand in quotes, which change nothing. */
function parseBits(text: string): number | undefined {
  const bare = text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
  return isToken(bare) && /^(?:[89]|1[0-5])$/.test(bare) ? Number(bare) : undefined;
}
