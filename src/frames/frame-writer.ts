import { onAbort } from './abort';
import type { AbortSignalLike } from './abort';
import type { ByteStream, FrameHost } from './byte-stream';
import type { Connection } from './connection';
import { Fifo } from './fifo';
import { IdleTimer } from './idle-timer';
import { FrameSocketError } from './socket-errors';

/** From this many bytes on, no more frames join the write that is being put together. */
const WRITE_SIZE = 65_536;

/** A frame of ours that is to be sent. @internal */
export interface OutgoingFrame {
  /** Bytes of payload. */
  readonly length: number;
  /** Hands it to the connection. @returns False when the connection does not take it. */
  put(connection: Connection): boolean;
  /** Undoes what the call that queued it did; absent when it is a whole message or a control frame. */
  takeBack?: () => void;
  /** Whether it carries data. */
  readonly isData: boolean;
}

/** The promise that tells of a frame. @internal */
export interface Outcome {
  /** The frame has left. */
  readonly resolve: () => void;
  readonly reject: (error: FrameSocketError) => void;
}

interface Waiting {
  readonly frame: OutgoingFrame;
  readonly outcome: Outcome;
  forgetSignal?: () => void;
  /** Whether its bytes may be on the wire. */
  isUnderWay: boolean;
}

const NONE: readonly Waiting[] = [];

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
  onBroken(error: FrameSocketError): void;
  /** A send fails. */
  onFailed(error: FrameSocketError): void;
  /** Something was handed to the connection, or room was made. */
  onMoved(): void;
}

/**
 * Frames on their way out, in order. What waits is encoded and written together once the write before it is done: many
 * small frames cost one system call, and a peer who does not read costs the payloads that wait and nothing more.
 *
 * @internal
 */
export class FrameWriter {
  readonly #connection: Connection;
  readonly #stream: ByteStream;
  readonly #owner: WriterOwner;
  readonly #idle: IdleTimer;
  readonly #queue = new Fifo<Waiting>();
  readonly #drains: Outcome[] = [];
  /** Frames in the write that is under way. */
  #underWay: readonly Waiting[] = NONE;
  #queuedBytes = 0;
  #underWayBytes = 0;
  /** Bytes under way that the connection sends by itself: Pongs. */
  #ownBytes = 0;

  constructor(connection: Connection, stream: ByteStream, host: FrameHost, owner: WriterOwner) {
    this.#connection = connection;
    this.#stream = stream;
    this.#owner = owner;
    this.#idle = new IdleTimer(host, () => owner.onBroken(new FrameSocketError('SEND_TIMEOUT')));
  }

  /** Bytes that the operating system has not taken yet. */
  get bufferedAmount(): number {
    return this.#queuedBytes + this.#underWayBytes;
  }

  /** Whether the peer lets so many Pongs pile up that no more Pings can be read. */
  get isClogged(): boolean {
    return this.#ownBytes > WRITE_SIZE;
  }

  /** Takes a frame. Its payload is left alone until its outcome is known. */
  send(frame: OutgoingFrame, outcome: Outcome, signal?: AbortSignalLike): void {
    const waiting: Waiting = { frame, outcome, isUnderWay: false };
    if (signal !== undefined) {
      waiting.forgetSignal = onAbort(signal, () => this.#abort(waiting, signal.reason));
    }
    this.#queue.push(waiting);
    this.#queuedBytes += frame.length;
    this.#pump();
  }

  /** Writes what the connection sends by itself. */
  writeOwn(chunks: readonly Uint8Array[]): void {
    const length = lengthOf(chunks);
    this.#ownBytes += length;
    this.#write(chunks, length, () => {
      this.#ownBytes -= length;
    });
  }

  /** Resolves once nothing waits. */
  drain(): Promise<void> {
    if (this.bufferedAmount === 0) return Promise.resolve();
    return new Promise((resolve, reject) => this.#drains.push({ resolve, reject }));
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
    for (const { reject } of this.#drains.splice(0)) reject(error);
  }

  #pump(): void {
    if (this.#underWay.length === 0 && this.#queue.length > 0) this.#sendWaiting();
    this.#owner.onMoved();
  }

  #sendWaiting(): void {
    const refused: Waiting[] = [];
    this.#underWay = this.#encodeWaiting(refused);
    const event = this.#underWay.length === 0 ? undefined : this.#connection.poll();
    if (event?.type === 'transmit') {
      this.#write(event.chunks, lengthOf(event.chunks), (error) => this.#onSent(error));
    }
    for (const waiting of refused) this.#reject(waiting, this.#owner.refusal());
  }

  #encodeWaiting(refused: Waiting[]): Waiting[] {
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
    this.#underWay = NONE;
    for (const waiting of sent) {
      if (error !== undefined) {
        this.#reject(waiting, this.#owner.refusal());
      } else {
        waiting.forgetSignal?.();
        waiting.outcome.resolve();
      }
    }
  }

  #write(chunks: readonly Uint8Array[], length: number, onDone: (error?: unknown) => void): void {
    if (this.#underWayBytes === 0) this.#idle.start(this.#owner.timing.idleTimeoutMs);
    this.#underWayBytes += length;
    this.#stream.write(chunks, (error) => {
      this.#underWayBytes -= length;
      if (this.#underWayBytes === 0) this.#idle.stop();
      onDone(error ?? undefined);
      if (error !== undefined && error !== null) return;
      this.#pump();
      if (this.#drains.length > 0 && this.bufferedAmount === 0) this.#endDrains();
    });
  }

  #endDrains(): void {
    for (const { resolve } of this.#drains.splice(0)) resolve();
  }

  #abort(waiting: Waiting, reason: unknown): void {
    if (waiting.isUnderWay || !this.#canTakeBack(waiting)) {
      const error = new FrameSocketError('SEND_ABORTED', { cause: reason });
      this.#reject(waiting, error);
      return this.#owner.onBroken(error);
    }
    this.#queue.remove(waiting);
    this.#queuedBytes -= waiting.frame.length;
    waiting.frame.takeBack?.();
    this.#reject(waiting, new FrameSocketError('ABORTED', { cause: reason }));
  }

  /** A fragment with more data behind it would leave a hole in its message. */
  #canTakeBack({ frame }: Waiting): boolean {
    if (frame.takeBack === undefined) return true;
    return this.#queue.findLast((other) => other.frame.isData)?.frame === frame;
  }

  #reject(waiting: Waiting, error: FrameSocketError): void {
    waiting.forgetSignal?.();
    this.#owner.onFailed(error);
    waiting.outcome.reject(error);
  }
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  return length;
}
