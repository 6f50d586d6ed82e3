import { direct } from './connector';
import type { Connector } from './connector';
import { httpProxy } from './http-proxy';
import { socks } from './socks';
import type { ConnectTarget } from './target';

/** Variables by name, such as `process.env`. @public */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Connects as the usual variables say: `https_proxy` for `wss:`, `http_proxy` for `ws:`, `all_proxy` for both, each also
 * in capitals, and none for the hosts in `no_proxy`. Nothing else in this package looks at them.
 *
 * @param environment - @defaultValue the variables of this process, read at each connection
 * @throws {@link FrameSocketError} `INVALID_URL` on connecting, for a proxy that is none.
 * @public
 */
export function environmentProxy(environment: Environment = process.env): Connector {
  return (target, signal) => connectorFor(target, environment)(target, signal);
}

function connectorFor(target: ConnectTarget, environment: Environment): Connector {
  const url = proxyFor(target, environment);
  if (url === undefined) return direct();
  return /^socks/i.test(url) ? socks({ url }) : httpProxy({ url });
}

/** URL of the proxy for a target, if there is to be one. @internal */
export function proxyFor(target: ConnectTarget, environment: Environment): string | undefined {
  const read = (name: string): string => environment[name] ?? environment[name.toUpperCase()] ?? '';
  const url = read(target.secure ? 'https_proxy' : 'http_proxy') || read('all_proxy');
  if (url === '' || isExempt(target, read('no_proxy'))) return undefined;
  return url.includes('://') ? url : `http://${url}`;
}

/** Members are names, which cover what is below them, addresses, either with a port, or a star for everything. */
function isExempt({ host, port }: ConnectTarget, list: string): boolean {
  return list.split(/[\s,]+/).some((member) => {
    if (member === '*') return true;
    const [, name = '', only] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(member.toLowerCase()) ?? [];
    const bare = isAddress6(member) ? member.toLowerCase() : name.replace(/^\*?\./, '');
    if (bare === '' || (only !== undefined && !isAddress6(member) && Number(only) !== port)) return false;
    return host === bare || host.endsWith(`.${bare}`);
  });
}

/** Without brackets, the last group of an IPv6 address looks like a port. */
function isAddress6(member: string): boolean {
  return !member.startsWith('[') && member.split(':').length > 2;
}
