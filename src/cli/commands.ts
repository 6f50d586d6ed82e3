import { closest } from './arguments';
import { CommandError, UsageError } from './failures';
import { packageVersion } from './package-folder';
import { processTerminal, type Terminal } from './terminal';
import { safeLine } from './terminal-text';

interface Command {
  readonly summary: string;
  /** Loaded only when it is used, so that a chat does not load a relay. */
  readonly load: () => Promise<{ readonly run: (args: string[], terminal?: Terminal) => Promise<number> }>;
}

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['relay', { summary: 'run a relay', load: () => import('./relay') }],
  ['account', { summary: 'manage the accounts of a relay', load: () => import('./account') }],
  ['chat', { summary: 'send and receive messages from this terminal', load: () => import('./chat') }],
  ['frames', { summary: 'see and send single frames of any WebSocket', load: () => import('./frames') }],
]);

const HELP = `Usage: webifi COMMAND [options]

Messages between your own devices and pages.

${[...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(11)}${summary}`).join('\n')}

  --help     this text; "webifi COMMAND --help" tells about one command
  --version  the version
`;

/**
 * Runs one command line.
 *
 * @returns The exit code: 0 success, 1 failure, 2 a command line that cannot be followed.
 */
export async function dispatch(
  args: readonly string[],
  terminal: Terminal = processTerminal(),
): Promise<number> {
  const [word, ...rest] = args;
  if (word === '--help' || word === '-h' || word === 'help') return print(terminal, HELP);
  if (word === '--version' || word === '-v') return print(terminal, `${packageVersion()}\n`);
  if (word === undefined) {
    terminal.error(HELP);
    return 2;
  }
  const command = COMMANDS.get(word);
  if (command === undefined) return complain(terminal, 'webifi', new UsageError(unknownCommand(word)));
  try {
    const { run } = await command.load();
    return await run(rest, terminal);
  } catch (error) {
    return complain(terminal, `webifi ${word}`, error);
  }
}

function print(terminal: Terminal, text: string): number {
  terminal.out(text);
  return 0;
}

function unknownCommand(word: string): string {
  const meant = closest(word, [...COMMANDS.keys()]);
  return `there is no command "${safeLine(word)}"${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

/** One line for what the user can mend; for a fault of the program also the place where it happened. */
function complain(terminal: Terminal, program: string, error: unknown): number {
  const isExpected = error instanceof UsageError || error instanceof CommandError;
  const text = isExpected
    ? error.message
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
  terminal.error(`${program}: ${text}\n`);
  if (!(error instanceof UsageError)) return 1;
  terminal.error(`See "${program} --help".\n`);
  return 2;
}
