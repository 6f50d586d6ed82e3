import { MessageAssembler } from './assembler';
import type { AssemblyRules, Delivery, ReceivedFrame, ReceivedMessage, ReceivedPiece } from './assembler';
import { buildCloseBody, parseCloseBody } from './close-codes';
import type { Compression } from './compression';
import { FrameDecoder } from './decoder';
import { requireBytes } from './encoder';
import { FrameError, tooMany } from './errors';
import { isControl, Opcode } from './header';
import type { HeaderRules, MessageOpcode } from './header';
import { resolveLimits } from './limits';
import type { FrameLimits } from './limits';
import { PayloadBuffer, viewOf } from './payload-buffer';
import { PongSender } from './pongs';
import { FrameSender } from './sender';
import { STATES } from './states';
import type { ConnectionInput, ConnectionState } from './states';

export type { Delivery, ReceivedFrame, ReceivedMessage, ReceivedPiece } from './assembler';
export type { ConnectionState } from './states';

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** How a {@link Connection} behaves. @public */
export interface ConnectionOptions {
  /** Which end we are. A client masks and wants unmasked frames; a server the other way round. */
  role: 'client' | 'server';
  /**
   * Whether text messages must be valid UTF-8. Off, text is bytes like binary. Close reasons are always checked.
   *
   * @defaultValue true
   */
  validateUtf8?: boolean;
  /**
   * Whether bytes are whole, valid UTF-8: what the host does quicker than our own check, such as `isUtf8` of
   * `node:buffer`. The verdict is the same.
   *
   * @defaultValue our own check
   */
  isUtf8?: ((bytes: Uint8Array) => boolean) | undefined;
  /**
   * A long string as UTF-8 in memory of its own, U+FFFD for half a surrogate pair: what the host does quicker.
   *
   * @defaultValue `TextEncoder`
   */
  encodeText?: ((text: string) => Uint8Array) | undefined;
  /**
   * Memory for payloads that come in pieces, whatever it holds: what the host does quicker, such as
   * `Buffer.allocUnsafeSlow`. It is filled before it is handed over.
   *
   * @defaultValue zeros
   */
  allocate?: ((length: number) => Uint8Array) | undefined;
  /**
   * Whether a payload length in more bytes than it needs fails the connection.
   *
   * @defaultValue true
   */
  strictLength?: boolean;
  /** How much the peer may make us hold; see {@link FrameLimits} for the defaults. */
  limits?: Partial<FrameLimits>;
  /** Whether Pings are answered. Off, the owner calls `sendPong`. @defaultValue true */
  autoPong?: boolean;
  /** Whether the peer's Close is answered with its code. Off, the owner calls `sendClose`. @defaultValue true */
  autoClose?: boolean;
  /**
   * Whether data comes as whole messages, frame by frame, or in pieces as the bytes come, for whoever reads them as one
   * stream. The checks and limits are the same.
   *
   * @defaultValue 'messages'
   */
  deliver?: Delivery;
  /**
   * Gives a fresh, unpredictable 32-bit key per call, from a cryptographic source. A client must have it; a server does
   * not use it.
   */
  maskKey?: () => number;
  /**
   * Whether `sendClose` takes every code from 0 to 16383, also those that must not travel.
   *
   * @defaultValue false
   */
  unsafeCloseCode?: boolean;
  /**
   * Compression as the handshake agreed on it; closed together with the connection.
   *
   * @defaultValue none: RSV1 is a fault
   */
  compression?: Compression | undefined;
}

/** A Ping or Pong came. With `autoPong` the answer to a Ping follows by itself. @public */
export interface ReceivedControl {
  type: 'ping' | 'pong';
  payload: Uint8Array;
}

/**
 * What happened or is to be done, in the order it was caused.
 *
 * - `transmit`: write these chunks, in order. They may be payloads given to `send`: not to be altered before written.
 * - `message`, `frame` or `piece`: data, as `deliver` says. The payload may point into the received chunk.
 * - `ping`, `pong`: came; a Ping's answer follows as `transmit`.
 * - `close`: the peer's Close came; code `undefined` when it had none. With `autoClose` the answer follows.
 * - `fail`: the peer broke a rule. The Close that says so came before, unless ours was out already.
 * - `end`: close the TCP connection now; the last event. `clean` when a Close went each way.
 *
 * @public
 */
export type ConnectionEvent =
  | { type: 'transmit'; chunks: Uint8Array[] }
  | ReceivedMessage
  | ReceivedFrame
  | ReceivedPiece
  | ReceivedControl
  | { type: 'close'; code: number | undefined; reason: string }
  | { type: 'fail'; error: FrameError }
  | { type: 'end'; clean: boolean };

/**
 * One WebSocket connection after the opening handshake, without any I/O: bytes go in with `receive`, everything comes
 * out of `poll`.
 *
 * @remarks
 * Received bytes are read as `poll` is called, one event at a time. What the owner sends on an event is therefore put
 * out before the next received frame takes effect, even if that one fails the connection. Poll until `undefined` after
 * every call. There is no clock in here: the owner keeps the time after a Close and calls {@link Connection.closeTimedOut}.
 *
 * @example
 * ```ts
 * connection.receive(chunk);
 * for (let event = connection.poll(); event !== undefined; event = connection.poll()) {
 *   if (event.type === 'transmit') for (const part of event.chunks) socket.write(part);
 *   else if (event.type === 'message') connection.send(event.opcode, event.payload);
 *   else if (event.type === 'end') socket.end();
 * }
 * ```
 *
 * @see RFC 6455, sections 5 to 7.
 * @public
 */
export class Connection {
  /** Whether the next Ping is answered; see {@link ConnectionOptions}. */
  autoPong: boolean;
  /** Whether the peer's Close, if it has not come yet, will be answered. */
  autoClose: boolean;
  readonly #unsafeCloseCode: boolean;
  readonly #compression: Compression | undefined;
  readonly #decoder: FrameDecoder;
  readonly #assembler: MessageAssembler;
  /** Made for the first control frame that comes in pieces. */
  #control: PayloadBuffer | undefined = undefined;
  readonly #sender: FrameSender;
  readonly #pongs: PongSender;
  #state: ConnectionState = 'open';
  #rules = STATES.open;
  /** Events that follow once everything to transmit is out. */
  #due: ConnectionEvent[] | undefined = undefined;
  /** How the bytes ended, once those that were taken in have been read. */
  #inputEnd: 'lost' | 'overflow' | undefined = undefined;
  /** Body of the Close that answers the peer's by itself. */
  #closeAnswer: Uint8Array | undefined = undefined;

  /**
   * @param rules - What `resolveRules` gave for the same options, for whoever has many connections with them.
   * @throws TypeError for an unknown role, or a client without `maskKey`; RangeError for a limit that is none.
   */
  constructor(options: ConnectionOptions, rules: ConnectionRules = resolveRules(options)) {
    const { role, compression, autoPong = true, autoClose = true } = options;
    const { limits } = rules;
    this.#decoder = new FrameDecoder(rules, limits.maxBufferedChunks);
    this.#assembler = new MessageAssembler(rules, compression?.inflater);
    this.#sender = new FrameSender(
      role === 'client' ? options.maskKey : undefined,
      compression,
      options.encodeText,
    );
    this.#pongs = new PongSender(this.#sender, limits.maxQueuedPings);
    this.autoPong = autoPong;
    this.autoClose = autoClose;
    this.#compression = compression;
    this.#unsafeCloseCode = options.unsafeCloseCode ?? false;
  }

  /** Where the connection stands, as of the last event polled. */
  get state(): ConnectionState {
    return this.#state;
  }

  /**
   * Takes received bytes, cut anywhere.
   *
   * @param chunk - Given away: it is altered in place, and payloads may point into it. They stay valid for as long as
   *   the owner leaves the chunk alone.
   * @throws TypeError when the chunk is no `Uint8Array`, such as the text of a socket with an encoding; never for what
   *   the bytes are.
   */
  receive(chunk: Uint8Array): void {
    requireBytes(chunk);
    if (!this.#rules.reads || this.#inputEnd !== undefined) return;
    if (!this.#decoder.push(chunk)) this.#inputEnd = 'overflow';
  }

  /** Says that no more bytes will come: TCP was ended or reset. Never throws; what came before is still read. */
  receiveEnd(): void {
    this.#inputEnd ??= 'lost';
  }

  /** Says that the peer's answer to our Close did not come in time. In any other state nothing happens. */
  closeTimedOut(): void {
    this.#enter('timeout');
  }

  /**
   * The next event. Never throws for anything the peer sent.
   *
   * @returns `undefined` when nothing happens before more is received or sent.
   */
  poll(): ConnectionEvent | undefined {
    for (;;) {
      const chunks = this.#sender.take();
      if (chunks !== undefined) return { type: 'transmit', chunks };
      const due = this.#due?.shift();
      if (due !== undefined) return due;
      const event = this.#rules.reads ? this.#read() : undefined;
      if (event !== undefined) return event;
      if (!this.#settle()) return undefined;
    }
  }

  /**
   * Sends one data frame; the first of a message has the opcode, those after it are Continuations by themselves.
   *
   * @param payload - Not copied from 1 KiB on by a server: leave it alone until written. Text may be a string, which is
   *   sent as UTF-8 with U+FFFD for half a surrogate pair; for bytes, the caller answers for valid UTF-8 over the whole
   *   message.
   * @param fin - Whether the message ends with this frame.
   * @returns False when our Close is out or the connection is closed; then nothing is sent.
   * @throws TypeError when the payload is neither, or the opcode differs from that of the open message;
   *   RangeError for another opcode than 1 and 2.
   */
  send(opcode: MessageOpcode, payload: Uint8Array | string, fin = true): boolean {
    if (opcode !== Opcode.TEXT && opcode !== Opcode.BINARY) {
      throw new RangeError(`Opcode ${String(opcode)} starts no message; use 1 for text or 2 for binary.`);
    }
    if (!this.#rules.sendsData) return false;
    this.#sender.data(opcode, payload, fin);
    return true;
  }

  /**
   * Sends a Ping, also between the frames of a message.
   *
   * @param payload - At most 125 bytes.
   * @returns False when the connection is closed; then nothing is sent.
   * @throws TypeError when the payload is no `Uint8Array`; RangeError when it is too long.
   */
  sendPing(payload = NO_BYTES): boolean {
    return this.#sendControl(Opcode.PING, payload);
  }

  /** Sends a Pong, asked for or not; otherwise like {@link Connection.sendPing}. */
  sendPong(payload = NO_BYTES): boolean {
    return this.#sendControl(Opcode.PONG, payload);
  }

  /**
   * Sends our Close, also in the middle of a message.
   *
   * @param code - 1000 to 1003, 1007 to 1014 or 3000 to 4999; none for an empty Close.
   * @param reason - At most 123 bytes as UTF-8.
   * @returns False when our Close is out already or the connection is closed; then nothing is sent.
   * @throws RangeError for a code that must not travel or a reason that is too long; TypeError for a reason without a
   *   code.
   */
  sendClose(code?: number, reason?: string): boolean {
    const body = buildCloseBody(code, reason, this.#unsafeCloseCode);
    if (!this.#rules.sendsClose) return false;
    this.#sender.control(Opcode.CLOSE, body);
    this.#enter('own-close');
    return true;
  }

  #sendControl(opcode: Opcode, payload: Uint8Array): boolean {
    if (!this.#rules.sendsControl) return false;
    this.#sender.control(opcode, payload);
    return true;
  }

  /** The one place where a fault of the peer becomes an event. */
  #read(): ConnectionEvent | undefined {
    try {
      while (this.#decoder.next()) {
        const event = isControl(this.#decoder.header.opcode)
          ? this.#readControl()
          : this.#assembler.take(this.#decoder);
        if (event !== undefined) return event;
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#fail(error);
    }
    return undefined;
  }

  #readControl(): ConnectionEvent | undefined {
    const { bytes, start, end, missing, isFirst, header } = this.#decoder;
    if (isFirst && missing === 0) return this.#takeControl(header.opcode, viewOf(bytes, start, end));
    const control = (this.#control ??= new PayloadBuffer());
    control.append(bytes, start, end, missing);
    return missing === 0 ? this.#takeControl(header.opcode, control.take()) : undefined;
  }

  #takeControl(opcode: Opcode, payload: Uint8Array): ConnectionEvent {
    if (opcode === Opcode.PONG) return { type: 'pong', payload };
    if (opcode === Opcode.CLOSE) return this.#takeClose(payload);
    if (this.autoPong) this.#pongs.answer(payload);
    return { type: 'ping', payload };
  }

  #takeClose(body: Uint8Array): ConnectionEvent {
    const { code, reason } = parseCloseBody(body);
    if (this.autoClose) this.#closeAnswer = body.slice(0, 2);
    this.#enter('peer-close');
    return { type: 'close', code, reason };
  }

  #fail(error: FrameError): void {
    this.#pongs.settle();
    if (this.#rules.sendsClose) this.#sender.control(Opcode.CLOSE, buildCloseBody(error.closeCode));
    this.#push({ type: 'fail', error });
    this.#enter('fault');
  }

  /**
   * Does what is due when nothing is left to read.
   *
   * @returns Whether there is something to poll now.
   */
  #settle(): boolean {
    if (this.#state === 'close-received' && this.#closeAnswer !== undefined) {
      this.#sender.control(Opcode.CLOSE, this.#closeAnswer);
      this.#enter('own-close');
    } else if (this.#rules.reads) {
      this.#pongs.settle();
      if (this.#inputEnd === 'overflow') this.#fail(tooMany('More chunks were received than may wait.'));
    }
    if (this.#inputEnd === 'lost') this.#enter('lost');
    return (this.#due?.length ?? 0) > 0 || !this.#sender.isEmpty;
  }

  #enter(input: ConnectionInput): void {
    const before = this.#state;
    this.#state = this.#rules.on[input];
    this.#rules = STATES[this.#state];
    if (!this.#rules.reads) this.#forget();
    if (this.#state === 'closed' && before !== 'closed') {
      this.#compression?.deflater.close();
      this.#compression?.inflater.close();
      this.#push({ type: 'end', clean: input === 'peer-close' || input === 'own-close' });
    }
  }

  #push(event: ConnectionEvent): void {
    (this.#due ??= []).push(event);
  }

  #forget(): void {
    this.#decoder.clear();
    this.#assembler.clear();
    this.#control?.clear();
    this.#pongs.clear();
  }
}

/** What the options of a connection come to. @internal */
export interface ConnectionRules extends HeaderRules, AssemblyRules {}

/** Checks the options of a connection and fills in what they leave out. @internal */
export function resolveRules(options: ConnectionOptions): ConnectionRules {
  checkRole(options);
  const { role, validateUtf8 = true, strictLength = true, isUtf8, allocate } = options;
  const { deliver = 'messages', compression } = options;
  const limits = resolveLimits(options.limits);
  return {
    limits,
    masked: role === 'server',
    strictLength,
    maxFrameSize: Math.min(limits.maxFrameSize, Number.MAX_SAFE_INTEGER),
    rsv1: compression !== undefined,
    validateUtf8,
    isUtf8,
    allocate,
    deliver,
  };
}

function checkRole({ role, maskKey }: ConnectionOptions): void {
  if (role !== 'client' && role !== 'server') {
    throw new TypeError(`role is ${String(role)}; use client or server.`);
  }
  if (role === 'client' && typeof maskKey !== 'function') {
    throw new TypeError('A client masks its frames: give maskKey, a source of unpredictable 32-bit numbers.');
  }
}
