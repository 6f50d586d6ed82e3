import { connectNameProblem, networksProblem, passwordProblem } from '../relay/account-rules';
import type { InlineAccount } from '../relay/accounts';
import type { RelayOptions } from '../relay/edge-options';
import { hostFrom, isLoopbackHost, originFrom } from '../relay/host';
import { parseArguments, parseNames, parsePort } from './arguments';
import { UsageError } from './failures';

/** Where the accounts of the relay come from. */
export type AccountSource =
  | { readonly type: 'inline'; readonly accounts: readonly InlineAccount[] }
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'default file' }
  | { readonly type: 'open' };

/** A command line of `webifi relay`, checked. */
export interface RelaySettings {
  readonly host: string;
  readonly port: number;
  readonly accounts: AccountSource;
  /** File of the key that resume tokens are sealed with. */
  readonly resumeKeyFile: string | undefined;
  readonly durableFolder: string | undefined;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly requireTls: boolean;
  /** The names it goes by and the pages it serves, as given. */
  readonly names: Pick<RelayOptions, 'publicHost' | 'publicIp' | 'allowedHosts' | 'allowedOrigins'>;
  readonly deflates: boolean;
  readonly logFormat: 'json' | 'text';
  readonly servesPage: boolean;
}

const OPTIONS = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '9324' },
  account: { type: 'string', multiple: true },
  accounts: { type: 'string' },
  'open-access': { type: 'boolean' },
  'resume-key': { type: 'string' },
  durable: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'require-tls': { type: 'boolean' },
  'public-host': { type: 'string' },
  'public-ip': { type: 'string' },
  'allowed-host': { type: 'string', multiple: true },
  'allowed-origin': { type: 'string', multiple: true },
  deflate: { type: 'boolean' },
  log: { type: 'string', default: 'text' },
  'no-page': { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parseArguments<typeof OPTIONS>>['values'];

/**
 * Reads the arguments of `webifi relay`.
 *
 * @returns The settings, or `'help'` when the help text is asked for.
 * @throws {@link UsageError} when they cannot be followed.
 */
export function relaySettings(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): RelaySettings | 'help' {
  const { values } = parseArguments(args, OPTIONS);
  if (values.help === true) return 'help';
  const settings = {
    host: values.host,
    port: parsePort(values.port, '--port'),
    accounts: accountSource(values, env),
    resumeKeyFile: values['resume-key'],
    durableFolder: values.durable,
    tls: tlsFiles(values),
    requireTls: values['require-tls'] === true,
    names: relayNames(values),
    deflates: values.deflate === true,
    logFormat: logFormat(values.log),
    servesPage: values['no-page'] !== true,
  };
  if (settings.host === '')
    throw new UsageError('--host is empty; give an address such as 127.0.0.1 or 0.0.0.0');
  if (settings.durableFolder === '') throw new UsageError('--durable is empty; give a folder');
  if (settings.requireTls && settings.tls === undefined) {
    throw new UsageError('--require-tls needs --tls-cert and --tls-key');
  }
  if (settings.accounts.type === 'open' && !isLoopbackHost(settings.host)) {
    throw new UsageError(
      '--open-access lets everybody in and goes with a loopback --host only, such as 127.0.0.1',
    );
  }
  return settings;
}

function relayNames(values: Values): RelaySettings['names'] {
  const names: RelaySettings['names'] = {};
  for (const option of ['public-host', 'public-ip', 'allowed-host'] as const) {
    if ([values[option] ?? []].flat().every((host) => hostFrom(host) !== undefined)) continue;
    throw new UsageError(`--${option} must be a name or an address, with ":port" if needed`);
  }
  if (values['allowed-origin']?.every((origin) => originFrom(origin) !== undefined) === false) {
    throw new UsageError('--allowed-origin must be scheme, host and port only, such as https://example.org');
  }
  if (values['public-host'] !== undefined) names.publicHost = values['public-host'];
  if (values['public-ip'] !== undefined) names.publicIp = values['public-ip'];
  if (values['allowed-host'] !== undefined) names.allowedHosts = values['allowed-host'];
  if (values['allowed-origin'] !== undefined) names.allowedOrigins = values['allowed-origin'];
  return names;
}

function accountSource(values: Values, env: Readonly<Record<string, string | undefined>>): AccountSource {
  const { account, accounts } = values;
  const isOpen = values['open-access'] === true;
  if (Number(account !== undefined) + Number(accounts !== undefined) + Number(isOpen) > 1) {
    throw new UsageError('use one of --account, --accounts and --open-access, not several');
  }
  if (isOpen) return { type: 'open' };
  if (accounts !== undefined) return { type: 'file', path: accounts };
  const fromEnvironment = env['WEBIFI_ACCOUNT'];
  if (account !== undefined) return { type: 'inline', accounts: parseAccounts(account, '--account') };
  if (fromEnvironment === undefined || fromEnvironment === '') return { type: 'default file' };
  return { type: 'inline', accounts: parseAccounts([fromEnvironment], 'WEBIFI_ACCOUNT') };
}

/** Reads `name:password[:a,b]`. What is wrong is told without the value, which holds a password. */
function parseAccounts(texts: readonly string[], source: string): InlineAccount[] {
  const names = new Set<string>();
  return texts.map((text, index) => {
    const where = texts.length > 1 ? `${source} number ${index + 1}` : source;
    const [connectName = '', password, networkList, ...more] = text.split(':');
    if (password === undefined || more.length > 0) {
      throw new UsageError(
        `${where} must be name:password or name:password:network,network; ` +
          'for a colon in a name or password use --accounts',
      );
    }
    const networks = networkList === undefined ? undefined : parseNames(networkList, where);
    const problem =
      connectNameProblem(connectName) ??
      passwordProblem(password) ??
      (networks === undefined ? undefined : networksProblem(networks)) ??
      (names.has(connectName) ? 'the connect name was used by another one already' : undefined);
    if (problem !== undefined) throw new UsageError(`${where}: ${problem}`);
    names.add(connectName);
    return { connectName, password, ...(networks && { networks }) };
  });
}

function tlsFiles(values: Values): RelaySettings['tls'] {
  const { 'tls-cert': certFile, 'tls-key': keyFile } = values;
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  throw new UsageError('--tls-cert and --tls-key go together; give both or none');
}

function logFormat(text: string): 'json' | 'text' {
  if (text === 'json' || text === 'text') return text;
  throw new UsageError('--log is json or text');
}
