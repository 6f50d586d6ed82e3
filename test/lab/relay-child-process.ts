import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The compiled `relay-child`, run as a process that can be killed. */
export class RelayChild {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
  ) {}

  /** @param file - The compiled child. @param port - 0 for any. @param folder - Of a durable relay. */
  static async start(file: string, port = 0, folder?: string): Promise<RelayChild> {
    const child = fork(file, [String(port), ...(folder === undefined ? [] : [folder])]);
    const [told] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`The relay ended with ${code} at its start.`);
      }),
    ])) as [number];
    return new RelayChild(told, child);
  }

  /** Memory that it has, in bytes. */
  async rss(): Promise<number> {
    this.child.send('rss');
    const [bytes] = (await once(this.child, 'message')) as [number];
    return bytes;
  }

  /** Ends it at once and without a word. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
