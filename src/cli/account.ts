import {
  AccountFileError,
  type AccountRecord,
  changeAccountFile,
  readAccountFile,
} from '../relay/account-file';
import { connectNameProblem, networksProblem, passwordProblem } from '../relay/account-rules';
import { hashPassword } from '../relay/passwords';
import { parseArguments, parseNames } from './arguments';
import { newPassword } from './ask-password';
import { CommandError, UsageError } from './failures';
import { processTerminal, type Terminal } from './terminal';
import { safeLine } from './terminal-text';

/** Used by `webifi relay` too when it is told nothing else. */
export const DEFAULT_ACCOUNT_FILE = 'webifi-accounts.json';

const ACTIONS = ['add', 'list', 'passwd', 'remove'] as const;
type Action = (typeof ACTIONS)[number];

const HELP = `Usage: webifi account add NAME [--networks A,B] [options]
       webifi account passwd NAME [options]
       webifi account remove NAME [options]
       webifi account list [options]

Manages the accounts of a relay. A running relay sees a change at the next login.

  --networks A,B     the only networks the account may use; all when left out
  --accounts FILE    the file to work on; default ${DEFAULT_ACCOUNT_FILE}
  --password-stdin   take the password from the first line of the standard input
  --help             this text

Without --password-stdin the password is taken from the environment variable WEBIFI_PASSWORD, or asked for. It
is never an argument, because other users of the machine can see those. The file holds hashes only.
`;

interface AccountCommand {
  readonly file: string;
  readonly name: string;
  readonly networks: readonly string[] | undefined;
  readonly passwordFromInput: boolean;
}

/** `webifi account`. @returns The exit code. */
export async function run(args: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  const { values, operands } = parseArguments(
    args,
    {
      accounts: { type: 'string' },
      networks: { type: 'string' },
      'password-stdin': { type: 'boolean' },
      help: { type: 'boolean' },
    },
    2,
  );
  if (values.help === true) {
    terminal.out(HELP);
    return 0;
  }
  const [action, name] = operands;
  const command = {
    file: values.accounts ?? DEFAULT_ACCOUNT_FILE,
    name: name ?? '',
    networks: values.networks === undefined ? undefined : parseNames(values.networks, '--networks'),
    passwordFromInput: values['password-stdin'] === true,
  };
  checkCommand(action, command);
  await withClearErrors(() => perform(action, command, terminal));
  return 0;
}

function checkCommand(action: string | undefined, command: AccountCommand): asserts action is Action {
  if (!ACTIONS.some((known) => known === action)) {
    throw new UsageError(`say what to do: ${ACTIONS.map((known) => `account ${known}`).join(', ')}`);
  }
  if (action === 'list' && command.name !== '') throw new UsageError('account list takes no name');
  const problem =
    (action === 'list' ? undefined : connectNameProblem(command.name)) ??
    (command.networks === undefined ? undefined : networksProblem(command.networks));
  if (problem !== undefined) throw new UsageError(problem);
  if (command.networks !== undefined && action !== 'add')
    throw new UsageError('--networks goes with account add only');
  if (command.passwordFromInput && action !== 'add' && action !== 'passwd') {
    throw new UsageError('--password-stdin goes with account add and account passwd only');
  }
}

function perform(action: Action, command: AccountCommand, terminal: Terminal): Promise<void> {
  switch (action) {
    case 'add':
      return addAccount(command, terminal);
    case 'list':
      return listAccounts(command, terminal);
    case 'passwd':
      return changePassword(command, terminal);
    case 'remove':
      return removeAccount(command, terminal);
  }
}

async function addAccount(command: AccountCommand, terminal: Terminal): Promise<void> {
  const { file, name, networks } = command;
  const password = await hashedPassword(command, terminal);
  await changeAccountFile(file, (records) => {
    if (indexOf(records, name) >= 0) {
      throw new CommandError(
        `there is an account ${shown(name)} in ${file} already; use "webifi account passwd"`,
      );
    }
    return [...records, { connectName: name, password, ...(networks && { networks }) }];
  });
  terminal.out(`added ${shown(name)} to ${file}\n`);
}

async function listAccounts({ file }: AccountCommand, terminal: Terminal): Promise<void> {
  const { records } = await readAccountFile(file);
  for (const { connectName, networks } of records) {
    const allowed = networks === undefined ? '(all networks)' : safeLine(networks.join(', '));
    terminal.out(`${safeLine(connectName)}\t${allowed}\n`);
  }
}

async function changePassword(command: AccountCommand, terminal: Terminal): Promise<void> {
  const { file, name } = command;
  existing((await readAccountFile(file)).records, command);
  const password = await hashedPassword(command, terminal);
  await changeAccountFile(file, (records) => {
    const at = existing(records, command);
    return records.map((record, index) => (index === at ? { ...record, password } : record));
  });
  terminal.out(`changed the password of ${shown(name)} in ${file}\n`);
}

async function removeAccount(command: AccountCommand, terminal: Terminal): Promise<void> {
  const { file, name } = command;
  existing((await readAccountFile(file)).records, command);
  await changeAccountFile(file, (records) => {
    const at = existing(records, command);
    return records.filter((_, index) => index !== at);
  });
  terminal.out(`removed ${shown(name)} from ${file}\n`);
}

async function hashedPassword(command: AccountCommand, terminal: Terminal): Promise<string> {
  const password = await newPassword(terminal, command.passwordFromInput);
  const problem = passwordProblem(password);
  if (problem !== undefined) throw new CommandError(problem);
  return hashPassword(password);
}

function existing(records: readonly AccountRecord[], { file, name }: AccountCommand): number {
  const at = indexOf(records, name);
  if (at < 0)
    throw new CommandError(`there is no account ${shown(name)} in ${file}; see "webifi account list"`);
  return at;
}

function indexOf(records: readonly AccountRecord[], name: string): number {
  return records.findIndex(({ connectName }) => connectName === name);
}

function shown(name: string): string {
  return `"${safeLine(name)}"`;
}

async function withClearErrors(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof AccountFileError) throw new CommandError(error.message, { cause: error });
    throw error;
  }
}
