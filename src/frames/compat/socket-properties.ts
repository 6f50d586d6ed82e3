import { Logged } from './logged';

/** How a {@link Socket} connects: what is set here counts from the next `Connect` on. @public */
export class SocketProperties extends Logged {
  /** HTTP proxy to go through; empty for none. */
  HttpProxyHostname = '';
  /** @defaultValue 0, which is 80 */
  HttpProxyPort = 0;
  /** For the proxy; empty for no credentials. */
  HttpProxyUsername = '';
  /** For the proxy. */
  HttpProxyPassword = '';
  /** `Basic`, or empty for the same. `NTLM` is not there: `Connect` fails and says so. */
  HttpProxyAuthMethod = '';
  /** Belongs to NTLM and has no effect. */
  HttpProxyDomain = '';
  /** Has no effect: a WebSocket always goes through CONNECT, as RFC 6455, section 4.1 demands. */
  HttpProxyForHttp = false;
  /** 0 for no SOCKS proxy, 4 or 5. With 4 names are looked up here, with 5 by the proxy. @defaultValue 0 */
  SocksVersion = 0;
  /** SOCKS proxy to go through, when `SocksVersion` is not 0. */
  SocksHostname = '';
  /** @defaultValue 1080 */
  SocksPort = 1_080;
  /** For the SOCKS proxy; empty for none. */
  SocksUsername = '';
  /** For a SOCKS proxy of version 5. */
  SocksPassword = '';
  /**
   * Whether the certificate and its name are checked. Without it whoever stands between can read and change all.
   *
   * @defaultValue true
   */
  RequireSslCertVerify = true;
  /** Versions of TLS: `default`, `TLS 1.2`, `TLS 1.3`, or one of them with ` or higher`. @defaultValue 'default' */
  SslProtocol = 'default';
  /** Ciphers that TLS may use, in OpenSSL's notation; empty for the defaults. */
  SslAllowedCiphers = '';
  /** Sends small frames at once. @defaultValue true */
  TcpNoDelay = true;
  /** Has the system look now and then whether the other side is still there. @defaultValue true */
  KeepAlive = true;
  /** Address of this machine to connect from; empty for any. */
  ClientIpAddress = '';
  /** Tries the IPv6 addresses of a name first. @defaultValue false */
  PreferIpv6 = false;
  /**
   * How long the answer to the upgrade request may take, where `Rest.IdleTimeoutMs` allows more. A WebSocket that has
   * the connection waits its own `IdleTimeoutMs`. Unit: milliseconds; 0 for no limit.
   */
  MaxReadIdleMs = 0;
  /** Has no effect of its own: all that is sent here belongs to a WebSocket, which waits its own `IdleTimeoutMs`. */
  MaxSendIdleMs = 0;
  /** Bytes a second that the WebSocket sends; 0 for no limit. */
  BandwidthThrottleUp = 0;
  /** Bytes a second that the WebSocket receives; 0 for no limit. */
  BandwidthThrottleDown = 0;
  /** Has no effect: Node cannot set the receive buffer of a TCP connection. `LastErrorText` says so. */
  SoRcvBuf = 0;
  /** Has no effect: Node cannot set the send buffer of a TCP connection. `LastErrorText` says so. */
  SoSndBuf = 0;
}
