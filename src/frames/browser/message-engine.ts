import { systemClock } from '../../adapters/clock';
import { buildCloseBody } from '../close-codes';
import type { CloseBody } from '../close-codes';
import type { ConnectionState } from '../connection';
import { Frame } from '../frame';
import { logReceived } from '../logger';
import type { FrameEngine } from '../frame-engine';
import { FrameReader } from '../frame-reader';
import type { ReaderOwner } from '../frame-reader';
import type { Timing } from '../frame-writer';
import { Opcode } from '../header';
import { SocketEnd } from '../socket-end';
import { FrameSocketError } from '../socket-errors';
import type { SocketSettings } from '../socket-options';
import { MessageWriter } from './message-writer';
import type { MessageWriterOwner } from './message-writer';
import { unsupported } from './unsupported';

/** What our Close says when too much came: the codes of RFC 6455 for it are not open to pages. */
const TOO_MUCH = 4009;
/** Messages that may wait unread; their bytes are bounded by `maxBuffered`. */
const MAX_WAITING = 10_000;

const encoder = new TextEncoder();

/**
 * Moves a `FrameSocket` on the WebSocket of a browser: whole messages come and go, Pings and the peer's Close are
 * answered by the browser.
 *
 * @internal
 */
export class MessageEngine implements FrameEngine, ReaderOwner, MessageWriterOwner {
  readonly settings: SocketSettings;
  readonly protocol: string | undefined;
  readonly deflate = undefined;
  readonly reader: FrameReader;
  readonly writer: MessageWriter;
  readonly timing: Timing;
  readonly unansweredPing = undefined;
  close: CloseBody | undefined = undefined;
  wasClean = false;
  lastFrame: Frame | undefined = undefined;
  lastError: FrameSocketError | undefined = undefined;
  readonly #socket: WebSocket;
  readonly #end = new SocketEnd();
  #isClosing = false;

  /** @param socket - Open, with `binaryType` set to `arraybuffer`. */
  constructor(socket: WebSocket, settings: SocketSettings) {
    this.#socket = socket;
    this.settings = settings;
    this.protocol = socket.protocol === '' ? undefined : socket.protocol;
    this.timing = { idleTimeoutMs: settings.idleTimeoutMs };
    this.reader = new FrameReader(systemClock, this);
    this.writer = new MessageWriter(socket, this);
  }

  start(): void {
    this.settings.log.info?.('open', {});
    this.#socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) =>
      typeof data === 'string'
        ? this.#receive(Opcode.TEXT, encoder.encode(data))
        : this.#receive(Opcode.BINARY, new Uint8Array(data));
    this.#socket.onclose = (event) => this.#onClose(event);
    // Every error is followed by a close event.
    this.#socket.onerror = null;
  }

  note(error: FrameSocketError): FrameSocketError {
    this.lastError = error;
    this.settings.log.warn?.('failed', { code: error.code, error: error.message });
    return error;
  }

  get state(): ConnectionState {
    if (this.#end.isThere) return 'closed';
    return this.writer.isCloseSent ? 'close-sent' : 'open';
  }

  get isOver(): boolean {
    return this.#end.isThere;
  }

  get isReadable(): boolean {
    return !this.reader.isEmpty || this.#end.isThere;
  }

  get autoPong(): boolean {
    return true;
  }

  set autoPong(on: boolean) {
    if (!on) throw this.note(unsupported('autoPong'));
  }

  get autoClose(): boolean {
    return true;
  }

  set autoClose(on: boolean) {
    if (!on) throw this.note(unsupported('autoClose'));
  }

  get deliverPongs(): boolean {
    return false;
  }

  set deliverPongs(on: boolean) {
    if (on) throw this.note(unsupported('deliverPongs'));
  }

  get onPong(): undefined {
    return undefined;
  }

  set onPong(tell: ((payload: Uint8Array) => void) | undefined) {
    if (tell !== undefined) throw this.note(unsupported('onPong'));
  }

  checkClose(code: number | undefined, reason: string): number {
    const { length } = buildCloseBody(code, reason);
    if (code === undefined || code === 1000 || code >= 3000) return length;
    throw new RangeError(`A browser does not send close code ${code}; use 1000 or one from 3000 to 4999.`);
  }

  refusal(): FrameSocketError {
    return this.#end.error ?? new FrameSocketError('CLOSE_SENT');
  }

  awaitClose(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return Promise.resolve();
    this.#isClosing = true;
    return this.#end.wait(systemClock, this.settings.closeTimeoutMs, this.writer, () =>
      this.breakOff(new FrameSocketError('CONNECTION_LOST', { detail: 'the Close was not answered' })),
    );
  }

  fail(error: FrameSocketError): void {
    if (this.#end.isThere) return;
    this.#socket.close(TOO_MUCH);
    this.#finish(error);
  }

  /** The nearest to an end at once that there is: nobody waits for the close that begins here. */
  breakOff(error: FrameSocketError): void {
    this.reader.clear();
    this.#finish(error);
    this.#socket.close();
    this.#end.tell();
  }

  #receive(opcode: typeof Opcode.TEXT | typeof Opcode.BINARY, payload: Uint8Array): void {
    if (this.#end.isThere) return;
    this.reader.touch();
    const { maxFrameSize, maxBuffered } = this.settings;
    if (payload.length > maxFrameSize) {
      const detail = `a message has ${payload.length} bytes (maxFrameSize is ${maxFrameSize})`;
      return this.fail(new FrameSocketError('MESSAGE_TOO_LARGE', { detail, closeCode: TOO_MUCH }));
    }
    const { waitingFrames, waitingBytes } = this.reader;
    const isTooMuch = waitingFrames >= MAX_WAITING || waitingBytes + payload.length > maxBuffered;
    if (this.reader.isWaiting || !isTooMuch) {
      return this.reader.deliver(new Frame(opcode, true, payload, opcode));
    }
    // A page cannot stop the browser from reading: it can only give up, or drop what nobody will read any more.
    if (this.#isClosing) return;
    const detail = `${waitingFrames} messages with ${waitingBytes} bytes waited`;
    this.fail(new FrameSocketError('READ_OVERFLOW', { detail, closeCode: TOO_MUCH }));
  }

  #onClose({ code, reason, wasClean }: CloseEvent): void {
    if (!this.#end.isThere) {
      this.wasClean = wasClean;
      if (wasClean) {
        this.close = { code: code === 1005 ? undefined : code, reason };
        this.reader.deliver(new Frame(Opcode.CLOSE, true, buildCloseBody(this.close.code, reason, true)));
      }
      const lost = 'the browser does not say why';
      this.#finish(
        wasClean ? new FrameSocketError('CLOSED') : new FrameSocketError('CONNECTION_LOST', { detail: lost }),
      );
    }
    this.#end.tell();
  }

  #finish(error: FrameSocketError): void {
    if (!this.#end.come(error)) return;
    this.settings.log.info?.('closed', { code: error.code, clean: this.wasClean, closeCode: this.close?.code });
    this.reader.settle();
    this.writer.fail(error);
    this.onMoved();
  }

  onMoved(): void {
    if (this.#end.isThere && this.reader.isEmpty) this.reader.end(() => this.#end.take());
  }

  onTaken(frame: Frame): void {
    this.lastFrame = frame;
    logReceived(this.settings.log, frame);
  }
}
