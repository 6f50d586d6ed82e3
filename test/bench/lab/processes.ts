import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** What a child answers a call with. */
type Answer = { id: number; value: unknown } | { id: number; fault: string };

/** The functions that a child offers to its parent. */
export type Actions = Record<string, (argument: never) => unknown>;

/** A process of its own, asked by name. Its faults are ours. */
export class Process {
  readonly #child: ChildProcess;
  #calls = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Runs a compiled module that calls {@link serve}. @param nodeArgs - Further options of Node. */
  static async start(
    file: string,
    args: readonly string[] = [],
    nodeArgs: readonly string[] = [],
  ): Promise<Process> {
    const child = fork(file, args, { execArgv: ['--expose-gc', ...nodeArgs], serialization: 'advanced' });
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`${file} ended with ${code} at its start.`)));
    });
    return new Process(child);
  }

  /** Calls an action of the child. */
  call(action: string, argument?: unknown): Promise<unknown> {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      const onMessage = (answer: Answer): void => {
        if (answer.id !== id) return;
        this.#child.off('message', onMessage).off('exit', onExit);
        if ('fault' in answer) reject(new Error(answer.fault));
        else resolve(answer.value);
      };
      const onExit = (code: number | null): void => {
        reject(new Error(`A process ended with ${code}: ${this.#child.spawnargs.join(' ')}`));
      };
      this.#child.on('message', onMessage).on('exit', onExit);
      this.#child.send({ id, action, argument });
    });
  }

  async stop(): Promise<void> {
    if (!this.#child.connected) return;
    const exit = once(this.#child, 'exit');
    this.#child.disconnect();
    await exit;
  }
}

/** The child's side: answers calls until the parent is gone. */
export function serve(actions: Actions): void {
  let call = 0;
  process.on('disconnect', () => process.exit(0));
  // What is thrown beside a call, as by a socket, is told as the fault of that call.
  process.on('uncaughtException', (error) => {
    console.error(error);
    process.send?.({ id: call, fault: error.message }, () => process.exit(1));
  });
  process.on('message', ({ id, action, argument }: { id: number; action: string; argument: never }) => {
    call = id;
    void run(actions[action], argument).then(
      (value) => process.send?.({ id, value }),
      (error: unknown) => process.send?.({ id, fault: error instanceof Error ? error.stack : String(error) }),
    );
  });
  process.send?.('ready');
}

async function run(action: Actions[string] | undefined, argument: never): Promise<unknown> {
  if (action === undefined) throw new Error('There is no such action.');
  return action(argument);
}
