import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ByteSink, ByteStream } from '../byte-stream';
import { giveMemoryBack } from '../mask-memory';

/** Bytes given to the stream at one go; what it has taken of them is a sign of life. */
const MAX_WRITE = 65_536;

interface Part {
  readonly chunks: readonly Uint8Array[];
  readonly onWritten: (error?: unknown) => void;
  /** First chunk that is not wholly given away, and where in it to go on. */
  index: number;
  offset: number;
}

/** Any Node stream of bytes both ways, such as a socket, as a {@link ByteStream}. @internal */
export class DuplexStream implements ByteStream {
  readonly #duplex: Duplex;
  /** Let go once it was delivered: it may be a small part of much memory. */
  #head: Uint8Array | undefined;
  #parts: Part[] = [];
  #sink: ByteSink | undefined = undefined;
  #isWriting = false;
  #isEnding = false;
  #error: unknown = undefined;

  /** @param head - Bytes that were read from the stream already. */
  constructor(duplex: Duplex, head: Uint8Array) {
    this.#duplex = duplex;
    this.#head = head;
  }

  start(sink: ByteSink): void {
    const duplex = this.#duplex;
    this.#sink = sink;
    duplex.on('error', (error: unknown) => (this.#error ??= error));
    duplex.on('close', () => this.#onClose());
    const head = this.#head;
    this.#head = undefined;
    if (head !== undefined && head.length > 0) sink.onBytes(head);
    duplex.on('end', () => sink.onEnd());
    duplex.on('data', (chunk: Uint8Array) => sink.onBytes(chunk));
    if (duplex.destroyed) queueMicrotask(() => this.#onClose());
  }

  pause(): void {
    this.#duplex.pause();
  }

  resume(): void {
    this.#duplex.resume();
  }

  write(chunks: readonly Uint8Array[], onWritten: (error?: unknown) => void): void {
    this.#parts.push({ chunks, onWritten, index: 0, offset: 0 });
    if (!this.#isWriting) this.#writeNext();
  }

  end(): void {
    this.#isEnding = true;
    if (!this.#isWriting) this.#duplex.end();
  }

  destroy(): void {
    this.#duplex.destroy();
  }

  /** What waits goes out together, which makes one system call of many small frames. */
  #writeNext(): void {
    this.#isWriting = true;
    const slices = this.#nextSlices();
    const last = slices.pop() ?? new Uint8Array(0);
    if (slices.length > 0) this.#duplex.cork();
    for (const slice of slices) this.#duplex.write(slice);
    this.#duplex.write(last, this.#onWritten);
    if (slices.length > 0) this.#duplex.uncork();
  }

  #nextSlices(): Uint8Array[] {
    const slices: Uint8Array[] = [];
    let room = MAX_WRITE;
    for (const part of this.#parts) {
      for (; room > 0 && part.index < part.chunks.length;) {
        const slice = this.#nextSlice(part, room);
        slices.push(slice);
        room -= slice.length;
      }
      if (room === 0) break;
    }
    return slices;
  }

  #nextSlice(part: Part, room: number): Uint8Array {
    const chunk = part.chunks[part.index] ?? new Uint8Array(0);
    const isRest = chunk.length - part.offset <= room;
    const slice = isRest && part.offset === 0 ? chunk : chunk.subarray(part.offset, part.offset + room);
    part.index += isRest ? 1 : 0;
    part.offset = isRest ? 0 : part.offset + room;
    return slice;
  }

  readonly #onWritten = (error: Error | null | undefined): void => {
    this.#isWriting = false;
    if (error !== null && error !== undefined) return this.#failWrites(error);
    const written = this.#takeWritten();
    if (this.#duplex instanceof Socket) written.forEach(giveChunksBack);
    if (this.#parts.length > 0) this.#writeNext();
    for (const { onWritten } of written) onWritten();
    this.#sink?.onProgress();
    if (this.#isEnding && !this.#isWriting) this.#duplex.end();
  };

  #takeWritten(): Part[] {
    const parts = this.#parts;
    const rest = parts.findIndex((part) => part.index < part.chunks.length);
    if (rest >= 0) return parts.splice(0, rest);
    this.#parts = [];
    return parts;
  }

  #failWrites(error: unknown): void {
    for (const { onWritten } of this.#parts.splice(0)) onWritten(error);
  }

  #onClose(): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    this.#sink = undefined;
    this.#failWrites(this.#error ?? new Error('The stream was closed.'));
    sink.onClose(this.#error);
  }
}

/** The operating system has copied them; another stream may have passed them on as they are. */
function giveChunksBack({ chunks }: Part): void {
  chunks.forEach(giveMemoryBack);
}
