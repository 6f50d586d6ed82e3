import { PassThrough } from 'node:stream';
import type { Terminal } from '../../src/cli/terminal';

/** A keyboard that a test types on; it notes when it is told not to echo. */
export class FakeKeyboard extends PassThrough {
  readonly isTTY: boolean;
  readonly rawModes: boolean[] = [];

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  setRawMode(isRaw: boolean): this {
    this.rawModes.push(isRaw);
    return this;
  }
}

/** A terminal whose output is kept as text. */
export class FakeTerminal implements Terminal {
  readonly keyboard: FakeKeyboard;
  readonly env: Record<string, string>;
  output = '';
  errors = '';

  constructor(options: { isTTY?: boolean; env?: Record<string, string>; input?: string } = {}) {
    this.keyboard = new FakeKeyboard(options.isTTY ?? false);
    this.env = options.env ?? {};
    if (options.input !== undefined) this.keyboard.end(options.input);
  }

  out(text: string): void {
    this.output += text;
  }

  error(text: string): void {
    this.errors += text;
  }
}
