/** Compresses our messages. @public */
export interface Deflater {
  /**
   * The payload of one frame as it is to stand on the wire.
   *
   * @param fin - Whether the message ends with it.
   */
  compress(payload: Uint8Array, fin: boolean): Uint8Array;
  /** Gives up all memory; not used afterwards. */
  close(): void;
}

/** Restores the peer's messages. @public */
export interface Inflater {
  /**
   * Restores everything that is certain with these bytes. They may be cut anywhere.
   *
   * @param fin - Whether the message ends with them.
   * @param limit - How many bytes may come out.
   * @param take - Gets them in order, in one or more pieces, each only valid during the call.
   * @throws {@link FrameError} with 1009 when more would come out, 1007 for bytes that are no compressed data; what
   *   came before was given to `take`.
   */
  decompress(bytes: Uint8Array, fin: boolean, limit: number, take: (restored: Uint8Array) => void): void;
  /** Gives up all memory; not used afterwards. */
  close(): void;
}

/** What a connection with agreed compression needs. @see RFC 7692. @public */
export interface Compression {
  readonly deflater: Deflater;
  readonly inflater: Inflater;
  /** Messages sent in one frame with fewer bytes go out as they are. */
  readonly threshold: number;
}
