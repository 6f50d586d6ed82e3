import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { AccountFileError } from '../relay/account-file';
import { type AccountStore, fileAccounts, inlineAccounts, openAccounts } from '../relay/accounts';
import { type DurableStore, openDurable } from '../relay/durable';
import type { RelayOptions } from '../relay/edge-options';
import { isLoopbackHost } from '../relay/host';
import { createLogger, type Logger } from '../relay/logger';
import { systemCode } from '../relay/files';
import { RelayError } from '../relay/relay-error';
import { createRelay, type Relay } from '../relay/server';
import { DEFAULT_ACCOUNT_FILE } from './account';
import { CommandError, UsageError } from './failures';
import { loadPage, type PageFile } from './page';
import { readResumeKey } from './resume-key';
import { type AccountSource, relaySettings, type RelaySettings } from './relay-settings';
import { processTerminal, type Terminal } from './terminal';

const HELP = `Usage: webifi relay [options]

Runs a relay until it gets SIGTERM or SIGINT; then it tells its clients, closes and ends with exit code 0.

Where it listens
  --host HOST            default 127.0.0.1: this machine only; 0.0.0.0 for all
  --port PORT            default 9324; 0 for a free one
  --public-host HOST     the address clients are told to use, when it is not the one they asked
  --public-ip HOST       the same for clients without TLS, where it differs
  --allowed-host HOST    a name the relay may be called by; can be given several times; default any
  --allowed-origin URL   a page's origin, such as https://example.org, that may use the relay; can be given
                         several times; default any

Who may come in (one of these; without any, ${DEFAULT_ACCOUNT_FILE} in this folder is used)
  --accounts FILE        accounts managed by "webifi account"
  --account N:P[:A,B]    connect name, password and the networks it may use; can be given several times.
                         Other users of the machine can see it; the environment variable WEBIFI_ACCOUNT,
                         in the same form, they cannot
  --open-access          everybody; loopback only
  --resume-key FILE      secret with which devices come back after a restart without a password check; made
                         at the first start; default beside the file of the accounts
  --durable DIR          keep sessions and their messages in this folder: a message counts as sent when it is on
                         disk, and devices go on where they were after a crash of the relay

Encryption
  --tls-cert FILE        certificate in PEM form
  --tls-key FILE         its key
  --require-tls          refuse what comes without TLS

  --deflate              compress WebSocket messages (permessage-deflate) for clients that offer it; saves
                         bytes and costs much time
  --log text|json        form of the log, which goes to standard error; default text
  --no-page              do not serve the demo page
  --help                 this text
`;

/** `webifi relay`: runs until a signal comes. @returns The exit code. */
export async function run(args: readonly string[], terminal: Terminal = processTerminal()): Promise<number> {
  const settings = relaySettings(args, terminal.env);
  if (settings === 'help') {
    terminal.out(HELP);
    return 0;
  }
  const logger = createLogger({ format: settings.logFormat, write: (line) => terminal.error(`${line}\n`) });
  const page = settings.servesPage ? await pageIfThere(logger) : undefined;
  const tls = await readTls(settings.tls);
  const durable = await openFolder(settings.durableFolder);
  const resumeKey = (await resumeKeyOf(settings, logger)) ?? durable?.resumeKey;
  const accountStore = await openAccountStore(settings.accounts, logger, resumeKey);
  const relay = makeRelay({
    accountStore,
    logger,
    openAccess: settings.accounts.type === 'open',
    requireTls: settings.requireTls,
    perMessageDeflate: settings.deflates,
    ...(resumeKey && { resumeKey }),
    ...(durable && { durable }),
    ...(tls && { tls }),
    ...(page && { page }),
    ...settings.names,
  });
  warnAboutPlainText(settings, logger);
  const isToldToStop = stopSignal();
  const { url } = await listen(relay, settings);
  terminal.out(`listening on ${url}\n${page ? `demo page on ${url}/\n` : ''}`);
  const failure = await Promise.race([isToldToStop, durable?.failed ?? isToldToStop]);
  if (typeof failure === 'string') logger.info('stopping', { signal: failure });
  await relay.close();
  accountStore.close();
  if (typeof failure === 'string') return 0;
  throw new CommandError(failure.message, { cause: failure });
}

/** The relay does its job without a page too, so a missing page is told and no more. */
async function pageIfThere(logger: Logger): Promise<ReadonlyMap<string, PageFile> | undefined> {
  try {
    return await loadPage();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    logger.warn('no demo page', { reason: error.message });
    return undefined;
  }
}

async function readTls(files: RelaySettings['tls']): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (files === undefined) return undefined;
  const read = (path: string, option: string) =>
    readFile(path).catch((cause: unknown) => {
      throw new CommandError(`${option} ${path} cannot be read (${systemCode(cause) ?? 'unknown reason'})`, {
        cause,
      });
    });
  return { cert: await read(files.certFile, '--tls-cert'), key: await read(files.keyFile, '--tls-key') };
}

async function openFolder(folder: string | undefined): Promise<DurableStore | undefined> {
  if (folder === undefined) return undefined;
  return openDurable(folder).catch((cause: unknown) => {
    throw new CommandError(cause instanceof RelayError ? cause.message : `--durable ${folder} cannot be used`, { cause });
  });
}

async function resumeKeyOf({ resumeKeyFile, accounts }: RelaySettings, logger: Logger): Promise<Uint8Array | undefined> {
  if (resumeKeyFile !== undefined) return readResumeKey(resumeKeyFile, true, logger);
  if (accounts.type === 'file') return readResumeKey(`${accounts.path}.resume-key`, false, logger);
  if (accounts.type !== 'default file' || !existsSync(DEFAULT_ACCOUNT_FILE)) return undefined;
  return readResumeKey(`${DEFAULT_ACCOUNT_FILE}.resume-key`, false, logger);
}

async function openAccountStore(
  source: AccountSource,
  logger: Logger,
  resumeKey: Uint8Array | undefined,
): Promise<AccountStore> {
  if (source.type === 'open') return openAccounts({ resumeKey });
  if (source.type === 'inline') return inlineAccounts(source.accounts, { resumeKey });
  if (source.type === 'default file' && !existsSync(DEFAULT_ACCOUNT_FILE)) {
    throw new UsageError(
      `no accounts: make one with "webifi account add NAME", or give --accounts, --account or --open-access`,
    );
  }
  try {
    return await fileAccounts(source.type === 'file' ? source.path : DEFAULT_ACCOUNT_FILE, { logger });
  } catch (error) {
    if (error instanceof AccountFileError) throw new CommandError(error.message, { cause: error });
    throw error;
  }
}

function warnAboutPlainText({ host, requireTls }: RelaySettings, logger: Logger): void {
  if (requireTls || isLoopbackHost(host)) return;
  logger.warn('passwords may travel unencrypted, use --require-tls or a TLS proxy in front', { host });
}

/** Certificate and key are not looked at before they are put to use. */
function makeRelay(options: RelayOptions): Relay {
  try {
    return createRelay(options);
  } catch (cause) {
    if (options.tls === undefined) throw cause;
    const reason = cause instanceof Error ? cause.message : 'unknown reason';
    throw new CommandError(`--tls-cert and --tls-key do not work together: ${reason}`, { cause });
  }
}

async function listen(relay: Relay, { host, port }: RelaySettings): Promise<{ url: string }> {
  try {
    return await relay.listen({ host, port });
  } catch (cause) {
    if (!(cause instanceof RelayError)) throw cause;
    throw new CommandError(listenProblem(cause.code, host, port) ?? cause.message, { cause });
  }
}

function listenProblem(code: string, host: string, port: number): string | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is in use; give another --port, or 0 for a free one`;
    case 'EACCES':
      return `port ${port} needs more rights than this user has; give a --port above 1023`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is no address of this machine; give another --host`;
    default:
      return undefined;
  }
}

/** Resolves with the first signal to stop; a second one ends the process at once. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let isStopping = false;
    const onSignal = (signal: string) => {
      if (isStopping) process.exit(1);
      isStopping = true;
      resolve(signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}
