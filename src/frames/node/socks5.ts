import { isIPv4, isIPv6 } from 'node:net';
import { FrameSocketError } from '../socket-errors';
import type { StreamReader } from './stream-reader';
import type { ConnectTarget, Credentials } from './target';

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const USER_PASSWORD = 2;
const AddressType = { IPV4: 1, NAME: 3, IPV6: 4 } as const;

/** @see RFC 1928, section 6. */
const REPLIES: ReadonlyMap<number, string> = new Map([
  [1, 'general failure'],
  [2, 'not allowed by its rules'],
  [3, 'network unreachable'],
  [4, 'host unreachable'],
  [5, 'connection refused'],
  [6, 'time to live expired'],
  [7, 'command not supported'],
  [8, 'address type not supported'],
]);

/** Has the proxy connect; names are looked up there. @see RFC 1928 and RFC 1929. @internal */
export async function askSocks5(
  stream: StreamReader,
  target: ConnectTarget,
  credentials: Credentials | undefined,
): Promise<void> {
  const methods = credentials === undefined ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, USER_PASSWORD];
  stream.write(Uint8Array.of(VERSION, methods.length, ...methods));
  const [version, method] = await stream.read(2);
  if (version !== VERSION) throw invalid('it does not speak SOCKS 5');
  if (method === USER_PASSWORD && credentials !== undefined) await authenticate(stream, credentials);
  else if (method !== NO_AUTHENTICATION) {
    throw new FrameSocketError('PROXY_UNAUTHORIZED', { detail: 'it accepts none of the ways we know' });
  }
  await requestConnection(stream, target);
}

async function authenticate(stream: StreamReader, { username, password }: Credentials): Promise<void> {
  const [user, secret] = [Buffer.from(username), Buffer.from(password)];
  if (user.length > 255 || secret.length > 255 || user.length === 0) {
    throw new TypeError(
      'User name and password for SOCKS 5 have at most 255 bytes each, the name at least one.',
    );
  }
  stream.write(Buffer.concat([Uint8Array.of(1, user.length), user, Uint8Array.of(secret.length), secret]));
  const [version, status] = await stream.read(2);
  if (version !== 1) throw invalid('its answer to user name and password is none');
  if (status !== 0) throw new FrameSocketError('PROXY_UNAUTHORIZED', { detail: `it answered ${status}` });
}

async function requestConnection(stream: StreamReader, { host, port }: ConnectTarget): Promise<void> {
  stream.write(
    Buffer.concat([Uint8Array.of(VERSION, 1, 0), addressOf(host), Uint8Array.of(port >> 8, port & 0xff)]),
  );
  const [version, reply = 0, , type] = await stream.read(4);
  if (version !== VERSION) throw invalid('its answer is not of SOCKS 5');
  if (reply !== 0) {
    throw new FrameSocketError('PROXY_REFUSED', { detail: REPLIES.get(reply) ?? `it answered ${reply}` });
  }
  // Where the proxy connects from says nothing to us, but stands before the server's bytes.
  await stream.read((await addressLength(stream, type)) + 2);
}

async function addressLength(stream: StreamReader, type: number | undefined): Promise<number> {
  if (type === AddressType.IPV4) return 4;
  if (type === AddressType.IPV6) return 16;
  if (type === AddressType.NAME) return (await stream.read(1))[0] ?? 0;
  throw invalid(`address type ${type} is unknown`);
}

function addressOf(host: string): Uint8Array {
  if (isIPv4(host)) return Uint8Array.of(AddressType.IPV4, ...host.split('.').map(Number));
  if (isIPv6(host)) return Buffer.concat([Uint8Array.of(AddressType.IPV6), ipv6Bytes(host)]);
  const name = Buffer.from(host);
  if (name.length > 255)
    throw new FrameSocketError('INVALID_URL', { detail: 'the host name has over 255 bytes' });
  return Buffer.concat([Uint8Array.of(AddressType.NAME, name.length), name]);
}

/** The URL parser has written the address in hexadecimal groups. */
function ipv6Bytes(host: string): Uint8Array {
  const [head = '', tail] = host.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = new Array<number>(8 - before.length - after.length).fill(0);
  const all = tail === undefined ? before : [...before, ...zeros, ...after];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function invalid(detail: string): FrameSocketError {
  return new FrameSocketError('PROXY_INVALID', { detail });
}
