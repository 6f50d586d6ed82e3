import type { ByteSink, ByteStream, FrameHost } from './byte-stream';
import { buildCloseBody } from './close-codes';
import type { CloseBody } from './close-codes';
import type { Compression } from './compression';
import { Connection } from './connection';
import type { ConnectionEvent, ConnectionOptions, ConnectionState, ReceivedFrame } from './connection';
import type { DeflateParameters } from './deflate-offer';
import type { FrameError } from './errors';
import { Frame } from './frame';
import { logReceived } from './logger';
import type { FrameEngine } from './frame-engine';
import { FrameReader } from './frame-reader';
import type { ReaderOwner } from './frame-reader';
import { FrameWriter } from './frame-writer';
import type { WriterOwner } from './frame-writer';
import { Opcode } from './header';
import { SocketEnd } from './socket-end';
import { FrameSocketError } from './socket-errors';
import type { SocketSettings } from './socket-options';
import { throttled } from './throttled-stream';

/** How long the peer has to end TCP after both Closes. Unit: milliseconds. */
const LINGER_MS = 1_000;

/** An open stream after the opening handshake. @internal */
export interface OpenedStream {
  readonly stream: ByteStream;
  readonly host: FrameHost;
  /** The agreed subprotocol. */
  readonly protocol: string | undefined;
  /** What was agreed about compression, if anything. */
  readonly deflate?: DeflateParameters | undefined;
  /** What does it. */
  readonly compression?: Compression | undefined;
}

/**
 * What moves a socket: takes bytes from the stream into the codec, its events to the reader, frames to the stream, and
 * brings everything to its end once. Its parts report to it itself: functions and objects for each would take memory of
 * every connection.
 *
 * @internal
 */
export class SocketEngine implements FrameEngine, ByteSink, ReaderOwner, WriterOwner {
  readonly settings: SocketSettings;
  readonly protocol: string | undefined;
  readonly deflate: DeflateParameters | undefined;
  readonly reader: FrameReader;
  readonly writer: FrameWriter;
  readonly timing: { idleTimeoutMs: number };
  readonly decodeText: ((bytes: Uint8Array) => string) | undefined;
  deliverPongs: boolean;
  close: CloseBody | undefined = undefined;
  unansweredPing: Uint8Array | undefined = undefined;
  wasClean = false;
  lastFrame: Frame | undefined = undefined;
  lastError: FrameSocketError | undefined = undefined;
  onPong: ((payload: Uint8Array) => void) | undefined;
  readonly #connection: Connection;
  readonly #stream: ByteStream;
  readonly #host: FrameHost;
  readonly #compression: Compression | undefined;
  readonly #end = new SocketEnd();
  #streamError: unknown = undefined;
  #isClosing = false;
  /** Whether the codec may have more, which the reader or the writer has no room for. */
  #isHeldBack = false;
  #isPaused = false;
  #isStreamClosed = false;
  #cancelLinger: (() => void) | undefined = undefined;

  constructor({ stream, host, compression, protocol, deflate }: OpenedStream, settings: SocketSettings) {
    const { idleTimeoutMs, deliverPongs } = settings;
    this.settings = settings;
    this.protocol = protocol;
    this.deflate = deflate;
    this.#stream = throttled(stream, host, settings.throttle);
    this.#host = host;
    this.#compression = compression;
    this.onPong = settings.onPong;
    this.timing = { idleTimeoutMs };
    this.decodeText = host.decodeText;
    this.deliverPongs = deliverPongs;
    this.#connection = new Connection(connectionOptions(host, compression, settings));
    this.reader = new FrameReader(host, this);
    this.writer = new FrameWriter(this.#connection, this.#stream, host, this);
  }

  note(error: FrameSocketError): FrameSocketError {
    this.lastError = error;
    this.settings.log.warn?.('failed', { code: error.code, error: error.message });
    return error;
  }

  start(): void {
    this.settings.log.info?.('open', {});
    this.#stream.start(this);
  }

  onBytes(chunk: Uint8Array): void {
    if (this.#end.isThere) return;
    this.#connection.receive(chunk);
    this.#run();
    this.reader.touch();
  }

  onProgress(): void {
    this.writer.touch();
  }

  onEnd(): void {
    this.#connection.receiveEnd();
    this.#run();
  }

  onClose(error?: unknown): void {
    this.#isStreamClosed = true;
    this.#streamError = error;
    this.#cancelLinger?.();
    this.reader.settle();
    this.onEnd();
    this.writer.fail(this.#end.error ?? new FrameSocketError('CONNECTION_LOST', { cause: error }));
    this.#end.tell();
  }

  /** An open connection that was not held back has nothing more to give. */
  onMoved(): void {
    if (this.#isHeldBack || this.state !== 'open') this.#run();
  }

  onTaken(frame: Frame): void {
    this.lastFrame = frame;
    logReceived(this.settings.log, frame);
    if (frame.opcode === Opcode.PING) this.unansweredPing = frame.payload;
  }

  get state(): ConnectionState {
    return this.#end.isThere ? 'closed' : this.#connection.state;
  }

  get isOver(): boolean {
    return this.#end.isThere;
  }

  get isReadable(): boolean {
    return !this.reader.isEmpty || this.#end.isThere;
  }

  get autoPong(): boolean {
    return this.#connection.autoPong;
  }

  set autoPong(on: boolean) {
    this.#connection.autoPong = on;
  }

  get autoClose(): boolean {
    return this.#connection.autoClose;
  }

  set autoClose(on: boolean) {
    this.#connection.autoClose = on;
  }

  checkClose(code: number | undefined, reason: string): number {
    return buildCloseBody(code, reason, this.settings.unsafeCloseCode).length;
  }

  refusal(): FrameSocketError {
    if (this.#end.error !== undefined) return this.#end.error;
    return new FrameSocketError(this.#connection.state === 'close-sent' ? 'CLOSE_SENT' : 'CONNECTION_LOST');
  }

  awaitClose(): Promise<void> {
    if (this.#isStreamClosed) return Promise.resolve();
    this.#isClosing = true;
    const ended = this.#end.wait(this.#host, this.settings.closeTimeoutMs, this.writer, () =>
      this.breakOff(new FrameSocketError('CONNECTION_LOST', { detail: 'the Close was not answered' })),
    );
    this.#run();
    return ended;
  }

  fail(error: FrameSocketError): void {
    if (this.#end.isThere) return;
    this.#connection.sendClose(error.closeCode);
    const event = this.#connection.poll();
    if (event?.type === 'transmit') this.writer.writeOwn(event.chunks);
    this.#finish(error);
    this.#endStream();
  }

  breakOff(error: FrameSocketError): void {
    this.reader.clear();
    this.#finish(error);
    this.#stream.destroy();
  }

  /** Takes what the codec has, for as long as it may go ahead of the reader. */
  #run(): void {
    for (let event = this.#next(); event !== undefined; event = this.#next()) this.#handle(event);
    if (this.#end.isThere && this.reader.isEmpty) this.reader.end(() => this.#end.take());
    this.#steer();
  }

  #next(): ConnectionEvent | undefined {
    this.#isHeldBack = !this.#end.isThere && !this.#mayRead();
    return this.#isHeldBack || this.#end.isThere ? undefined : this.#connection.poll();
  }

  #mayRead(): boolean {
    const { state } = this.#connection;
    if (state === 'closed' || state === 'close-received') return true;
    if (this.writer.isClogged) return false;
    if (this.#isClosing) return true;
    return this.settings.controlFrames === 'onRead' ? this.reader.isWaiting : !this.reader.isFull;
  }

  #steer(): void {
    const pause = this.#isHeldBack;
    if (pause === this.#isPaused || this.#isStreamClosed) return;
    this.#isPaused = pause;
    if (pause) this.#stream.pause();
    else this.#stream.resume();
  }

  #handle(event: ConnectionEvent): void {
    switch (event.type) {
      case 'transmit':
        return this.writer.writeOwn(event.chunks);
      case 'frame':
        return this.#deliver(this.#frameOf(event));
      case 'ping':
        if (!this.#connection.autoPong) this.#deliver(new Frame(Opcode.PING, true, event.payload));
        return undefined;
      case 'pong':
        this.#tellPong(event.payload);
        if (this.deliverPongs) return this.#deliver(new Frame(Opcode.PONG, true, event.payload));
        return this.reader.passPong();
      case 'close':
        this.close = event;
        return this.reader.deliver(new Frame(Opcode.CLOSE, true, buildCloseBody(event.code, event.reason)));
      case 'fail':
        this.#finish(invalidFrame(event.error));
        return this.#endStream();
      case 'end':
        return this.#onConnectionEnd(event.clean);
      default:
        return undefined;
    }
  }

  #frameOf({ opcode, fin, payload, messageOpcode, rsv1 }: ReceivedFrame): Frame {
    return new Frame(opcode, fin, payload, messageOpcode, rsv1, this.decodeText);
  }

  /** While the connection is being closed, what nobody reads is dropped once the queue is full. */
  #deliver(frame: Frame): void {
    if (!this.#isClosing || !this.reader.isFull) this.reader.deliver(frame);
  }

  /** Later and on its own: what the application does in it must not come between two steps of ours. */
  #tellPong(payload: Uint8Array): void {
    const { onPong } = this;
    if (onPong !== undefined) void Promise.resolve(payload).then(onPong);
  }

  #onConnectionEnd(isClean: boolean): void {
    this.wasClean = isClean;
    if (isClean) {
      this.#finish(new FrameSocketError('CLOSED'));
      return this.#endStream();
    }
    this.#finish(new FrameSocketError('CONNECTION_LOST', { cause: this.#streamError }));
    this.#stream.destroy();
  }

  /** Half-closes, and gives the peer a moment to do the same: closed at once, the socket could lose our Close. */
  #endStream(): void {
    this.#stream.end();
    this.#cancelLinger ??= this.#host.setTimer(() => this.#stream.destroy(), LINGER_MS);
  }

  #finish(error: FrameSocketError): void {
    if (!this.#end.come(error)) return;
    this.#compression?.deflater.close();
    this.#compression?.inflater.close();
    this.settings.log.info?.('closed', { code: error.code, clean: this.wasClean, closeCode: this.close?.code });
    this.unansweredPing = undefined;
    this.reader.settle();
    this.writer.fail(error);
    if (this.reader.isEmpty) this.reader.end(() => this.#end.take());
  }
}

function connectionOptions(
  host: FrameHost,
  compression: Compression | undefined,
  settings: SocketSettings,
): ConnectionOptions {
  const { validateUtf8, strictLength, unsafeCloseCode, autoPong, autoClose, maxFrameSize } = settings;
  return {
    role: 'client',
    deliver: 'frames',
    validateUtf8,
    strictLength,
    unsafeCloseCode,
    autoPong,
    autoClose,
    compression,
    maskKey: () => host.maskKey(),
    isUtf8: host.isUtf8?.bind(host),
    encodeText: host.encodeText,
    allocate: host.allocate,
    limits: { maxFrameSize, maxMessageSize: Infinity, maxFragments: Infinity },
  };
}

function invalidFrame(error: FrameError): FrameSocketError {
  return new FrameSocketError('INVALID_FRAME', {
    detail: error.message,
    cause: error,
    closeCode: error.closeCode,
  });
}
