/** What a {@link ByteStream} tells its owner. @public */
export interface ByteSink {
  /** Bytes came. The chunk is given away. */
  onBytes(chunk: Uint8Array): void;
  /** Some of the bytes being written were taken by the peer's side. */
  onProgress(): void;
  /** The peer sends no more; writing may still be possible. */
  onEnd(): void;
  /** Nothing goes either way any more. Told once, last. @param error - Why, unless it was asked for. */
  onClose(error?: unknown): void;
}

/**
 * An ordered, reliable stream of bytes both ways, such as TCP or TLS gives. Nothing is told before `start`.
 *
 * @public
 */
export interface ByteStream {
  start(sink: ByteSink): void;
  /** Stops reading, so that the peer has to wait once the buffers on the way are full. */
  pause(): void;
  resume(): void;
  /**
   * Writes chunks in order, after everything written before. They are left alone until written.
   *
   * @param onWritten - Called once: when the operating system has taken all of it, or with the error that prevents it.
   */
  write(chunks: readonly Uint8Array[], onWritten: (error?: unknown) => void): void;
  /** Ends our side once everything is written. Reading goes on. */
  end(): void;
  /** Ends both sides at once. */
  destroy(): void;
}

/** Time, given to the pure part from outside. @public */
export interface FrameClock {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Runs once after that time, unless the returned function is called first. */
  setTimer(run: () => void, afterMs: number): () => void;
}

/** Time, chance and what is quicker there, given to the pure part from outside. @public */
export interface FrameHost extends FrameClock {
  /** A fresh, unpredictable 32-bit number. */
  maskKey(): number;
  /** Whether bytes are whole, valid UTF-8. */
  isUtf8?(bytes: Uint8Array): boolean;
  /** Bytes as UTF-8, U+FEFF at their beginning included, U+FFFD for what is none. */
  readonly decodeText?: (bytes: Uint8Array) => string;
  /** Memory for bytes, whatever it holds. */
  readonly allocate?: (length: number) => Uint8Array;
  /** A string as UTF-8 in memory of its own, U+FFFD for half a surrogate pair. */
  readonly encodeText?: (text: string) => Uint8Array;
}
