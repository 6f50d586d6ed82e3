import { parseArguments, parseNames } from './arguments';
import { UsageError } from './failures';

const LOCAL_RELAY = 'http://127.0.0.1:9324';

export const CHAT_HELP = `Usage: webifi chat --connect-name NAME [options]

Type a line and it is sent to the devices of your networks; what they send is printed.

  --server URL             the relay; default ${LOCAL_RELAY}
  --connect-name NAME      the account at the relay
  --connect-password WORD  its password; other users of this machine can see it, so better set the variable below
  --networks A,B           the networks to listen and send to; default "network 1"
  --name NAME              the name that other devices find; default "chat"
  --transport KIND         websocket (default) or polling
  --encryption             use TLS
  --help                   this text

The environment variables WEBIFI_SERVER, WEBIFI_CONNECT_NAME and WEBIFI_CONNECT_PASSWORD stand in for options left out.
`;

export interface ChatOptions {
  readonly server: string;
  readonly connectName: string;
  readonly connectPassword: string;
  readonly networkNames: string[];
  readonly name: string;
  readonly useWebSocket: boolean;
  readonly useEncryption: boolean;
}

/**
 * Reads the options of `webifi chat`.
 *
 * @returns The options, or `'help'` when the help text is asked for.
 * @throws {@link UsageError} when an option is unknown, missing or wrong.
 */
export function parseChatOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ChatOptions | 'help' {
  const { values } = parseArguments(args, {
    server: { type: 'string' },
    'connect-name': { type: 'string' },
    'connect-password': { type: 'string' },
    networks: { type: 'string' },
    name: { type: 'string' },
    transport: { type: 'string' },
    encryption: { type: 'boolean' },
    help: { type: 'boolean' },
  });
  if (values.help === true) return 'help';
  const server = serverAddress(values.server ?? env.WEBIFI_SERVER);
  return {
    server,
    connectName: required(values['connect-name'] ?? env.WEBIFI_CONNECT_NAME, '--connect-name'),
    connectPassword: required(values['connect-password'] ?? env.WEBIFI_CONNECT_PASSWORD, '--connect-password'),
    networkNames: parseNames(values.networks ?? 'network 1', '--networks'),
    name: values.name ?? 'chat',
    useWebSocket: isWebSocket(values.transport ?? 'websocket'),
    useEncryption: values.encryption === true || server.startsWith('https:'),
  };
}

function serverAddress(text = ''): string {
  if (text === '') return LOCAL_RELAY;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isRelay = url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.href === `${url.origin}/`;
  if (!isRelay) throw new UsageError(`--server must be an address such as ${LOCAL_RELAY}, without a path`);
  return url.origin;
}

function required(value: string | undefined, option: string): string {
  if (value !== undefined && value !== '') return value;
  const variable = `WEBIFI_${option.slice(2).replace('-', '_').toUpperCase()}`;
  throw new UsageError(`${option} is missing; the environment variable ${variable} is not set either`);
}

function isWebSocket(transport: string): boolean {
  if (transport === 'websocket' || transport === 'polling') return transport === 'websocket';
  throw new UsageError('--transport must be websocket or polling');
}
