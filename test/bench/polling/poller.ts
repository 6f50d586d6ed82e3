import { AnswerScanner } from '../relay/http';
import { LoadSocket } from '../relay/load-socket';
import type { PollingSession } from './polling';

/** One session with two kept-alive connections: on one a poll always waits, the other is there for uploads. */
export class Poller {
  #uploads: LoadSocket | undefined;
  #isUploading = false;
  /** Messages to go with the next upload: one is under way at a time, as the clients of both have it. */
  #waiting = 0;
  #onIdle = (): void => undefined;

  private constructor(
    private readonly port: number,
    private readonly session: PollingSession,
  ) {}

  /** @param onMessages - Told how many each poll brought; the next poll has left by then. */
  static async open(
    port: number,
    session: PollingSession,
    onMessages: (count: number) => void,
  ): Promise<Poller> {
    const socket = await LoadSocket.open(port);
    const scanner = new AnswerScanner((bytes, start, end) => {
      const count = session.count(bytes, start, end);
      socket.write(session.poll());
      onMessages(count);
    });
    socket.read(scanner, () => undefined);
    socket.write(session.poll());
    return new Poller(port, session);
  }

  /** Opens the connection for uploads: servers end one that is idle for some seconds. */
  async connect(): Promise<void> {
    const socket = await LoadSocket.open(this.port);
    const scanner = new AnswerScanner((bytes, start, end) => {
      this.session.checkUpload(bytes.toString('latin1', start, end));
      this.#isUploading = false;
      if (this.#waiting > 0) this.#upload();
      else this.#onIdle();
    });
    socket.read(scanner, () => undefined);
    this.#uploads = socket;
  }

  /** Ends it, after its last answer. */
  async disconnect(): Promise<void> {
    if (this.#isUploading) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    this.#uploads?.drop();
  }

  send(count: number): void {
    this.#waiting += count;
    if (!this.#isUploading) this.#upload();
  }

  #upload(): void {
    this.#isUploading = true;
    this.#uploads?.write(this.session.upload(this.#waiting));
    this.#waiting = 0;
  }
}
