import { aborted, onAbort } from './abort';
import type { AbortSignalLike } from './abort';
import type { ByteStream, FrameHost } from './byte-stream';
import type { Connection } from './connection';
import { Fifo } from './fifo';
import type { MessageOpcode } from './header';
import { IdleTimer } from './idle-timer';
import { FrameSocketError } from './socket-errors';

/** From this many bytes on, no more frames join the write that is being put together. */
const WRITE_SIZE = 65_536;

/** What takes frames of ours; each says false for one that it does not take. @internal */
export interface FrameSink {
  send(opcode: MessageOpcode, payload: Uint8Array | string, fin: boolean): boolean;
  sendPing(payload: Uint8Array): boolean;
  sendPong(payload: Uint8Array): boolean;
  sendClose(code: number | undefined, reason: string): boolean;
}

/** A frame of ours that is to be sent. @internal */
export interface OutgoingFrame {
  /** Bytes of payload. */
  readonly length: number;
  /** Hands it on. @returns False when it was not taken. */
  put(sink: FrameSink): boolean;
  /** Undoes what the call that queued it did, if that is anything. */
  takeBack?: () => void;
  /** Whether it carries data. */
  readonly isData: boolean;
}

/** Frames on their way out. @internal */
export interface OutgoingQueue {
  /** Bytes that the operating system, or the browser, has not taken yet. */
  readonly bufferedAmount: number;
  /** Resolves when the frame has left. The payload is left alone until then. */
  send(frame: OutgoingFrame, signal: AbortSignalLike | undefined): Promise<void>;
  /** Resolves once nothing waits. */
  drain(signal: AbortSignalLike | undefined): Promise<void>;
}

interface Waiting {
  readonly frame: OutgoingFrame;
  readonly resolve: () => void;
  readonly reject: (error: FrameSocketError) => void;
  forgetSignal?: () => void;
  /** Whether its bytes may be on the wire. */
  isUnderWay: boolean;
}

/** Somebody who waits until nothing waits. */
interface Drain {
  readonly resolve: () => void;
  readonly reject: (error: FrameSocketError) => void;
}

const NO_DRAINS: readonly Drain[] = [];
const NO_FRAMES: readonly Waiting[] = [];

/** What may change while the socket is open. @internal */
export interface Timing {
  idleTimeoutMs: number;
}

/** What the writer needs from its socket. @internal */
export interface WriterOwner {
  readonly timing: Timing;
  /** Why nothing can be sent any more. */
  refusal(): FrameSocketError;
  /** A frame was cut off: the connection is of no use any more. */
  breakOff(error: FrameSocketError): void;
  /** A send fails. */
  note(error: FrameSocketError): void;
  /** Something was handed to the connection, or room was made. */
  onMoved(): void;
}

/**
 * Frames on their way out, in order. What waits is encoded and written together once the write before it is done: many
 * small frames cost one system call, and a peer who does not read costs the payloads that wait and nothing more.
 *
 * @internal
 */
export class FrameWriter implements OutgoingQueue {
  readonly #connection: Connection;
  readonly #stream: ByteStream;
  readonly #owner: WriterOwner;
  readonly #idle: IdleTimer;
  readonly #queue = new Fifo<Waiting>();
  #drains = NO_DRAINS;
  /** Frames in the write that is under way. */
  #underWay = NO_FRAMES;
  #queuedBytes = 0;
  #underWayBytes = 0;
  /** Bytes under way that the connection sends by itself: Pongs. */
  #ownBytes = 0;

  constructor(connection: Connection, stream: ByteStream, host: FrameHost, owner: WriterOwner) {
    this.#connection = connection;
    this.#stream = stream;
    this.#owner = owner;
    this.#idle = new IdleTimer(host, () => owner.breakOff(new FrameSocketError('SEND_TIMEOUT')));
  }

  get bufferedAmount(): number {
    return this.#queuedBytes + this.#underWayBytes;
  }

  /** Whether the peer lets so many Pongs pile up that no more Pings can be read. */
  get isClogged(): boolean {
    return this.#ownBytes > WRITE_SIZE;
  }

  send(frame: OutgoingFrame, signal: AbortSignalLike | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { frame, resolve, reject, isUnderWay: false };
      if (signal !== undefined) waiting.forgetSignal = onAbort(signal, () => this.#abort(waiting, signal));
      if (this.#underWay.length === 0 && this.#queue.length === 0) {
        this.#sendAtOnce(waiting);
      } else {
        this.#queue.push(waiting);
        this.#queuedBytes += frame.length;
      }
      this.#pump();
    });
  }

  /** Writes what the connection sends by itself. */
  writeOwn(chunks: readonly Uint8Array[]): void {
    const length = lengthOf(chunks);
    this.#ownBytes += length;
    this.#write(chunks, length, true);
  }

  /** Resolves once nothing waits. */
  drain(signal: AbortSignalLike | undefined): Promise<void> {
    if (this.bufferedAmount === 0) return Promise.resolve();
    if (signal?.aborted === true) return Promise.reject(aborted(signal));
    return new Promise((resolve, reject) => {
      const forgetSignal = onAbort(signal, () => {
        this.#drains = this.#drains.filter((other) => other !== drain);
        reject(aborted(signal));
      });
      const drain: Drain = {
        resolve: () => (forgetSignal(), resolve()),
        reject: (error) => (forgetSignal(), reject(error)),
      };
      this.#drains = [...this.#drains, drain];
    });
  }

  /** The peer takes bytes. */
  touch(): void {
    this.#idle.touch();
  }

  /** Gives up what waits; what is under way ends with the stream. */
  fail(error: FrameSocketError): void {
    this.#idle.cancel();
    for (const waiting of this.#queue.takeAll()) this.#reject(waiting, error);
    this.#queuedBytes = 0;
    for (const { reject } of this.#takeDrains()) reject(error);
  }

  #pump(): void {
    if (this.#underWay.length === 0 && this.#queue.length > 0) this.#sendWaiting();
    this.#owner.onMoved();
  }

  #sendAtOnce(waiting: Waiting): void {
    waiting.isUnderWay = waiting.frame.put(this.#connection);
    if (!waiting.isUnderWay) return this.#reject(waiting, this.#owner.refusal());
    this.#underWay = [waiting];
    this.#transmit();
  }

  #sendWaiting(): void {
    const refused: Waiting[] = [];
    this.#underWay = this.#encodeWaiting(refused);
    if (this.#underWay.length > 0) this.#transmit();
    for (const waiting of refused) this.#reject(waiting, this.#owner.refusal());
  }

  #transmit(): void {
    const event = this.#connection.poll();
    if (event?.type !== 'transmit') return;
    this.#write(event.chunks, lengthOf(event.chunks), false);
  }

  #encodeWaiting(refused: Waiting[]): readonly Waiting[] {
    const encoded: Waiting[] = [];
    for (let length = 0; length < WRITE_SIZE;) {
      const waiting = this.#queue.shift();
      if (waiting === undefined) break;
      length += waiting.frame.length;
      this.#queuedBytes -= waiting.frame.length;
      waiting.isUnderWay = waiting.frame.put(this.#connection);
      (waiting.isUnderWay ? encoded : refused).push(waiting);
    }
    return encoded;
  }

  #onSent(error: unknown): void {
    const sent = this.#underWay;
    this.#underWay = NO_FRAMES;
    for (const waiting of sent) {
      if (error !== undefined) {
        this.#reject(waiting, this.#owner.refusal());
      } else {
        waiting.forgetSignal?.();
        waiting.resolve();
      }
    }
  }

  /** @param isOwn - Whether the connection sends it by itself. */
  #write(chunks: readonly Uint8Array[], length: number, isOwn: boolean): void {
    if (this.#underWayBytes === 0) this.#idle.start(this.#owner.timing.idleTimeoutMs);
    this.#underWayBytes += length;
    this.#stream.write(chunks, (error) => this.#onWritten(length, isOwn, error ?? undefined));
  }

  #onWritten(length: number, isOwn: boolean, error: unknown): void {
    this.#underWayBytes -= length;
    if (this.#underWayBytes === 0) this.#idle.stop();
    if (isOwn) this.#ownBytes -= length;
    else this.#onSent(error);
    if (error !== undefined) return;
    this.#pump();
    if (this.bufferedAmount === 0) for (const { resolve } of this.#takeDrains()) resolve();
  }

  #takeDrains(): readonly Drain[] {
    const drains = this.#drains;
    this.#drains = NO_DRAINS;
    return drains;
  }

  #abort(waiting: Waiting, signal: AbortSignalLike | undefined): void {
    if (waiting.isUnderWay || !this.#canTakeBack(waiting)) {
      const error = new FrameSocketError('SEND_ABORTED', { cause: signal?.reason });
      this.#reject(waiting, error);
      return this.#owner.breakOff(error);
    }
    this.#queue.remove(waiting);
    this.#queuedBytes -= waiting.frame.length;
    waiting.frame.takeBack?.();
    this.#reject(waiting, aborted(signal));
  }

  /** A fragment with more data behind it would leave a hole in its message. */
  #canTakeBack({ frame }: Waiting): boolean {
    if (frame.takeBack === undefined || !frame.isData) return true;
    return this.#queue.findLast((other) => other.frame.isData)?.frame === frame;
  }

  #reject(waiting: Waiting, error: FrameSocketError): void {
    waiting.forgetSignal?.();
    this.#owner.note(error);
    waiting.reject(error);
  }
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  return length;
}
