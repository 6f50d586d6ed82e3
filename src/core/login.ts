import type { Fields } from './codec';
import type { ErrorTexts } from './errors';
import { FieldWriter } from './field-writer';
import { readNumber } from './messages';

/** What a relay that speaks the extension grants with the login. */
export interface Grant {
  token: string;
  /** Most messages and bytes that may be without acknowledgement. */
  windowMessages: number;
  windowBytes: number;
  /** After so many messages or bytes received an acknowledgement does not wait. */
  ackMessages: number;
  ackBytes: number;
  /** Largest data of a message, and largest transmission of several. */
  maxMessageBytes: number;
  /** How long the relay keeps the session without a transport: after that a new one is asked for. */
  keptMs: number;
  /** What it acknowledges survives its crash. */
  isDurable: boolean;
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

/** Part of the relay's ring that is not acknowledged for a while. */
const ACK_PART = 16;
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
  const window = readBounds(fields, 'xw');
  // Small enough for any ring, where the relay does not say.
  const ring = readBounds(fields, 'xd') ?? [1024, 1_048_576];
  const features = fields.first('xf') ?? '';
  if (fields.first('x') !== '1' || !token || !window || !features.includes('r')) return undefined;
  return {
    token,
    windowMessages: window[0],
    windowBytes: window[1],
    ackMessages: ring[0] / ACK_PART,
    ackBytes: ring[1] / ACK_PART,
    maxMessageBytes: readNumber(fields, 'xm') || Infinity,
    keptMs: 1000 * (readNumber(fields, 'xt') || 120),
    isDurable: features.includes('d'),
  };
}

/** Messages and bytes. */
function readBounds(fields: Fields, key: string): [number, number] | undefined {
  const [, messages, bytes] = /^(\d{1,9}),(\d{1,9})$/.exec(fields.first(key) ?? '') ?? [];
  return messages && bytes ? [Number(messages), Number(bytes)] : undefined;
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
