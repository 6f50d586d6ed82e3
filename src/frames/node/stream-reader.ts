import type { Duplex } from 'node:stream';
import { FrameSocketError } from '../socket-errors';
import { reasonOf, throwIfAborted } from './deadline';

/**
 * Reads exact numbers of bytes from a stream, until it is released.
 *
 * @internal
 */
export class StreamReader {
  readonly #stream: Duplex;
  readonly #signal: AbortSignal;
  #bytes = Buffer.alloc(0);
  #error: FrameSocketError | undefined = undefined;
  #wake: (() => void) | undefined = undefined;

  constructor(stream: Duplex, signal: AbortSignal) {
    throwIfAborted(signal);
    this.#stream = stream;
    this.#signal = signal;
    stream.on('readable', this.#onReadable).on('error', this.#onError);
    stream.on('end', this.#onEnd).on('close', this.#onEnd);
    signal.addEventListener('abort', this.#onAbort);
  }

  write(bytes: Uint8Array): void {
    this.#stream.write(bytes);
  }

  /**
   * The next `length` bytes.
   *
   * @throws {@link FrameSocketError} `PROXY_FAILED` when the stream ends before; what the signal was fired with.
   */
  async read(length: number): Promise<Uint8Array> {
    while (this.#bytes.length < length) {
      if (this.#error !== undefined) throw this.#error;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const bytes = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return bytes;
  }

  /** Gives the stream back, with the bytes that were not asked for. */
  release(): void {
    const stream = this.#stream;
    stream.off('readable', this.#onReadable).off('error', this.#onError);
    stream.off('end', this.#onEnd).off('close', this.#onEnd);
    this.#signal.removeEventListener('abort', this.#onAbort);
    if (this.#bytes.length > 0 && !stream.readableEnded) stream.unshift(this.#bytes);
  }

  readonly #onReadable = (): void => {
    for (let chunk = this.#next(); chunk !== null; chunk = this.#next()) {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    }
    this.#wake?.();
  };

  readonly #onError = (cause: unknown): void => this.#fail(brokenOff(cause));
  readonly #onEnd = (): void => this.#fail(brokenOff());
  readonly #onAbort = (): void => this.#fail(reasonOf(this.#signal));

  #next(): Uint8Array | null {
    return this.#stream.read() as Uint8Array | null;
  }

  #fail(error: FrameSocketError): void {
    this.#error ??= error;
    this.#wake?.();
  }
}

function brokenOff(cause?: unknown): FrameSocketError {
  return new FrameSocketError('PROXY_FAILED', { detail: 'it ended the connection', cause });
}
