import { checkTime } from '../socket-options';
import type { TlsOptions } from '../node/tls';
import { connectFailReason, ConnectFailReason } from './connect-fail-reason';
import { endLink, openLink } from './link';
import type { Link } from './link';
import { call, callAsync, Logged } from './logged';

let takeFrom: (socket: Socket) => Link | undefined;

/** A TCP or TLS connection to hand to {@link Rest.UseConnection}. @public */
export class Socket extends Logged {
  /**
   * Whether the certificate and its name are checked. Without it whoever stands between can read and change all.
   *
   * @defaultValue true
   */
  RequireSslCertVerify = true;
  /** Ciphers that TLS may use, in OpenSSL's notation; empty for the defaults. */
  SslAllowedCiphers = '';
  /** Sends small frames at once. @defaultValue true */
  TcpNoDelay = true;
  /** Has the system look now and then whether the other side is still there. @defaultValue true */
  KeepAlive = true;
  /** Address of this machine to connect from; empty for any. */
  ClientIpAddress = '';
  #tls: TlsOptions = {};
  #failReason: ConnectFailReason = ConnectFailReason.NONE;
  #link: Link | undefined;

  static {
    takeFrom = (socket) => {
      const link = socket.#link;
      socket.#link = undefined;
      return link;
    };
  }

  /** Why the last `Connect` failed; 0 when it did not. */
  get ConnectFailReason(): ConnectFailReason {
    return this.#failReason;
  }

  /** Whether there is a connection that was not handed on. */
  get IsConnected(): boolean {
    return this.#link !== undefined && !this.#link.stream.destroyed;
  }

  /** @param ssl - Whether TLS is laid over it. @param maxWaitMs - 0 for no limit. */
  async Connect(hostname: string, port: number, ssl: boolean, maxWaitMs: number): Promise<boolean> {
    return callAsync(this, 'Connect', false, async (log) => {
      log.fact('hostname', hostname);
      log.fact('port', port);
      log.fact('ssl', ssl);
      this.#link?.stream.destroy();
      this.#link = undefined;
      this.#failReason = hostname === '' ? ConnectFailReason.EMPTY_HOSTNAME : ConnectFailReason.NONE;
      if (hostname === '') throw new TypeError('The host name is empty.');
      try {
        this.#link = await openLink({
          target: { host: hostname.replace(/^\[|\]$/g, ''), port, secure: ssl },
          direct: this.#directOptions(),
          tls: this.#tlsOptions(),
          timeoutMs: checkTime('maxWaitMs', maxWaitMs),
        });
      } catch (error) {
        this.#failReason = connectFailReason(error);
        log.fact('connectFailReason', this.#failReason);
        throw error;
      }
      return true;
    });
  }

  /** Ends the connection, waiting for the other side at most so long. True also when there is none. */
  async Close(maxWaitMs: number): Promise<boolean> {
    return callAsync(this, 'Close', false, async () => {
      const link = this.#link;
      this.#link = undefined;
      if (link !== undefined) await endLink(link, maxWaitMs);
      return true;
    });
  }

  /** A client certificate with its key, both in one PEM text. */
  SetSslClientCertPem(pem: string, password: string): boolean {
    return call(this, 'SetSslClientCertPem', false, () => {
      if (!pem.includes('-----BEGIN')) throw new TypeError('The certificate is not PEM.');
      this.#tls = { cert: pem, key: pem, ...(password === '' ? {} : { passphrase: password }) };
      return true;
    });
  }

  /** A client certificate with its key, as PKCS #12. */
  SetSslClientCertPfx(pfx: Uint8Array, password: string): boolean {
    return call(this, 'SetSslClientCertPfx', false, () => {
      this.#tls = { pfx: Buffer.from(pfx), passphrase: password };
      return true;
    });
  }

  #directOptions() {
    const { TcpNoDelay: noDelay, KeepAlive: keepAlive, ClientIpAddress } = this;
    return { noDelay, keepAlive, ...(ClientIpAddress === '' ? {} : { localAddress: ClientIpAddress }) };
  }

  #tlsOptions(): TlsOptions {
    const ciphers = this.SslAllowedCiphers === '' ? {} : { ciphers: this.SslAllowedCiphers };
    return { ...this.#tls, ...ciphers, insecure: !this.RequireSslCertVerify };
  }
}

/** Hands the connection of a socket over; the socket has none afterwards. @internal */
export function takeLink(socket: Socket): Link | undefined {
  return takeFrom(socket);
}
