/** Which way and what flows. */
export interface Flow {
  /** Whether frames are masked: those of a client are. */
  readonly masked: boolean;
  readonly type: 'binary' | 'text';
}

/** Data as the application has it: text as a string. */
export type Data = string | Uint8Array;

/** What a candidate in `candidates/` exports as `codec`. */
export interface Codec {
  /** @returns Takes what was read from a socket, and gives each message to `onMessage`. */
  receive(flow: Flow, onMessage: (data: Data) => void): (chunk: Buffer) => void;
  /** @returns Sends one message, by writing it as if to a socket. */
  send(flow: Flow, write: (part: Data) => void): (data: Data) => void;
}
