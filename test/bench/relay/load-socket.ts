import { connect, type Socket } from 'node:net';

/** Room in front of what is read, for what was left over from the chunk before. */
const ROOM = 131_072;
const READ_SIZE = 65_536;
/** One for all sockets: each is done with a chunk before the next one reads. */
const shared = Buffer.allocUnsafeSlow(ROOM + READ_SIZE);
const NOTHING = Buffer.alloc(0);

/** Counts what comes in over one connection, whatever its chunks. */
export interface Scanner {
  /** Messages so far. */
  readonly delivered: number;
  /**
   * Reads `bytes[start..end]`.
   *
   * @returns Up to where; what is behind comes again in front of the next chunk.
   */
  scan(bytes: Buffer, start: number, end: number): number;
}

/** Leaves everything where it is. */
const PATIENT: Scanner = { delivered: 0, scan: (_bytes, start) => start };

/** A connection of the load client, whatever lies between. */
export type LoadLink = Pick<LoadSocket, 'write' | 'read' | 'drop'>;

/** A connection of the load client, as cheap for it as Node allows: no Buffer is made for what is read. */
export class LoadSocket {
  readonly #socket: Socket;
  #scanner = PATIENT;
  #onChunk = (): void => undefined;
  #rest = NOTHING;

  private constructor(port: number) {
    const callback = (length: number): boolean => {
      this.#read(ROOM + length);
      return true;
    };
    const onread = { buffer: shared.subarray(ROOM), callback };
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread });
  }

  static open(port: number): Promise<LoadSocket> {
    const load = new LoadSocket(port);
    const socket = load.#socket;
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject).on('error', (error) => load.#fail(error.message));
        socket.once('end', () => load.#fail('it was ended'));
        resolve(load);
      });
    });
  }

  write(bytes: Uint8Array | string): void {
    this.#socket.write(bytes, 'latin1');
  }

  /**
   * The next answer as Latin-1 text.
   *
   * @param findEnd - Where it ends in the text, or -1 when not all of it is there.
   */
  take(findEnd: (text: string) => number): Promise<string> {
    return new Promise((resolve) => {
      const scan = (bytes: Buffer, start: number, end: number): number => {
        const text = bytes.toString('latin1', start, end);
        const length = findEnd(text);
        if (length < 0) return start;
        this.#scanner = PATIENT;
        resolve(text.slice(0, length));
        return start + length;
      };
      this.read({ delivered: 0, scan }, this.#onChunk);
    });
  }

  /** Gives all that comes from now on to a scanner. @param onChunk - Called after each chunk. */
  read(scanner: Scanner, onChunk: () => void): void {
    this.#scanner = scanner;
    this.#onChunk = onChunk;
    if (this.#rest.length > 0) this.#read(ROOM);
  }

  drop(): void {
    this.#socket.removeAllListeners('end').destroy();
  }

  #read(end: number): void {
    const start = ROOM - this.#rest.length;
    if (start < 0) throw new Error(`There is no sense in ${this.#rest.length} bytes from the server.`);
    this.#rest.copy(shared, start);
    const at = this.#scanner.scan(shared, start, end);
    this.#rest = at === end ? NOTHING : Buffer.from(shared.subarray(at, end));
    this.#onChunk();
  }

  /** A figure with a connection less would be another figure. */
  #fail(reason: string): never {
    throw new Error(`The server lost a connection of the load client: ${reason}.`);
  }
}
