import { aborted, onAbort } from './abort';
import type { AbortSignalLike } from './abort';
import type { ConnectionState } from './connection';
import type { DeflateParameters } from './deflate-offer';
import type { Frame, Message, OpcodeName } from './frame';
import type { FrameEngine } from './frame-engine';
import type { ReadOptions } from './frame-reader';
import type { OutgoingFrame } from './frame-writer';
import { MessageJoiner } from './message-joiner';
import { controlPayload, OutgoingData } from './outgoing-data';
import type { SendOptions } from './outgoing-data';
import { FrameSocketError, ReadFailReason } from './socket-errors';
import { checkTime } from './socket-options';
import type { SocketSettings } from './socket-options';

/** What ends a call that waits. */
type AbortOptions = Pick<SendOptions, 'signal'>;

const NO_BYTES: Uint8Array = new Uint8Array(0);
const NO_OPTIONS = {};

/** What `tryReadFrame` gives. @public */
export type ReadResult = { ok: true; frame: Frame } | { ok: false; reason: ReadFailReason; error: unknown };

/**
 * A WebSocket client by frames: the application asks for each frame, and what it does not ask for stays with the peer.
 *
 * @remarks
 * One read at a time; sends queue up in order. Received frames are checked and Pings answered without a pending read,
 * as far as 64 frames or 1 MiB wait to be read; then the socket stops reading. The promises reject with
 * {@link FrameSocketError}; wrong arguments with `TypeError` or `RangeError`.
 *
 * @see RFC 6455.
 * @public
 */
export class FrameSocketBase {
  /** The subprotocol that the server chose. */
  readonly protocol: string | undefined;
  /** What was agreed about compression; `undefined` when messages go as they are. */
  readonly deflate: DeflateParameters | undefined;
  readonly #settings: SocketSettings;
  readonly #engine: FrameEngine;
  readonly #outgoing = new OutgoingData();
  #isCloseQueued = false;
  #isStreaming = false;

  /** @internal */
  protected constructor(engine: FrameEngine) {
    this.protocol = engine.protocol;
    this.deflate = engine.deflate;
    this.#settings = engine.settings;
    this.#engine = engine;
    engine.start();
  }

  /** Where the close handshake stands. Frames that came before the end can still be read when it is `closed`. */
  get state(): ConnectionState {
    return this.#engine.state;
  }

  /** True until the connection is over and every frame that came before has been read. */
  get isConnected(): boolean {
    return !this.#engine.isOver || !this.#engine.reader.isEmpty;
  }

  /** Whether the next read would settle at once: with a frame, or with the end. */
  get dataAvailable(): boolean {
    return this.#engine.isReadable;
  }

  /** Bytes given to the sending methods that the operating system has not taken yet, headers of some included. */
  get bufferedAmount(): number {
    return this.#engine.writer.bufferedAmount;
  }

  /** Whether a Close came from the peer; with `controlFrames: 'onRead'` not before it was read. */
  get closeReceived(): boolean {
    return this.#engine.close !== undefined;
  }

  /** Code of the peer's Close; `undefined` when none came or it had none. */
  get closeCode(): number | undefined {
    return this.#engine.close?.code;
  }

  /** Reason of the peer's Close. */
  get closeReason(): string {
    return this.#engine.close?.reason ?? '';
  }

  /** Whether a Close went each way. */
  get wasClean(): boolean {
    return this.#engine.wasClean;
  }

  /** Whether a Ping was read that nobody answered; only possible with `autoPong` off. */
  get pongPending(): boolean {
    return this.#engine.unansweredPing !== undefined;
  }

  /** Whether the last read passed a Pong over. */
  get pongConsumed(): boolean {
    return this.#engine.reader.pongConsumed;
  }

  /** Why the last read failed; `NONE` when it did not. */
  get lastFailReason(): ReadFailReason {
    return this.#engine.reader.lastFailReason;
  }

  /** What the last read or send that failed failed with; it stays until the next one fails. */
  get lastError(): FrameSocketError | undefined {
    return this.#engine.lastError;
  }

  /** The last frame that was read, its payload included. */
  get lastFrame(): Frame | undefined {
    return this.#engine.lastFrame;
  }

  /** See {@link FrameSocketOptions}. */
  get onPong(): ((payload: Uint8Array) => void) | undefined {
    return this.#engine.onPong;
  }

  set onPong(tell: ((payload: Uint8Array) => void) | undefined) {
    this.#engine.onPong = tell;
  }

  /** See {@link FrameSocketOptions}. */
  get autoPong(): boolean {
    return this.#engine.autoPong;
  }

  set autoPong(on: boolean) {
    this.#engine.autoPong = on;
  }

  /** See {@link FrameSocketOptions}. */
  get autoClose(): boolean {
    return this.#engine.autoClose;
  }

  set autoClose(on: boolean) {
    this.#engine.autoClose = on;
  }

  /** See {@link FrameSocketOptions}. */
  get deliverPongs(): boolean {
    return this.#engine.deliverPongs;
  }

  set deliverPongs(on: boolean) {
    this.#engine.deliverPongs = on;
  }

  /** See {@link FrameSocketOptions}; a new value counts from the next read or send on. */
  get idleTimeoutMs(): number {
    return this.#engine.timing.idleTimeoutMs;
  }

  set idleTimeoutMs(ms: number) {
    this.#engine.timing.idleTimeoutMs = checkTime('idleTimeoutMs', ms);
  }

  /**
   * Reads one frame: data, the peer's Close, and, as the switches say, Pings and Pongs.
   *
   * @throws {@link FrameSocketError} `READ_TIMEOUT` and `ABORTED`, after which the next read goes on without a byte
   *   lost; `READ_IN_PROGRESS` while another read waits; `INVALID_FRAME` once when the peer broke the protocol;
   *   `CLOSED`, `CONNECTION_LOST` or `TERMINATED` when nothing more can come.
   */
  readFrame(options: ReadOptions = NO_OPTIONS): Promise<Frame> {
    return this.#engine.reader.read(options);
  }

  /** Like {@link FrameSocketBase.readFrame}, but says in its result what went wrong. The promise never rejects. */
  async tryReadFrame(options: ReadOptions = {}): Promise<ReadResult> {
    try {
      return { ok: true, frame: await this.readFrame(options) };
    } catch (error) {
      const reason = error instanceof FrameSocketError ? error.failReason : ReadFailReason.OTHER;
      return { ok: false, reason, error };
    }
  }

  /**
   * All frames that {@link FrameSocketBase.readFrame} would give, the peer's Close included. Ends after a clean close
   * and throws otherwise. Leaving the loop leaves the connection as it is.
   */
  async *frames({ signal }: Pick<ReadOptions, 'signal'> = {}): AsyncGenerator<Frame, void, undefined> {
    const options = signal === undefined ? {} : { signal };
    for (;;) {
      let frame: Frame;
      try {
        frame = await this.readFrame(options);
      } catch (error) {
        if (error instanceof FrameSocketError && error.code === 'CLOSED') return;
        throw error;
      }
      yield frame;
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<Frame, void, undefined> {
    return this.frames();
  }

  /**
   * Whole messages, joined from their frames. Otherwise like {@link FrameSocketBase.frames}; control frames are passed
   * over. Above `maxBuffered` bytes or `maxFragments` frames the connection is failed with 1009.
   */
  async *messages(options: Pick<ReadOptions, 'signal'> = {}): AsyncGenerator<Message, void, undefined> {
    const joiner = new MessageJoiner(this.#settings, this.#engine.decodeText);
    for await (const frame of this.frames(options)) {
      let message: Message | undefined;
      try {
        message = joiner.take(frame);
      } catch (error) {
        if (error instanceof FrameSocketError) this.#engine.fail(error);
        throw error;
      }
      if (message !== undefined) yield message;
    }
  }

  /**
   * Sends one data frame: the first of a message is Text for a string and Binary for bytes, those after it are
   * Continuations. A surrogate pair that is split between two strings goes out whole with the second.
   *
   * @param data - Bytes are not copied while they wait: leave them alone until the promise settles.
   * @returns Resolves when the operating system has taken the frame.
   * @throws TypeError for other data, or for another type than the open message; {@link FrameSocketError}
   *   `MESSAGE_OPEN` while `sendMessage` is at work, `CLOSE_SENT` after our Close, `ABORTED` when it was taken back, `SEND_ABORTED` and `SEND_TIMEOUT` when the connection had to
   *   be ended inside the frame.
   */
  sendFrame(data: string | Uint8Array, options: SendOptions = NO_OPTIONS): Promise<void> {
    if (this.#isStreaming) return Promise.reject(this.#engine.note(new FrameSocketError('MESSAGE_OPEN')));
    return this.#sendData(data, options);
  }

  /**
   * Sends one message whose parts come one after the other, each as a fragment, with an empty one at the end. The next
   * part is asked for when the last has left, so that a message of any size costs the memory of one part.
   *
   * @param parts - All strings or all bytes, at least one.
   * @throws {@link FrameSocketError} `MESSAGE_OPEN` while another message is being sent; what `parts` throws, with the
   *   message left open for `sendFrame` to end; otherwise as {@link FrameSocketBase.sendFrame}.
   */
  async sendMessage(
    parts: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
    { signal }: AbortOptions = {},
  ): Promise<void> {
    if (this.#isStreaming || this.#outgoing.isOpen) throw this.#engine.note(new FrameSocketError('MESSAGE_OPEN'));
    const options = signal === undefined ? {} : { signal };
    let last: string | Uint8Array | undefined;
    this.#isStreaming = true;
    try {
      for await (const part of parts) {
        await this.#sendData(part, { ...options, fin: false });
        last = part;
      }
      if (last === undefined) throw new TypeError('There was no part, and so no type of message.');
      await this.#sendData(typeof last === 'string' ? '' : NO_BYTES, options);
    } finally {
      this.#isStreaming = false;
    }
  }

  /** Sends a Ping, also between the frames of a message. @param data - At most 125 bytes; RangeError above. */
  async sendPing(data: string | Uint8Array = NO_BYTES, { signal }: AbortOptions = {}): Promise<void> {
    const payload = controlPayload(data);
    this.#requireOpen(signal);
    const put: OutgoingFrame['put'] = (sink) => sink.sendPing(payload);
    return this.#sendControl('Ping', { isData: false, length: payload.length, put }, signal);
  }

  /** Answers the last Ping that was read and not answered; without one sends an empty Pong. */
  async sendPong({ signal }: AbortOptions = {}): Promise<void> {
    this.#requireOpen(signal);
    const unanswered = this.#engine.unansweredPing;
    const payload = unanswered ?? NO_BYTES;
    this.#engine.unansweredPing = undefined;
    const put: OutgoingFrame['put'] = (sink) => sink.sendPong(payload);
    const takeBack = (): void => void (this.#engine.unansweredPing ??= unanswered);
    return this.#sendControl('Pong', { isData: false, length: payload.length, put, takeBack }, signal);
  }

  /**
   * Sends our Close and no more: reading goes on until the peer's comes. Answering the peer's Close ends the connection.
   *
   * @param code - 1000 to 1003, 1007 to 1014 or 3000 to 4999; none for an empty Close.
   * @param reason - At most 123 bytes as UTF-8.
   * @throws RangeError and TypeError for what must not be sent; {@link FrameSocketError} `CLOSE_SENT` the second time.
   */
  async sendClose(code?: number, reason = '', { signal }: AbortOptions = {}): Promise<void> {
    const length = this.#engine.checkClose(code, reason);
    this.#requireOpen(signal);
    this.#isCloseQueued = true;
    const put: OutgoingFrame['put'] = (sink) => sink.sendClose(code, reason);
    const takeBack = (): void => void (this.#isCloseQueued = false);
    return this.#sendControl('Close', { isData: false, length, put, takeBack }, signal);
  }

  /**
   * Closes in good order: sends our Close after what waits, reads on until the peer's has come, and ends TCP. Frames
   * that nobody reads meanwhile are dropped. Without an answer within `closeTimeoutMs` the connection is ended.
   *
   * @param options - Its signal ends the connection at once, as {@link FrameSocketBase.terminate} does.
   * @returns Resolves when the connection has ended, however it did; see {@link FrameSocketBase.wasClean}.
   * @throws RangeError and TypeError as {@link FrameSocketBase.sendClose}.
   */
  async close(code?: number, reason = '', { signal }: AbortOptions = {}): Promise<void> {
    this.#engine.checkClose(code, reason);
    if (signal?.aborted === true) this.terminate();
    const forgetSignal = onAbort(signal, () => this.terminate());
    if (!this.#isCloseQueued && !this.#engine.isOver) {
      // What prevents it also ends the connection, and that is waited for.
      this.sendClose(code, reason).catch(() => undefined);
    }
    await this.#engine.awaitClose();
    forgetSignal();
  }

  /** Ends the connection at once, without a Close. What was received and not read is gone. */
  terminate(): void {
    this.#engine.breakOff(new FrameSocketError('TERMINATED'));
  }

  /** Resolves once {@link FrameSocketBase.bufferedAmount} is 0; rejects when that cannot happen any more. */
  drain({ signal }: AbortOptions = {}): Promise<void> {
    return this.#engine.writer.drain(signal);
  }

  #requireOpen(signal: AbortSignalLike | undefined): void {
    if (signal?.aborted === true) {
      throw this.#engine.note(aborted(signal));
    }
    if (this.#engine.isOver) throw this.#engine.note(this.#engine.refusal());
    if (this.#isCloseQueued) throw this.#engine.note(new FrameSocketError('CLOSE_SENT'));
  }

  /** Not an async function: with its second promise, sending would take half as long again. */
  #sendData(data: string | Uint8Array, { fin = true, signal }: SendOptions): Promise<void> {
    try {
      return this.#engine.writer.send(this.#nextFrame(data, fin, signal), signal);
    } catch (error) {
      return failed(error);
    }
  }

  #nextFrame(data: string | Uint8Array, fin: boolean, signal: AbortSignalLike | undefined): OutgoingFrame {
    this.#requireOpen(signal);
    const frame = this.#outgoing.next(data, fin);
    this.#settings.log.debug?.('frame to send', {
      data: typeof data === 'string' ? 'Text' : 'Binary',
      fin,
      numBytes: frame.length,
    });
    return frame;
  }

  #sendControl(
    opcode: OpcodeName,
    frame: OutgoingFrame,
    signal: AbortSignalLike | undefined,
  ): Promise<void> {
    this.#settings.log.debug?.('frame to send', { opcode, fin: true, numBytes: frame.length });
    return this.#engine.writer.send(frame, signal);
  }
}

async function failed(error: unknown): Promise<never> {
  throw error;
}
