import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** A compiled program of the lab, run as a process that can be killed. It tells something once it is ready. */
export class LabChild {
  private constructor(
    readonly told: unknown,
    private readonly child: ChildProcess,
  ) {}

  static async run(file: string, ...args: readonly (string | number)[]): Promise<LabChild> {
    const child = fork(file, args.map(String));
    const [told] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`${file} ended with ${code} at its start.`);
      }),
    ])) as [unknown];
    return new LabChild(told, child);
  }

  /** What it answers; one question at a time. */
  async ask(question: unknown): Promise<unknown> {
    const answer = once(this.child, 'message');
    this.child.send(question as object);
    return ((await answer) as [unknown])[0];
  }

  /** Ends it at once and without a word. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}

export interface Usage {
  /** Memory that it has, in bytes. */
  readonly rss: number;
  /** Time of processors that it has used. */
  readonly cpuMs: number;
}

/** The compiled `relay-child`. */
export class RelayChild {
  readonly port: number;

  private constructor(private readonly child: LabChild) {
    this.port = child.told as number;
  }

  /** @param file - The compiled child. @param port - 0 for any. @param folder - Of a durable relay. */
  static async start(file: string, port = 0, folder?: string): Promise<RelayChild> {
    return new RelayChild(await LabChild.run(file, port, ...(folder === undefined ? [] : [folder])));
  }

  async usage(): Promise<Usage> {
    return (await this.child.ask('usage')) as Usage;
  }

  kill(): Promise<void> {
    return this.child.kill();
  }
}
