import { joinBytes } from './bytes';
import type { Fields } from './codec';
import type { ErrorTexts } from './errors';
import { FieldWriter } from './field-writer';
import type { Grant, Resume } from './resume';
import { encodeText } from './text';

/**
 * - `reliable`: kept until the relay has taken it, over any break.
 * - `delivered`: kept until all who get it have acknowledged it.
 * - `volatile`: given up when the link breaks, or a receiver is away or behind.
 *
 * @public
 */
export type SendMode = 'reliable' | 'delivered' | 'volatile';

/** One message on its way out. */
export interface OutgoingMessage {
  readonly data: string | Uint8Array;
  readonly mode?: SendMode | undefined;
  readonly dataType: string;
  readonly toNetworks: readonly string[];
  readonly toSessionIds: readonly string[];
}

/** One received message, its bytes owned by the receiver. */
export interface IncomingMessage {
  readonly bytes: Uint8Array;
  readonly dataType: string;
  /** Session id of the sender. */
  readonly from: string;
  /** The sender's instance and its number for the message; empty and 0 from a sender without the extension. */
  readonly origin: string;
  readonly number: number;
}

/** What a good answer to the login holds (P-5, P-37, P-47). */
export interface Login {
  readonly deviceId: string;
  readonly sessionId: string;
  /** Hosts without and with encryption: the first for upload and WebSocket, the second for download. */
  readonly plainHosts: readonly [string, string];
  readonly secureHosts: readonly [string, string];
  readonly texts: ErrorTexts;
  /** Undefined on a relay without the extension. */
  readonly grant: Grant | undefined;
}

/** Largest message or body taken from a relay: its largest transmission (section 21) with room for the fields. */
export const MAX_ANSWER_SIZE = 65 * 1024 * 1024;

const HOST = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/;
const DEVICE_ID = /^(\d{1,20})s[^~]+$/;

export interface Credentials {
  connectName: string;
  connectPassword: string;
}

/** Features of the extension that this client knows: resume, receipts, volatile messages, durable relays. */
const FEATURES = 'ravd';

/** Body of `POST /` (section 4); with an instance id, the extension is offered. */
export function loginRequest(credentials: Credentials | { token: string }, instance: string | undefined): Uint8Array {
  const writer = new FieldWriter().field('p', 1);
  if ('token' in credentials) writer.field('xr', credentials.token);
  else writer.field('cn', credentials.connectName).field('cp', credentials.connectPassword);
  writer.field('ec', 1);
  if (instance) writer.field('x', 1).field('xf', FEATURES).field('xi', instance);
  return writer.finish();
}

/** Reads a good answer to a login; undefined when it is not as it has to be. */
export function readLogin(fields: Fields): Login | undefined {
  const deviceId = fields.first('id') ?? '';
  const sessionId = DEVICE_ID.exec(deviceId)?.[1];
  const plainHosts = readHosts(fields, 'ip');
  const secureHosts = readHosts(fields, 'dn');
  if (!sessionId || !plainHosts || !secureHosts) return undefined;
  return { deviceId, sessionId, plainHosts, secureHosts, texts: readTexts(fields), grant: readGrant(fields) };
}

/** What the relay grants; undefined when it is not as it has to be. */
function readGrant(fields: Fields): Grant | undefined {
  const token = fields.first('xr');
  const window = /^(\d{1,9}),(\d{1,9})$/.exec(fields.first('xw') ?? '');
  const features = fields.first('xf') ?? '';
  if (fields.first('x') !== '1' || !token || !window || !features.includes('r')) return undefined;
  return {
    token,
    windowMessages: Number(window[1]),
    windowBytes: Number(window[2]),
    maxMessageBytes: readNumber(fields, 'xm') || Infinity,
    isDurable: features.includes('d'),
  };
}

function readHosts(fields: Fields, key: string): [string, string] | undefined {
  const [first, second, ...more] = fields.all(key);
  if (first === undefined || second === undefined || more.length > 0) return undefined;
  return HOST.test(first) && HOST.test(second) ? [first, second] : undefined;
}

/** Error texts start at key `0` and run to the end of the message (P-38). */
function readTexts(fields: Fields): ErrorTexts {
  const texts = new Map<number, string>();
  const first = fields.indexOf('0');
  if (first < 0) return texts;
  for (let i = first; i < fields.length; i++) {
    const code = Number(fields.keys[i]);
    if (Number.isInteger(code)) texts.set(code, fields.text(i));
  }
  return texts;
}

/** The `e` field as a number, or undefined when there is none. */
export function readCode(fields: Fields): number | undefined {
  const code = readNumber(fields, 'e');
  return code < 100_000 ? code : undefined;
}

/** The first field with this key from `start` on, as a number; NaN when it is none. */
export function readNumber(fields: Fields, key: string, start = 0): number {
  const index = fields.indexOf(key, start);
  const text = index < 0 ? '' : fields.text(index);
  return /^\d{1,16}$/.test(text) ? Number(text) : NaN;
}

/** The messages of a receive or of a download answer: each `d` completes one and resets the rest (P-35). */
export function readMessages(fields: Fields, start = 0, end = fields.length): IncomingMessage[] {
  const messages: IncomingMessage[] = [];
  let from = '-1';
  let dataType = '';
  let origin = '';
  let number = 0;
  for (let i = start; i < end; i++) {
    const key = fields.keys[i];
    if (key === 'f') from = fields.text(i);
    else if (key === 'dt') dataType = fields.text(i);
    else if (key === 'xo') origin = fields.text(i);
    else if (key === 'xn') number = readNumber(fields, key, i);
    else if (key === 'd') {
      // A copy: the fields point into memory that the next chunk may take.
      messages.push({ bytes: fields.value(i).slice(), dataType, from, origin, number });
      from = '-1';
      dataType = origin = '';
      number = 0;
    }
  }
  return messages;
}

/** Writes one message as a group of fields (section 5.2); without targets it goes to the sender's own networks (P-87). */
export function writeGroup(writer: FieldWriter, message: OutgoingMessage): void {
  const { toNetworks, toSessionIds, dataType, data, mode } = message;
  if (mode === 'delivered') writer.field('xa', 'd');
  if (mode === 'volatile') writer.field('xv', 1);
  for (const network of toNetworks) writer.field('n', network);
  for (const sessionId of toSessionIds) writer.field('s', sessionId);
  if (dataType !== '') writer.field('dt', dataType);
  writer.field('d', data);
}

const TERMINATOR = encodeText('~t=1');

function terminated(writer: FieldWriter): Uint8Array {
  return writer.append(TERMINATOR).finish();
}

/** `~t=1` alone (section 5.3); with the extension, what was received. */
export function keepAliveMessage(resume: Resume): Uint8Array {
  return resume.grant ? terminated(resume.writeAck(new FieldWriter())) : TERMINATOR;
}

export function attachMessage(deviceId: string, resume: Resume): Uint8Array {
  const writer = request(deviceId);
  if (resume.grant) resume.writeAttach(writer, resume.grant);
  return terminated(writer);
}

export function networksMessage(networks: readonly string[]): Uint8Array {
  const writer = new FieldWriter().field('nc', 1);
  for (const network of networks) writer.field('ns', network);
  return terminated(writer);
}

/** Numbers of the first message that goes out: `xq` within the session, `xn` of this client. */
export interface FirstNumbers {
  readonly first: number;
  readonly number: number;
}

export function sendMessage(groups: Uint8Array, numbers: FirstNumbers, resume: Resume): Uint8Array {
  const head = resume.grant ? [writeNumbers(resume.writeAck(new FieldWriter()), numbers).finish()] : [];
  return joinBytes([...head, groups, TERMINATOR]);
}

/** The numbers stand in front of the first group; those of the next ones follow one by one. */
function writeNumbers(writer: FieldWriter, { first, number }: FirstNumbers): FieldWriter {
  return writer.field('xq', first).field('xn', number);
}

/** `t` ends the session, `c` only this connection (P-7, P-8). */
export function closeMessage(kind: 't' | 'c'): Uint8Array {
  return terminated(new FieldWriter().field('c', kind));
}

/** Seconds a download waits when it names no time (P-67). */
export const DEFAULT_DOWNLOAD_TIMEOUT = 120;
/** Least download timeout, in seconds (P-68, P-112). */
export const MIN_DOWNLOAD_TIMEOUT = 10;

export interface DownloadWish {
  /** The networks to set; undefined for a plain poll. */
  readonly networks: readonly string[] | undefined;
  /** Seconds to wait. */
  readonly timeout: number;
  /** Replaces one that was copied on the way (P-110). */
  readonly replaces: boolean;
  readonly counter: number;
  /** With the extension: binds the session to long polling. */
  readonly attaches: boolean;
}

/** Body of `/Download` (section 6.1). */
export function downloadRequest(deviceId: string, wish: DownloadWish, resume: Resume): Uint8Array {
  const { networks, timeout, replaces, counter, attaches } = wish;
  const writer = request(deviceId);
  if (resume.grant && attaches) resume.writeAttach(writer, resume.grant);
  else if (resume.grant) resume.writeCount(resume.writeAck(writer));
  // One empty name says an empty set; no `n` at all would be a plain poll (P-69).
  for (const network of networks?.length === 0 ? [''] : (networks ?? [])) writer.field('n', network);
  if (!networks && timeout !== DEFAULT_DOWNLOAD_TIMEOUT) writer.field('t', timeout);
  if (!networks && replaces) writer.field('r', 1);
  if (!resume.grant) writer.field('z', counter);
  return writer.finish();
}

export function uploadRequest(
  deviceId: string,
  groups: Uint8Array,
  numbers: FirstNumbers,
  counter: number,
  resume: Resume,
): Uint8Array {
  const head = request(deviceId);
  if (resume.grant) writeNumbers(head, numbers);
  return joinBytes([head.finish(), groups, new FieldWriter().field('z', counter).finish()]);
}

export function cancelRequest(deviceId: string, endSession: boolean, counter: number): Uint8Array {
  const writer = request(deviceId);
  if (endSession) writer.field('ts', 1);
  return writer.field('z', counter).finish();
}

function request(deviceId: string): FieldWriter {
  return new FieldWriter().rawField('id', encodeText(deviceId));
}
