import { CommandError, UsageError } from './failures';
import type { Keyboard, Terminal } from './terminal';

const MAX_BYTES = 8192;
const INTERRUPT = '\u0003';
const END = '\u0004';
const ERASE_LINE = '\u0015';
const BACKSPACE = /[\b\u007f]/;

/**
 * Gets a new password: from the first line of the standard input when asked so, else from WEBIFI_PASSWORD,
 * else from the person at the terminal, unseen and typed twice.
 */
export async function newPassword(terminal: Terminal, fromInput: boolean): Promise<string> {
  if (fromInput) return readFirstLine(terminal.keyboard);
  const fromEnvironment = terminal.env['WEBIFI_PASSWORD'];
  if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment;
  if (terminal.keyboard.isTTY !== true) {
    throw new UsageError('no terminal to ask for the password; use --password-stdin or set WEBIFI_PASSWORD');
  }
  const [password = '', again] = await askUnseen(terminal, ['Password: ', 'Again: ']);
  if (password !== again) throw new CommandError('the two passwords differ; nothing was changed');
  return password;
}

async function readFirstLine(input: Keyboard): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    size += bytes.length;
    if (bytes.includes(10) || size > MAX_BYTES) break;
  }
  const [line = ''] = Buffer.concat(chunks).toString('utf8').split(/\r?\n/);
  if (line === '') throw new CommandError('the standard input holds no password in its first line');
  return line;
}

/** Asks for lines without showing them: the terminal hands over each key and echoes none. */
function askUnseen(terminal: Terminal, questions: readonly string[]): Promise<string[]> {
  const { keyboard } = terminal;
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder();
    const lines = new UnseenLines();
    const finish = () => {
      keyboard.removeListener('data', onData);
      keyboard.removeListener('end', onEnd);
      keyboard.setRawMode?.(false);
      keyboard.pause();
    };
    const onEnd = () => {
      finish();
      terminal.error('\n');
      reject(new CommandError('no password was typed; nothing was changed'));
    };
    const onData = (chunk: Buffer) => {
      for (const key of decoder.decode(chunk, { stream: true })) {
        const fate = lines.type(key);
        if (fate === 'given up') return onEnd();
        if (fate === 'typing') continue;
        terminal.error(`\n${questions[lines.typed.length] ?? ''}`);
        if (lines.typed.length < questions.length) continue;
        finish();
        return resolve(lines.typed);
      }
    };
    // Before the question: who answers at once must not be shown either.
    keyboard.setRawMode?.(true);
    keyboard.on('data', onData);
    keyboard.on('end', onEnd);
    keyboard.resume();
    terminal.error(questions[0] ?? '');
  });
}

/** What the terminal would do to a line if it were not in raw mode. */
class UnseenLines {
  readonly typed: string[] = [];
  #line = '';
  #lastKey = '';

  type(key: string): 'typing' | 'line' | 'given up' {
    const isSecondHalf = key === '\n' && this.#lastKey === '\r';
    this.#lastKey = key;
    if (isSecondHalf) return 'typing';
    if (key === INTERRUPT || (key === END && this.#line === '')) return 'given up';
    if (key === '\r' || key === '\n' || key === END) {
      this.typed.push(this.#line);
      this.#line = '';
      return 'line';
    }
    if (BACKSPACE.test(key)) this.#line = Array.from(this.#line).slice(0, -1).join('');
    else if (key === ERASE_LINE) this.#line = '';
    else if (this.#line.length < MAX_BYTES) this.#line += key;
    return 'typing';
  }
}
