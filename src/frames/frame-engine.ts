import type { CloseBody } from './close-codes';
import type { ConnectionState } from './connection';
import type { DeflateParameters } from './deflate-offer';
import type { Frame } from './frame';
import type { FrameReader } from './frame-reader';
import type { OutgoingQueue, Timing } from './frame-writer';
import type { FrameSocketError } from './socket-errors';
import type { SocketSettings } from './socket-options';

/** What moves a `FrameSocket`: a stream of bytes under our codec, or the WebSocket of a browser. @internal */
export interface FrameEngine {
  readonly settings: SocketSettings;
  /** The agreed subprotocol. */
  readonly protocol: string | undefined;
  /** What was agreed about compression, if it is known. */
  readonly deflate: DeflateParameters | undefined;
  readonly reader: FrameReader;
  readonly writer: OutgoingQueue;
  readonly timing: Timing;
  /** A quicker way from UTF-8 to a string than our own. */
  readonly decodeText?: ((bytes: Uint8Array) => string) | undefined;
  readonly state: ConnectionState;
  /** Whether nothing can be sent or received any more, beside frames that wait to be read. */
  readonly isOver: boolean;
  /** Whether a read would settle at once. */
  readonly isReadable: boolean;
  /** What the peer's Close said. */
  readonly close: CloseBody | undefined;
  /** Whether a Close went each way. */
  readonly wasClean: boolean;
  /** The last frame that the application got. */
  readonly lastFrame: Frame | undefined;
  /** What the last read or send that failed failed with. */
  readonly lastError: FrameSocketError | undefined;
  /** Payload of the last Ping that the application got and has not answered. */
  unansweredPing: Uint8Array | undefined;
  onPong: ((payload: Uint8Array) => void) | undefined;
  autoPong: boolean;
  autoClose: boolean;
  deliverPongs: boolean;
  /** Begins to read. */
  start(): void;
  /** Remembers a failure and tells the log of it. @returns The failure. */
  note(error: FrameSocketError): FrameSocketError;
  /** Bytes in the body of a Close. @throws RangeError and TypeError for one that cannot be sent. */
  checkClose(code: number | undefined, reason: string): number;
  /** Why nothing can be sent. */
  refusal(): FrameSocketError;
  /** From now on everything is read, so that the peer's Close is found; resolves when the connection has ended. */
  awaitClose(): Promise<void>;
  /** Fails the connection for a fault in what the peer sent. */
  fail(error: FrameSocketError): void;
  /** Ends everything at once; what was received and not read is gone. */
  breakOff(error: FrameSocketError): void;
}
