import { isIPv4, isIPv6 } from 'node:net';
import { FrameSocketError } from '../socket-errors';
import type { StreamReader } from './stream-reader';
import type { ConnectTarget } from './target';

const GRANTED = 90;
/** The proxy could not reach, or did not believe, the identity service of the caller. */
const UNIDENTIFIED: ReadonlySet<number> = new Set([92, 93]);
/** An address that cannot be says that a name follows: version 4a. */
const NAME_FOLLOWS = [0, 0, 0, 1];

/** Has the proxy connect, with version 4 for an address and 4a for a name. @internal */
export async function askSocks4(
  stream: StreamReader,
  { host, port }: ConnectTarget,
  user: string,
): Promise<void> {
  if (isIPv6(host)) throw new FrameSocketError('CONNECT_FAILED', { detail: 'SOCKS 4 knows no IPv6' });
  if (user.includes('\0')) throw new TypeError('A user name for SOCKS must not hold U+0000.');
  const address = isIPv4(host) ? host.split('.').map(Number) : NAME_FOLLOWS;
  const name = isIPv4(host) ? '' : `${host}\0`;
  stream.write(
    Buffer.concat([Buffer.from([4, 1, port >> 8, port & 0xff, ...address]), Buffer.from(`${user}\0${name}`)]),
  );
  const [version, code = 0] = await stream.read(8);
  if (version !== 0) throw new FrameSocketError('PROXY_INVALID', { detail: 'it does not speak SOCKS 4' });
  if (code === GRANTED) return;
  throw new FrameSocketError(UNIDENTIFIED.has(code) ? 'PROXY_UNAUTHORIZED' : 'PROXY_REFUSED', {
    detail: `it answered ${code}`,
  });
}
