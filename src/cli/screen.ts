import { once } from 'node:events';
import { clearLine, createInterface, cursorTo, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Terminal } from './terminal';

/** Where lines are typed and, on a terminal, where the line being typed is drawn. */
export interface ScreenStreams {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
}

/** Typed lines in, printed lines out; on a terminal the line being typed stays at the bottom. */
export class Screen {
  readonly isTerminal: boolean;
  readonly #terminal: Terminal;
  readonly #output: Writable;
  readonly #reader: Interface;
  #isClosed = false;

  /** @param interrupt - Called for Ctrl-C on a terminal, and when nobody reads the output any more. */
  constructor(streams: ScreenStreams, terminal: Terminal, interrupt: () => void) {
    this.isTerminal = streams.input.isTTY === true && streams.output.isTTY === true;
    this.#terminal = terminal;
    this.#output = streams.output;
    this.#reader = createInterface({
      input: streams.input,
      terminal: this.isTerminal,
      prompt: '> ',
      ...(this.isTerminal ? { output: streams.output } : {}),
    });
    this.#reader.on('SIGINT', interrupt);
    this.#reader.on('close', () => (this.#isClosed = true));
    streams.output.on('error', interrupt);
  }

  /** The typed lines, until the end of input or {@link Screen.close}. They are kept from this call on, not before. */
  lines(): AsyncIterable<string> {
    return this.#reader[Symbol.asyncIterator]();
  }

  prompt(): void {
    if (this.isTerminal && !this.#isClosed) this.#reader.prompt(true);
  }

  /** Prints what is news. */
  print(text: string): void {
    this.#aboveThePrompt(() => this.#terminal.out(`${text}\n`));
  }

  /** Prints what went wrong. */
  printProblem(text: string): void {
    this.#aboveThePrompt(() => this.#terminal.error(`${text}\n`));
  }

  /** Resolves when what was printed has left, or `signal` fires: more can be printed then. */
  async drained(signal: AbortSignal): Promise<void> {
    if (!this.#output.writableNeedDrain || signal.aborted) return;
    // What goes wrong with the output is an interrupt.
    await once(this.#output, 'drain', { signal }).catch(() => undefined);
  }

  close(): void {
    this.#reader.close();
  }

  #aboveThePrompt(write: () => void): void {
    if (!this.isTerminal) return write();
    clearLine(this.#output, 0);
    cursorTo(this.#output, 0);
    write();
    this.prompt();
  }
}
