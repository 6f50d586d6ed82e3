import { WebifiError, ErrorCode } from '../core/errors';
import type { IncomingMessage, OutgoingMessage, SendMode } from '../core/messages';
import type { Guarantee } from '../core/session-events';
import { decodeLatin1, decodeText, encodeLatin1 } from '../core/text';
import { checkNames, checkText } from './options';

export type TextEncoding = 'utf-8' | 'latin-1';

/** What can be sent: text, or bytes. @public */
export type Data = string | Uint8Array | ArrayBuffer;

/** Where a message goes and what it is. @public */
export interface SendOptions {
  /** A word for the receiver to tell messages apart. @defaultValue the empty text */
  dataType?: string;
  /** Networks to send to. @defaultValue this device's own networks, when `toSessionIds` is empty too */
  toNetworks?: readonly string[];
  /** Session ids of single devices to send to, beside the networks. */
  toSessionIds?: readonly string[];
  /** How long the message is kept for: see {@link SendMode}. @defaultValue 'reliable' */
  mode?: SendMode;
  /** Milliseconds after which a message that still waits is taken back, for `send`. @defaultValue for ever */
  ttlMs?: number;
  /** Takes the message back while it waits. */
  signal?: AbortSignal;
}

/** What `send` resolves with. @public */
export interface Receipt {
  readonly mode: SendMode;
  /** What holds for the message from now on. */
  readonly guarantee: Guarantee;
}

/** The seed's send object; see `createSendData`. @public */
export interface SendData {
  data: Data | undefined;
  dataType: string;
  toNetworks: readonly string[];
  toSessionIds: readonly string[];
}

/**
 * Gives an empty send object to fill in.
 *
 * @see Seed 1, section 3, row `send_data`.
 * @public
 */
export function createSendData(): SendData {
  return { data: undefined, dataType: '', toNetworks: [], toSessionIds: [] };
}

/** A received message. @public */
export class ReceivedMessage {
  /** The payload as it was sent. */
  readonly bytes: Uint8Array;
  readonly dataType: string;
  /** Session id of the sender. */
  readonly from: string;
  #text: string | undefined;
  readonly #encoding: TextEncoding;

  constructor(message: IncomingMessage, encoding: TextEncoding) {
    this.bytes = message.bytes;
    this.dataType = message.dataType;
    this.from = message.from;
    this.#encoding = encoding;
  }

  /** The payload as text: UTF-8, or one character for each byte when it is not valid UTF-8. */
  get data(): string {
    return (this.#text ??= this.#encoding === 'latin-1' ? decodeLatin1(this.bytes) : decodeText(this.bytes));
  }
}

/**
 * Checks what the application wants sent.
 *
 * @throws WebifiError 6 when there is no data; TypeError for a wrong type.
 */
export function outgoing(data: Data | undefined | null, options: SendOptions, encoding: TextEncoding): OutgoingMessage {
  if (data === undefined || data === null) throw new WebifiError(ErrorCode.NOTHING_TO_SEND);
  return {
    data: toWire(data, encoding),
    dataType: checkText(options.dataType ?? '', 'dataType'),
    toNetworks: checkNames(options.toNetworks ?? [], 'toNetworks'),
    toSessionIds: checkNames(options.toSessionIds ?? [], 'toSessionIds').map(checkSessionId),
    mode: options.mode,
  };
}

function toWire(data: Data, encoding: TextEncoding): string | Uint8Array {
  if (typeof data === 'string') return encoding === 'latin-1' ? encodeLatin1(data) : data;
  if (data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw new TypeError(`data must be a text, a Uint8Array or an ArrayBuffer, got ${typeof data}.`);
}

function checkSessionId(id: string): string {
  if (!/^-?\d{1,20}$/.test(id)) throw new TypeError(`Not a session id: ${JSON.stringify(id)}. Take it from discover() or message.from.`);
  return id;
}
