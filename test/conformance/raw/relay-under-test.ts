import { afterAll, afterEach, beforeAll } from 'vitest';
import { PollingDevice } from './polling-device';
import { type Credentials, type Device, login } from './raw-client';
import { WebSocketDevice } from './websocket-device';
import { type Address, closeAllConnections } from './raw-connection';

export interface Account extends Credentials {
  /** Allow-list of networks; without it every network name exists (P-91). */
  networks?: string[];
}

/** Everything the suites ask of a relay beyond its defaults. */
export interface RelayOptions {
  /** From the upgrade to a valid auth message (P-12). */
  authDeadlineMs?: number;
  /** Longest silence of an attached WebSocket (P-61). */
  idleLimitMs?: number;
  /** Life of a session after the loss of its socket or last request (P-65). */
  sessionGraceMs?: number;
  /** Life of a session that was never used (P-50). */
  unusedSessionMs?: number;
  /** Largest WebSocket message or HTTP body, in bytes (section 21). */
  maxTransmissionSize?: number;
  /** Largest `d` of one message, in bytes (section 21). */
  maxDataSize?: number;
  /** Lower clamp of the `t` of a Download, in seconds (P-67). */
  minDownloadTimeout?: number;
  /** How long the error answer to a broken Download is held back (P-13). */
  heldErrorMs?: number;
  /** From the connection to the end of the request's header block (SEC-14). */
  headersDeadlineMs?: number;
  /** From the connection to the end of the request's body (SEC-14). */
  bodyDeadlineMs?: number;
  /** Connections of one IP address that have not authenticated (SEC-14). */
  maxUnauthenticatedPerAddress?: number;
  /** Origins that an account of the relay may be used from; without it all (SEC-1). */
  allowedOrigins?: string[];
  /** Names that the relay may be called by in `Host`; without it all (SEC-1). */
  allowedHosts?: string[];
  /** More accounts behind the three fixed ones, all open (SEC-9). */
  extraAccounts?: number;
}

export interface RelayUnderTest extends Address {
  /** At least: two open accounts, then one with the allow-list `allowed 1`, `allowed 2`. */
  accounts: Account[];
  stop(): Promise<void>;
}

export type StartRelay = (options?: RelayOptions) => Promise<RelayUnderTest>;

export const HOME = 0;
export const OFFICE = 1;
export const RESTRICTED = 2;

export type TransportName = 'websocket' | 'polling';
export const TRANSPORTS: readonly TransportName[] = ['websocket', 'polling'];

/** A relay shared by the tests of one `describe`, with shortcuts to get devices on it. */
export class Lab {
  private relay: RelayUnderTest | undefined;

  constructor(
    private readonly startRelay: StartRelay,
    private readonly options: RelayOptions,
  ) {}

  async start(): Promise<void> {
    this.relay = await this.startRelay(this.options);
  }

  async stop(): Promise<void> {
    closeAllConnections();
    await this.relay?.stop();
  }

  get address(): RelayUnderTest {
    if (!this.relay) throw new Error('the relay is not started');
    return this.relay;
  }

  account(index = HOME): Account {
    const account = this.address.accounts[index];
    if (!account) throw new Error(`no account ${index}`);
    return account;
  }

  login(account = HOME): ReturnType<typeof login> {
    return login(this.address, this.account(account));
  }

  /** Logged in and attached by WebSocket, with networks when any are named. */
  async webSocket(networks: string[] = [], account = HOME): Promise<WebSocketDevice> {
    const { id } = await this.login(account);
    return this.ready(await WebSocketDevice.attach(this.address, id), networks);
  }

  /** Logged in for long polling, with networks when any are named. */
  async polling(networks: string[] = [], account = HOME): Promise<PollingDevice> {
    const { id } = await this.login(account);
    return this.ready(new PollingDevice(this.address, id), networks);
  }

  device(transport: TransportName, networks: string[] = [], account = HOME): Promise<Device> {
    return transport === 'websocket' ? this.webSocket(networks, account) : this.polling(networks, account);
  }

  private async ready<D extends Device>(device: D, networks: string[]): Promise<D> {
    if (networks.length === 0) return device;
    const code = await device.setNetworks(...networks);
    if (code !== '4') throw new Error(`networks ${networks.join()} got ${code}`);
    return device;
  }
}

/** Declares the start and the end of one relay around the tests of the current `describe`. */
export function useRelay(start: StartRelay, options: RelayOptions = {}): Lab {
  const lab = new Lab(start, options);
  beforeAll(() => lab.start());
  afterEach(closeAllConnections);
  afterAll(() => lab.stop());
  return lab;
}

/** Real time, only where the rule itself is about real time. */
export function pass(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

let lastName = 0;

/** A network name that no other test uses, so that tests on one relay do not meet. */
export function newNetwork(): string {
  return `network ${++lastName}`;
}
