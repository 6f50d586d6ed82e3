import type { RunningServer } from '../relay/relay';

/** What a session is to send and to get. */
export interface PollingRole {
  /** Its own messages come back to it; else they go to the others in the room. */
  readonly isEcho: boolean;
  readonly listens: boolean;
  /** Bytes of each message. */
  readonly size: number;
}

/** One session of a candidate: what its requests say, and what the answers mean. */
export interface PollingSession {
  /** The next poll, head and body, as Latin-1 text. */
  poll(): string;
  /** The next upload, of so many messages. */
  upload(count: number): string;
  /** @returns How many messages a poll brought; throws when anything else came. */
  count(bytes: Buffer, start: number, end: number): number;
  /** Throws unless the server took the upload. */
  checkUpload(answer: string): void;
}

/** What a candidate in `candidates/` exports as `relay`. */
export interface PollingCandidate {
  /** As in the other benches of the relay. */
  start(): Promise<RunningServer>;
  open(port: number, role: PollingRole): Promise<PollingSession>;
}
