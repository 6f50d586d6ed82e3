/** One open connection of a candidate. */
export interface OpenClient {
  /** Sends one binary message. */
  send(data: Uint8Array): void;
  /** Sends one message in parts, no faster than they leave; absent where a message can only be sent whole. */
  sendParts?(parts: Iterable<Uint8Array>): Promise<void>;
  /** Ends the connection at once. */
  terminate(): void;
}

/** What a connection is opened with. */
export interface ClientOptions {
  /** Bytes in the largest message, or in the largest part when they come apart. */
  readonly maxPayload: number;
  /** Called with each message; or with each part of one, where the candidate gives parts. */
  readonly onBytes: (length: number) => void;
}

/** What a candidate in `candidates/` exports as `connect`. */
export type Connect = (url: string, options: ClientOptions) => Promise<OpenClient>;
