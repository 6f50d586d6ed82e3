import { direct } from '../node/connector';
import type { Connector } from '../node/connector';
import { httpProxy } from '../node/http-proxy';
import { socks } from '../node/socks';
import type { Credentials } from '../node/target';
import type { TlsOptions } from '../node/tls';
import { hostInUrl } from './link';
import type { SocketProperties } from './socket-properties';

/** The way to the server that the properties describe. @throws TypeError for properties that make none. @internal */
export function wayOf(set: SocketProperties): Connector {
  const connect = direct({
    noDelay: set.TcpNoDelay,
    keepAlive: set.KeepAlive,
    preferIpv6: set.PreferIpv6,
    ...(set.ClientIpAddress === '' ? {} : { localAddress: set.ClientIpAddress }),
  });
  if (set.SocksVersion !== 0 && set.HttpProxyHostname !== '') {
    throw new TypeError('HttpProxyHostname and SocksVersion are both set; use one of them.');
  }
  if (set.SocksVersion !== 0) return throughSocks(set, connect);
  return set.HttpProxyHostname === '' ? connect : throughHttp(set, connect);
}

function throughHttp(set: SocketProperties, connect: Connector): Connector {
  const { HttpProxyHostname, HttpProxyPort, HttpProxyAuthMethod, HttpProxyUsername, HttpProxyPassword } = set;
  if (!['', 'basic'].includes(HttpProxyAuthMethod.toLowerCase())) {
    throw new TypeError(`HttpProxyAuthMethod ${HttpProxyAuthMethod} is not there; the proxy has to take Basic.`);
  }
  const port = HttpProxyPort === 0 ? '' : `:${HttpProxyPort}`;
  return httpProxy({
    url: `http://${hostInUrl(HttpProxyHostname)}${port}`,
    connect,
    ...credentials(HttpProxyUsername, HttpProxyPassword),
  });
}

function throughSocks(set: SocketProperties, connect: Connector): Connector {
  const { SocksVersion, SocksHostname, SocksPort, SocksUsername, SocksPassword } = set;
  if (SocksVersion !== 4 && SocksVersion !== 5) throw new TypeError('SocksVersion is 0, 4 or 5.');
  return socks({
    url: `socks://${hostInUrl(SocksHostname)}:${SocksPort}`,
    version: SocksVersion,
    connect,
    ...credentials(SocksUsername, SocksPassword),
  });
}

function credentials(username: string, password: string): { auth?: Credentials } {
  return username === '' ? {} : { auth: { username, password } };
}

const VERSIONS: ReadonlyMap<string, NonNullable<TlsOptions['minVersion']>> = new Map([
  ['tls 1.0', 'TLSv1'],
  ['tls 1.1', 'TLSv1.1'],
  ['tls 1.2', 'TLSv1.2'],
  ['tls 1.3', 'TLSv1.3'],
]);

/** How TLS is used. @throws TypeError for an `SslProtocol` that is none. @internal */
export function tlsOf(set: SocketProperties): TlsOptions {
  return {
    ...versionsOf(set.SslProtocol.toLowerCase().trim()),
    ...(set.SslAllowedCiphers === '' ? {} : { ciphers: set.SslAllowedCiphers }),
    insecure: !set.RequireSslCertVerify,
  };
}

function versionsOf(text: string): TlsOptions {
  if (text === '' || text === 'default') return {};
  const name = text.replace(/ or higher$/, '');
  const minVersion = VERSIONS.get(name);
  if (minVersion === undefined) throw new TypeError('SslProtocol is default, TLS 1.2, TLS 1.3 or one of these or higher.');
  return name === text ? { minVersion, maxVersion: minVersion } : { minVersion };
}
