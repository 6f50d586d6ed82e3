import { joinBytes } from './bytes';
import type { Fields } from './codec';
import type { ErrorTexts } from './errors';
import { FieldWriter } from './field-writer';
import { encodeText } from './text';

/** One message on its way out. */
export interface OutgoingMessage {
  readonly data: string | Uint8Array;
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
}

/** What a good answer to the login holds (P-5, P-37, P-47). */
export interface Login {
  readonly deviceId: string;
  readonly sessionId: string;
  /** Hosts without and with encryption: the first for upload and WebSocket, the second for download. */
  readonly plainHosts: readonly [string, string];
  readonly secureHosts: readonly [string, string];
  readonly texts: ErrorTexts;
}

/** Largest message or body taken from a relay: its largest transmission (section 21) with room for the fields. */
export const MAX_ANSWER_SIZE = 65 * 1024 * 1024;

const HOST = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/;
const DEVICE_ID = /^(\d{1,20})s[^~]+$/;

export interface Credentials {
  connectName: string;
  connectPassword: string;
}

/** Body of `POST /` (section 4). */
export function loginRequest({ connectName, connectPassword }: Credentials): Uint8Array {
  return new FieldWriter().field('p', 1).field('cn', connectName).field('cp', connectPassword).field('ec', 1).finish();
}

/** Reads a good answer to a login; undefined when it is not as it has to be. */
export function readLogin(fields: Fields): Login | undefined {
  const deviceId = fields.first('id') ?? '';
  const sessionId = DEVICE_ID.exec(deviceId)?.[1];
  const plainHosts = readHosts(fields, 'ip');
  const secureHosts = readHosts(fields, 'dn');
  if (!sessionId || !plainHosts || !secureHosts) return undefined;
  return { deviceId, sessionId, plainHosts, secureHosts, texts: readTexts(fields) };
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
  const text = fields.first('e');
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}

/** The messages of a receive or of a download answer: each `d` completes one and resets the rest (P-35). */
export function readMessages(fields: Fields): IncomingMessage[] {
  const messages: IncomingMessage[] = [];
  let from = '-1';
  let dataType = '';
  for (let i = 0; i < fields.length; i++) {
    const key = fields.keys[i];
    if (key === 'f') from = fields.text(i);
    else if (key === 'dt') dataType = fields.text(i);
    else if (key === 'd') {
      // A copy: the fields point into memory that the next chunk may take.
      messages.push({ bytes: fields.value(i).slice(), dataType, from });
      from = '-1';
      dataType = '';
    }
  }
  return messages;
}

/** Writes one message as a group of fields (section 5.2); without targets it goes to the sender's own networks (P-87). */
export function writeGroup(writer: FieldWriter, { toNetworks, toSessionIds, dataType, data }: OutgoingMessage): void {
  for (const network of toNetworks) writer.field('n', network);
  for (const sessionId of toSessionIds) writer.field('s', sessionId);
  if (dataType !== '') writer.field('dt', dataType);
  writer.field('d', data);
}

const TERMINATOR = encodeText('~t=1');

/** `~t=1` alone (section 5.3). */
export const KEEP_ALIVE: Uint8Array = TERMINATOR;

function terminated(writer: FieldWriter): Uint8Array {
  return writer.append(TERMINATOR).finish();
}

export function attachMessage(deviceId: string): Uint8Array {
  return terminated(request(deviceId));
}

export function networksMessage(networks: readonly string[]): Uint8Array {
  const writer = new FieldWriter().field('nc', 1);
  for (const network of networks) writer.field('ns', network);
  return terminated(writer);
}

export function sendMessage(groups: Uint8Array): Uint8Array {
  return joinBytes([groups, TERMINATOR]);
}

/** `t` ends the session, `c` only this connection (P-7, P-8). */
export function closeMessage(kind: 't' | 'c'): Uint8Array {
  return terminated(new FieldWriter().field('c', kind));
}

/** Seconds a download waits when it names no time (P-67). */
export const DEFAULT_DOWNLOAD_TIMEOUT = 120;
/** Least download timeout, in seconds (P-68, P-112). */
export const MIN_DOWNLOAD_TIMEOUT = 10;

/** Body of `/Download` (section 6.1): the networks to set, or how long to wait. */
export function downloadRequest(
  deviceId: string,
  networks: readonly string[] | undefined,
  timeout: number,
  replaces: boolean,
  counter: number,
): Uint8Array {
  const writer = request(deviceId);
  // One empty name says an empty set; no `n` at all would be a plain poll (P-69).
  for (const network of networks?.length === 0 ? [''] : (networks ?? [])) writer.field('n', network);
  if (!networks && timeout !== DEFAULT_DOWNLOAD_TIMEOUT) writer.field('t', timeout);
  if (!networks && replaces) writer.field('r', 1);
  return writer.field('z', counter).finish();
}

export function uploadRequest(deviceId: string, groups: Uint8Array, counter: number): Uint8Array {
  return joinBytes([request(deviceId).finish(), groups, new FieldWriter().field('z', counter).finish()]);
}

export function cancelRequest(deviceId: string, endSession: boolean, counter: number): Uint8Array {
  const writer = request(deviceId);
  if (endSession) writer.field('ts', 1);
  return writer.field('z', counter).finish();
}

function request(deviceId: string): FieldWriter {
  return new FieldWriter().rawField('id', encodeText(deviceId));
}
