import type { ByteSink, ByteStream, FrameHost } from './byte-stream';
import { PacedQueue } from './paced-queue';

/** How fast bytes may go, those of frame headers included, those of TLS and TCP not. @public */
export interface ThrottleOptions {
  /** Bytes sent in a second; 0 for no limit. @defaultValue 0 */
  upBytesPerSecond?: number;
  /** Bytes received in a second; 0 for no limit. The peer has to wait. @defaultValue 0 */
  downBytesPerSecond?: number;
}

const NO_BYTES = new Uint8Array(0);

/** The stream itself, or with limits one that keeps them. @internal */
export function throttled(
  stream: ByteStream,
  host: FrameHost,
  { upBytesPerSecond = 0, downBytesPerSecond = 0 }: ThrottleOptions,
): ByteStream {
  if (upBytesPerSecond === 0 && downBytesPerSecond === 0) return stream;
  return new ThrottledStream(
    stream,
    new PacedQueue(host, upBytesPerSecond),
    new PacedQueue(host, downBytesPerSecond),
  );
}

interface Waiting {
  readonly onWritten: (error?: unknown) => void;
}

/** Holds bytes back both ways. One received chunk at a time waits here; the others stay with the peer. */
class ThrottledStream implements ByteStream {
  readonly #stream: ByteStream;
  readonly #up: PacedQueue;
  readonly #down: PacedQueue;
  /** Writes that have not wholly been given to the stream. */
  readonly #writes = new Set<Waiting>();
  #isPaused = false;
  #isStreamPaused = false;
  #isDestroyed = false;

  constructor(stream: ByteStream, up: PacedQueue, down: PacedQueue) {
    this.#stream = stream;
    this.#up = up;
    this.#down = down;
  }

  start(sink: ByteSink): void {
    const deliver = (bytes: Uint8Array, pass: (piece: Uint8Array) => void): void => {
      this.#down.push({
        bytes,
        pass: (piece) => {
          pass(piece);
          this.#steer();
        },
      });
      this.#steer();
    };
    this.#stream.start({
      onBytes: (chunk) => deliver(chunk, (piece) => sink.onBytes(piece)),
      onProgress: () => sink.onProgress(),
      onEnd: () => deliver(NO_BYTES, () => sink.onEnd()),
      onClose: (error) => {
        this.#failWrites(error);
        if (this.#isDestroyed) sink.onClose(error);
        else deliver(NO_BYTES, () => sink.onClose(error));
      },
    });
  }

  pause(): void {
    this.#isPaused = true;
    this.#down.pause();
    this.#steer();
  }

  resume(): void {
    this.#isPaused = false;
    this.#down.resume();
    this.#steer();
  }

  write(chunks: readonly Uint8Array[], onWritten: (error?: unknown) => void): void {
    const waiting: Waiting = { onWritten };
    this.#writes.add(waiting);
    const last = chunks.at(-1) ?? NO_BYTES;
    for (const bytes of chunks.slice(0, -1)) this.#up.push({ bytes, pass: (piece) => this.#give(piece) });
    this.#up.push({
      bytes: last,
      pass: (piece, isLast) => {
        if (!isLast) return this.#give(piece);
        this.#writes.delete(waiting);
        this.#stream.write([piece], onWritten);
      },
    });
  }

  end(): void {
    this.#up.push({ bytes: NO_BYTES, pass: () => this.#stream.end() });
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#up.clear();
    this.#down.clear();
    this.#stream.destroy();
  }

  /** What becomes of it shows at the end of its write. */
  #give(piece: Uint8Array): void {
    this.#stream.write([piece], () => undefined);
  }

  #failWrites(error: unknown): void {
    this.#up.clear();
    const waiting = [...this.#writes];
    this.#writes.clear();
    for (const { onWritten } of waiting) onWritten(error ?? new Error('The stream was closed.'));
  }

  #steer(): void {
    const pause = this.#isPaused || !this.#down.isEmpty;
    if (pause === this.#isStreamPaused) return;
    this.#isStreamPaused = pause;
    if (pause) this.#stream.pause();
    else this.#stream.resume();
  }
}
