/** What a command needs of a keyboard; `process.stdin` has all of it. */
export interface Keyboard extends AsyncIterable<Buffer | string> {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  removeListener(event: 'data' | 'end', listener: (...given: never[]) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** Where a command reads and writes; replaced in tests. */
export interface Terminal {
  /** Results: standard output. */
  out(text: string): void;
  /** Questions, faults and logs: standard error. */
  error(text: string): void;
  readonly keyboard: Keyboard;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(text),
    error: (text) => void process.stderr.write(text),
    keyboard: process.stdin,
    env: process.env,
  };
}

/** Calls `interrupt` whenever this process is asked to end. @returns Stops that. */
export function watchInterrupts(interrupt: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  return () => {
    for (const signal of signals) process.off(signal, interrupt);
  };
}
