import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const started = new Set<ChildProcess>();

/** A Node program of this project as a process of its own, with all that it has printed so far. */
export class Program {
  readonly process: ChildProcess;
  out = '';
  err = '';
  readonly #exit: Promise<number | null>;

  /** @param args - Script and arguments, the script relative to `cwd`, which is the project unless given. */
  constructor(args: readonly string[], env: Record<string, string> = {}, cwd = root) {
    this.process = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env } });
    started.add(this.process);
    this.process.stdout?.on('data', (chunk) => (this.out += String(chunk)));
    this.process.stderr?.on('data', (chunk) => (this.err += String(chunk)));
    // `close` comes after the last output, `exit` may come before it.
    this.#exit = once(this.process, 'close').then(([code]) => {
      started.delete(this.process);
      return code as number | null;
    });
  }

  type(text: string): void {
    this.process.stdin?.write(text);
  }

  endInput(text = ''): void {
    this.process.stdin?.end(text);
  }

  /** Resolves with the first match in the output; rejects when the program ends before. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    let hasEnded = false;
    void this.#exit.then(() => (hasEnded = true));
    for (;;) {
      const match = pattern.exec(this.out);
      if (match !== null) return match;
      if (hasEnded) throw new Error(`The program ended without printing ${String(pattern)}:\n${this.out}${this.err}`);
      await Promise.race([once(this.process.stdout ?? this.process, 'data'), this.#exit]);
    }
  }

  /** Resolves with the exit code; null when a signal ended it. */
  exitCode(): Promise<number | null> {
    return this.#exit;
  }
}

/** Ends whatever a failed test has left running. */
export function killPrograms(): void {
  for (const child of started) child.kill('SIGKILL');
}
