import { connect, type Socket } from 'node:net';

export interface Address {
  host: string;
  port: number;
}

/** Longest wait of any single step, generous because the machine may be busy. */
export const STEP_DEADLINE_MS = 8_000;

/** The peer ended the connection while more bytes were wanted. */
export class ConnectionEnded extends Error {
  override name = 'ConnectionEnded';
}

/** A step did not happen within its deadline. */
export class DeadlineMissed extends Error {
  override name = 'DeadlineMissed';
}

const openConnections = new Set<RawConnection>();

/** Closes whatever a test left open; call it after each test. */
export function closeAllConnections(): void {
  for (const connection of openConnections) connection.destroy();
}

/** How many connections of the tests are open now, each of them one descriptor. */
export function openConnectionCount(): number {
  return openConnections.size;
}

/** Rejects with {@link DeadlineMissed} when `work` takes longer than `deadlineMs`. */
export async function within<T>(work: Promise<T>, what: string, deadlineMs = STEP_DEADLINE_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new DeadlineMissed(`${what}: nothing after ${deadlineMs} ms`)),
      deadlineMs,
    );
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Latin-1 text to bytes: one character, one byte. */
export function toBytes(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
}

/** One TCP connection with a byte reader; never raises an error event, and remembers how it ended. */
export class RawConnection {
  private chunks: Buffer[] = [];
  private buffered = 0;
  private ended = false;
  private waiters: (() => void)[] = [];

  private constructor(private readonly socket: Socket) {
    openConnections.add(this);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.buffered += chunk.length;
      this.wake();
    });
    // A reset is one way for the peer to end; which one it was does not matter to the tests.
    socket.on('error', () => this.markEnded());
    socket.on('end', () => this.markEnded());
    socket.on('close', () => {
      openConnections.delete(this);
      this.markEnded();
    });
  }

  /** Reads nothing from now on. */
  pause(): void {
    this.socket.pause();
  }

  static async open(address: Address, deadlineMs = STEP_DEADLINE_MS): Promise<RawConnection> {
    const socket = connect({ ...address, allowHalfOpen: true });
    const connection = new RawConnection(socket);
    const opened = new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    await within(opened, 'TCP connect', deadlineMs);
    return connection;
  }

  get isEnded(): boolean {
    return this.ended;
  }

  get bufferedSize(): number {
    return this.buffered;
  }

  /** Bytes this connection holds because the peer takes no more. */
  get unsentSize(): number {
    return this.socket.writableLength;
  }

  write(data: string | Uint8Array): void {
    if (!this.socket.destroyed && this.socket.writable) this.socket.write(toBytes(data));
  }

  /** Stops or restarts reading from the kernel, so that its buffers fill up. */
  setReading(isReading: boolean): void {
    if (isReading) this.socket.resume();
    else this.socket.pause();
  }

  async read(length: number, deadlineMs = STEP_DEADLINE_MS): Promise<Buffer> {
    await this.waitUntil(() => this.buffered >= length, `${length} bytes`, deadlineMs);
    const all = this.joined();
    this.keep(all.subarray(length));
    return all.subarray(0, length);
  }

  /** Reads up to `marker`; the marker is consumed and not returned. */
  async readUntil(marker: string, deadlineMs = STEP_DEADLINE_MS): Promise<string> {
    let at = -1;
    const isThere = (): boolean => (at = this.joined().indexOf(marker, 0, 'latin1')) >= 0;
    await this.waitUntil(isThere, JSON.stringify(marker), deadlineMs);
    const all = this.joined();
    this.keep(all.subarray(at + marker.length));
    return all.toString('latin1', 0, at);
  }

  /** Everything until the peer ends the connection. */
  async readToEnd(deadlineMs = STEP_DEADLINE_MS): Promise<Buffer> {
    await this.waitForEnd(deadlineMs);
    const all = this.joined();
    this.keep(all.subarray(all.length));
    return all;
  }

  async waitForEnd(deadlineMs = STEP_DEADLINE_MS): Promise<void> {
    await this.waitUntil(() => this.ended, 'end of the connection', deadlineMs);
  }

  /** Sends FIN, and goes on reading. */
  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Ends with RST instead of FIN. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  private joined(): Buffer {
    const only = this.chunks[0];
    if (this.chunks.length === 1 && only) return only;
    const all = Buffer.concat(this.chunks);
    this.chunks = [all];
    return all;
  }

  private keep(rest: Buffer): void {
    this.chunks = rest.length > 0 ? [rest] : [];
    this.buffered = rest.length;
  }

  private async waitUntil(isReady: () => boolean, what: string, deadlineMs: number): Promise<void> {
    const loop = async (): Promise<void> => {
      while (!isReady()) {
        if (this.ended) throw new ConnectionEnded(`connection ended before ${what}`);
        await new Promise<void>((resolve) => this.waiters.push(resolve));
      }
    };
    await within(loop(), what, deadlineMs);
  }

  private markEnded(): void {
    this.ended = true;
    this.wake();
  }

  private wake(): void {
    const waiters = this.waiters;
    this.waiters = [];
    for (const waiter of waiters) waiter();
  }
}
