import type { LogNode } from '../log-node';
import type { TlsOptions } from '../node/tls';
import { checkTime, resolveThrottle } from '../socket-options';
import { connectFailReason, ConnectFailReason } from './connect-fail-reason';
import { endLink, openLink } from './link';
import type { Link } from './link';
import { call, callAsync } from './logged';
import { SocketProperties } from './socket-properties';
import { TransferFailReason } from './transfer-fail-reason';
import type { TransferFailures } from './transfer-fail-reason';
import { tlsOf, wayOf } from './way';

const NOT_CONNECTED: TransferFailures = {
  receive: TransferFailReason.NOT_CONNECTED,
  send: TransferFailReason.NOT_CONNECTED,
};

let takeFrom: (socket: Socket) => Link | undefined;

/** A TCP or TLS connection, perhaps through a proxy, to hand to {@link Rest.UseConnection}. @public */
export class Socket extends SocketProperties {
  #certificate: TlsOptions = {};
  #failReason: ConnectFailReason = ConnectFailReason.NONE;
  #link: Link | undefined;
  /** What is known of the last connection, also when it was handed on. */
  #last: Pick<Link, 'tls' | 'failures'> = { tls: undefined, failures: NOT_CONNECTED };

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

  /** Why the answer to the upgrade request was not received over this connection. See `TransferFailReason`. */
  get ReceiveFailReason(): TransferFailReason {
    return this.#last.failures.receive;
  }

  /** Why the upgrade request was not sent over this connection. See `TransferFailReason`. */
  get SendFailReason(): TransferFailReason {
    return this.#last.failures.send;
  }

  /** Whether there is a connection that was not handed on. */
  get IsConnected(): boolean {
    return this.#link !== undefined && !this.#link.stream.destroyed;
  }

  /** Cipher suite that TLS agreed on, by its standard name; empty without TLS. */
  get TlsCipherSuite(): string {
    return this.#last.tls?.cipherSuite ?? '';
  }

  /** Version that TLS agreed on, such as `TLS 1.3`; empty without TLS. */
  get TlsVersion(): string {
    return this.#last.tls?.version.replace('TLSv', 'TLS ') ?? '';
  }

  /** @param ssl - Whether TLS is laid over it. @param maxWaitMs - Proxy and TLS included; 0 for no limit. */
  async Connect(hostname: string, port: number, ssl: boolean, maxWaitMs: number): Promise<boolean> {
    return callAsync(this, 'Connect', false, async (log) => {
      log.fact('hostname', hostname);
      log.fact('port', port);
      log.fact('ssl', ssl);
      this.#tellWay(log);
      this.#link?.stream.destroy();
      this.#link = undefined;
      this.#last = { tls: undefined, failures: NOT_CONNECTED };
      this.#failReason = hostname === '' ? ConnectFailReason.EMPTY_HOSTNAME : ConnectFailReason.NONE;
      if (hostname === '') throw new TypeError('The host name is empty.');
      try {
        this.#link = this.#last = await this.#open(hostname, port, ssl, maxWaitMs);
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
      this.#certificate = { cert: pem, key: pem, ...(password === '' ? {} : { passphrase: password }) };
      return true;
    });
  }

  /** A client certificate with its key, as PKCS #12. */
  SetSslClientCertPfx(pfx: Uint8Array, password: string): boolean {
    return call(this, 'SetSslClientCertPfx', false, () => {
      this.#certificate = { pfx: Buffer.from(pfx), passphrase: password };
      return true;
    });
  }

  #open(hostname: string, port: number, secure: boolean, maxWaitMs: number): Promise<Link> {
    const { BandwidthThrottleUp: upBytesPerSecond, BandwidthThrottleDown: downBytesPerSecond } = this;
    return openLink({
      hostname,
      port,
      secure,
      connect: wayOf(this),
      tls: { ...this.#certificate, ...tlsOf(this) },
      timeoutMs: checkTime('maxWaitMs', maxWaitMs),
      throttle: resolveThrottle({ upBytesPerSecond, downBytesPerSecond }),
      maxReadIdleMs: checkTime('MaxReadIdleMs', this.MaxReadIdleMs),
    });
  }

  #tellWay(log: LogNode): void {
    if (this.HttpProxyHostname !== '') log.fact('httpProxyHostname', this.HttpProxyHostname);
    if (this.SocksVersion !== 0) log.fact('socksHostname', this.SocksHostname);
    if (this.HttpProxyForHttp) log.say('HttpProxyForHttp has no effect: CONNECT is used.');
    if (this.SoRcvBuf !== 0 || this.SoSndBuf !== 0) {
      log.say('SoRcvBuf and SoSndBuf have no effect: Node cannot set them.');
    }
  }
}

/** Hands the connection of a socket over; the socket has none afterwards. @internal */
export function takeLink(socket: Socket): Link | undefined {
  return takeFrom(socket);
}
