import { DISCOVERY_RESPONSE, discoveryRequest } from '../core/discovery';
import { convertErrorCodeToString, ErrorCode, WebifiError } from '../core/errors';
import { Session, type SessionOptions, type SessionSettings, type StatusChange } from '../core/session';
import type { State } from '../core/steps';
import type { Platform } from '../core/transport';
import { poster } from '../adapters/long-polling';
import { socketOpener } from '../adapters/websocket';
import { Driver, type AppEffect } from './driver';
import { callSafely, Emitter } from './emitter';
import { outgoing, ReceivedMessage, createSendData, type Data, type SendData, type SendOptions } from './message';
import { messageStream, type MessageFilter } from './message-stream';
import {
  checkNames,
  checkText,
  clampDownloadTimeout,
  isLoopback,
  parseServer,
  type Credentials,
  type Secret,
  type WebifiOptions,
} from './options';

/** A device found by {@link WebifiClient.discover}. @public */
export interface Device {
  name: string;
  sessionId: string;
}

/** @public */
export interface DiscoverOptions {
  /** Networks to ask. @defaultValue this device's own networks */
  networks?: readonly string[];
  /** How long to collect answers, in milliseconds. @defaultValue 1000 */
  waitMs?: number;
  signal?: AbortSignal;
}

/** Events of {@link WebifiClient.on}. @public */
export interface WebifiEvents {
  message: ReceivedMessage;
  status: StatusChange;
  error: WebifiError;
}

interface Awaited {
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * A device on the relay: sends to and receives from the other devices of the same connect name.
 *
 * @remarks
 * Every function of the seed is here under its camelCase name; the modern form works on the same object and state.
 * Nothing happens before `start()`. Messages of one sender arrive in the order they were sent.
 *
 * @example
 * ```ts
 * const device = new Webifi({ connectName: 'home', connectPassword: 'secret', networkNames: ['network 1'] });
 * device.on('message', (message) => console.log(message.data));
 * device.start();
 * await device.ready();
 * await device.send('hello');
 * ```
 *
 * @public
 */
export class WebifiClient {
  readonly #session: Session;
  readonly #driver: Driver;
  readonly #emitter = new Emitter<WebifiEvents>();
  readonly #platform: Platform;
  readonly #options: WebifiOptions;
  readonly #awaited = new Map<number, Awaited>();
  #connectName: string;
  #connectPassword: Secret;
  #stopWatching: (() => void) | undefined;
  #warned = false;

  /** @internal */
  constructor(options: WebifiOptions, platform: Platform, createLink: SessionOptions['createLink']) {
    const { host, secure } = parseServer(options.server ?? platform.defaultServer());
    this.#options = options;
    this.#connectName = checkText(options.connectName ?? '', 'connectName');
    this.#connectPassword = options.connectPassword ?? '';
    this.#platform = {
      ...platform,
      ...(options.WebSocket ? { openSocket: socketOpener(options.WebSocket) } : {}),
      ...(options.fetch ? { post: poster(options.fetch) } : {}),
    };
    const settings = {
      name: checkText(options.name ?? '', 'name'),
      networkNames: checkNames(options.networkNames ?? [], 'networkNames'),
      discoverable: options.discoverable ?? true,
      downloadTimeout: clampDownloadTimeout(options.downloadTimeout ?? 120),
      useEncryption: options.useEncryption ?? secure,
      useWebSocket: options.useWebSocket ?? true,
    };
    const backoff = { minDelayMs: 500, maxDelayMs: 30_000, ...options.reconnect };
    this.#session = new Session(settings, { host, backoff, random: () => platform.clock.random(), createLink });
    this.#driver = new Driver(this.#session, this.#platform, (effect) => this.#take(effect));
    const dispose: symbol | undefined = Symbol.asyncDispose;
    if (dispose) Object.defineProperty(this, dispose, { value: () => this.close() });
  }

  /** Closes at the end of an `await using` block. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;

  /** Name that other devices see when they send a discovery. @see Seed 1, section 2, `name` */
  get name(): string {
    return this.#session.settings.name;
  }

  set name(name: string) {
    this.#configure({ name: checkText(name, 'name') });
  }

  /** True while the session runs: logged in, bound to a transport, networks confirmed. @see Seed 1, section 2 */
  get connected(): boolean {
    return this.state === 'connected';
  }

  /** What the session is doing; every change is a `status` event. */
  get state(): State {
    return this.#session.shownState;
  }

  /**
   * Sets the connect name.
   *
   * @returns `0`, or `10` while started, when it cannot be changed.
   * @throws TypeError when it is not a text.
   * @see Seed 1, section 2, row `set_connect_name`
   */
  setConnectName(connectName: string): number {
    if (this.#session.isStarted) return ErrorCode.NOT_WHILE_RUNNING;
    this.#connectName = checkText(connectName, 'connectName');
    return ErrorCode.SUCCESS;
  }

  /** @see Seed 1, section 2, row `get_connect_name` */
  getConnectName(): string {
    return this.#connectName;
  }

  /**
   * Sets the connect password, or a function that gives it before every login.
   *
   * @returns `0`, or `10` while started, when it cannot be changed.
   * @see Seed 1, section 2, row `set_connect_password`
   */
  setConnectPassword(connectPassword: Secret): number {
    if (this.#session.isStarted) return ErrorCode.NOT_WHILE_RUNNING;
    this.#connectPassword = connectPassword;
    return ErrorCode.SUCCESS;
  }

  /** @see Seed 1, section 2, row `get_connect_password` */
  getConnectPassword(): Secret {
    return this.#connectPassword;
  }

  /**
   * Sets the networks this device belongs to, at any time; empty names are dropped.
   *
   * @returns `0`. That the relay took only some of them is a later error 5.
   * @throws TypeError when it is not a list of texts.
   * @see Seed 1, section 2, row `set_network_names`
   */
  setNetworkNames(networkNames: readonly string[]): number {
    return this.#configure({ networkNames: checkNames(networkNames, 'networkNames') });
  }

  /** @see Seed 1, section 2, row `get_network_names` */
  getNetworkNames(): string[] {
    return [...this.#session.settings.networkNames];
  }

  /** Whether this device answers discoveries. @returns `0`. @see Seed 1, section 2, row `set_discoverable` */
  setDiscoverable(discoverable: boolean): number {
    return this.#configure({ discoverable });
  }

  /** @see Seed 1, section 2, row `get_discoverable` */
  getDiscoverable(): boolean {
    return this.#session.settings.discoverable;
  }

  /**
   * Sets how long one long-polling download may stay open with no data, in seconds; 10 to 600, brought into that range.
   * No effect over WebSocket. Works at any time without losing a message.
   *
   * @returns `0`.
   * @throws TypeError when it is not a number.
   * @see Seed 1, section 2, row `set_download_timeout`
   */
  setDownloadTimeout(downloadTimeout: number): number {
    return this.#configure({ downloadTimeout: clampDownloadTimeout(downloadTimeout) });
  }

  /** Seconds; lower than what was set when a proxy on the way repeats long requests (rule P-112). */
  getDownloadTimeout(): number {
    return this.#session.settings.downloadTimeout;
  }

  /**
   * TLS on or off, at any time: while connected the session moves over without losing a message.
   *
   * @returns `0`.
   * @see Seed 1, section 2, row `set_use_encryption`
   */
  setUseEncryption(useEncryption: boolean): number {
    return this.#configure({ useEncryption });
  }

  /** @see Seed 1, section 2, row `get_use_encryption` */
  getUseEncryption(): boolean {
    return this.#session.settings.useEncryption;
  }

  /**
   * WebSocket (true) or long polling (false), at any time: while connected the session moves over without losing a
   * message, and keeps its session id.
   *
   * @returns `0`.
   * @see Seed 1, section 2, row `set_use_websocket`
   */
  setUseWebSocket(useWebSocket: boolean): number {
    return this.#configure({ useWebSocket });
  }

  /** @see Seed 1, section 2, row `get_use_websocket` */
  getUseWebSocket(): boolean {
    return this.#session.settings.useWebSocket;
  }

  /** Address of this device on the relay, decimal digits; `-1` before the first login. @see Seed 1, section 2 */
  getSessionId(): string {
    return this.#session.sessionId;
  }

  /**
   * `upload` counts transmissions, `download` the answers with data or by timeout (long polling only).
   *
   * @see Seed 1, section 2, row `get_counters`
   */
  getCounters(): { upload: number; download: number } {
    return { ...this.#session.counters };
  }

  /** Messages waiting to be sent: a count, not bytes; what is on its way is not counted. @see Seed 1, section 3 */
  getBufferedAmount(): number {
    return this.#session.bufferedAmount;
  }

  /**
   * Starts connecting, and returns at once. Losses are repaired until `closeConnection()`; a wrong password is final.
   *
   * @returns `0`, also when started already; `8` when connect name or password is missing.
   * @see Seed 1, section 3, row `start`
   */
  start(): number {
    if (this.#session.isStarted) return ErrorCode.SUCCESS;
    const hasBoth = this.#connectName !== '' && this.#connectPassword !== '';
    if (!hasBoth && !this.#options.credentials) return ErrorCode.WRONG_CREDENTIALS;
    this.#stopWatching ??= this.#platform.watchPage(
      () => this.#driver.input({ type: 'suspend' }),
      () => this.#driver.input({ type: 'resume' }),
    );
    this.#driver.input({ type: 'start' });
    return ErrorCode.SUCCESS;
  }

  /**
   * Resolves when the session runs; at once when it does already.
   *
   * @throws WebifiError when it failed for good (code 8) or was closed; the signal's reason when aborted.
   */
  ready(options: { signal?: AbortSignal } = {}): Promise<void> {
    if (this.connected) return Promise.resolve();
    return this.#settledBy<void>(options.signal, (resolve, reject) =>
      this.on('status', ({ to }) => {
        if (to === 'connected') resolve();
        if (to === 'failed') reject(new WebifiError(ErrorCode.WRONG_CREDENTIALS, { remote: true }));
        if (to === 'closed') reject(new WebifiError(ErrorCode.UNREACHABLE, { detail: 'closed before it was connected' }));
      }),
    );
  }

  /**
   * Queues one message and returns at once; it goes out when the session runs. Never merged with another.
   *
   * @returns `0` when queued, `6` when there is no data (empty data is allowed). A failure found later reaches the
   *   error callback.
   * @throws TypeError for a wrong type.
   * @see Seed 1, section 3, row `send_data`
   */
  sendData(message: Partial<SendData>): number {
    if (message.data === undefined || message.data === null) return ErrorCode.NOTHING_TO_SEND;
    this.#session.send(outgoing(message.data, message, this.#encoding), false);
    this.#driver.pumpSoon();
    return ErrorCode.SUCCESS;
  }

  /**
   * Sends one message; resolves when the relay has taken it.
   *
   * @param data - Text, or bytes, which arrive unchanged.
   * @throws WebifiError with the relay's code, such as 2 when a recipient was not there, or 20 when its answer never
   *   came; TypeError for a wrong type; the signal's reason when aborted (a message on its way may still arrive).
   */
  async send(data: Data, options: SendOptions = {}): Promise<void> {
    const { signal } = options;
    signal?.throwIfAborted();
    const token = this.#session.send(outgoing(data, options, this.#encoding), true);
    this.#driver.pumpSoon();
    try {
      await this.#settledBy<void>(signal, (resolve, reject) => {
        this.#awaited.set(token, { resolve, reject });
        return () => this.#awaited.delete(token);
      });
    } finally {
      if (signal?.aborted) this.#session.cancelSend(token);
    }
  }

  /** Gives an empty send object: `data`, `dataType`, `toNetworks`, `toSessionIds`. @see Seed 1, section 3 */
  createSendData(): SendData {
    return createSendData();
  }

  /**
   * Asks the devices of the given networks (default: this device's own) for their names. Answers come as messages with
   * the data type `Discovery Response`, the name as data and the session id as sender.
   *
   * @returns `0`.
   * @see Seed 1, sections 3 and 5
   */
  sendDiscovery(networks: readonly string[] = []): number {
    this.#session.send(discoveryRequest(checkNames(networks, 'networks')), false);
    this.#driver.pumpSoon();
    return ErrorCode.SUCCESS;
  }

  /** Sends a discovery and collects the answers for a while. This device itself is not in the list. */
  async discover(options: DiscoverOptions = {}): Promise<Device[]> {
    const devices = new Map<string, Device>();
    const { signal, waitMs = 1000 } = options;
    signal?.throwIfAborted();
    const off = this.on('message', ({ dataType, from, data }) => {
      if (dataType === DISCOVERY_RESPONSE) devices.set(from, { name: data, sessionId: from });
    });
    try {
      this.sendDiscovery(options.networks);
      await this.#settledBy<void>(signal, (resolve) => this.#platform.clock.setTimer(resolve, waitMs));
    } finally {
      off();
    }
    return [...devices.values()];
  }

  /**
   * Calls `listener` at every event of this type.
   *
   * @param options - `signal` takes the listener back.
   * @returns A function that takes it back.
   */
  on<K extends keyof WebifiEvents>(
    type: K,
    listener: (event: WebifiEvents[K]) => void,
    options: { signal?: AbortSignal } = {},
  ): () => void {
    return this.#emitter.on(type, listener, options.signal);
  }

  /** Like {@link WebifiClient.on}, for one event. */
  once<K extends keyof WebifiEvents>(
    type: K,
    listener: (event: WebifiEvents[K]) => void,
    options: { signal?: AbortSignal } = {},
  ): () => void {
    const off = this.on(
      type,
      (event) => {
        off();
        listener(event);
      },
      options,
    );
    return off;
  }

  /**
   * Received messages for `for await`. The loop ends when the device is closed or has failed, and throws when 10,000
   * messages wait unread.
   */
  messages(filter: MessageFilter = {}): AsyncIterableIterator<ReceivedMessage> {
    const source = {
      onMessage: (listener: (message: ReceivedMessage) => void) => this.on('message', listener),
      onEnd: (listener: () => void) =>
        this.on('status', ({ to }) => {
          if (to === 'closed' || to === 'failed') listener();
        }),
    };
    return messageStream(source, filter);
  }

  /**
   * Called with `true` when connected, with `false` when no longer, and when the password was wrong.
   *
   * @returns A function that takes the callback back.
   * @see Seed 1, section 4
   */
  setConnectionStatusCallback(callback: (connected: boolean) => void): () => void {
    return this.on('status', ({ from, to }) => {
      if (to === 'connected') callback(true);
      else if (from === 'connected' || to === 'failed') callback(false);
    });
  }

  /** Called with data (as text), data type and session id of the sender. @see Seed 1, section 4 */
  setDataReceivedCallback(callback: (data: string, dataType: string, fromSessionId: string) => void): () => void {
    return this.on('message', ({ data, dataType, from }) => callback(data, dataType, from));
  }

  /** Called with the error code. @see Seed 1, section 4 */
  setErrorCallback(callback: (errorCode: number) => void): () => void {
    return this.on('error', ({ code }) => callback(code));
  }

  /** Describes an error code, in the relay's words where it sent some. @see Seed 1, section 3 */
  convertErrorCodeToString(code: number | string): string {
    return convertErrorCodeToString(code, this.#session.errorTexts);
  }

  /** Like {@link WebifiClient.close}, without waiting. @see Seed 1, section 3, row `close_connection` */
  closeConnection(): void {
    this.#driver.input({ type: 'close' });
  }

  /**
   * Sends what is queued, ends the session and resolves when that is done, after 10 seconds at most. Messages that
   * could not go out are reported with code 20. `start()` may be called again.
   */
  close(): Promise<void> {
    this.closeConnection();
    if (!this.#session.isStarted) return Promise.resolve();
    return this.#settledBy<void>(undefined, (resolve) => this.on('status', ({ to }) => to === 'closed' && resolve()));
  }

  get #encoding(): 'utf-8' | 'latin-1' {
    return this.#options.textEncoding ?? 'utf-8';
  }

  #configure(change: Partial<SessionSettings>): number {
    this.#driver.input({ type: 'configure', change });
    return ErrorCode.SUCCESS;
  }

  /** A promise that is settled by what `begin` sets up, or rejected by the signal; then `begin`'s result is called. */
  #settledBy<T>(
    signal: AbortSignal | undefined,
    begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const aborted = (): void => settle(() => reject(signal?.reason as Error));
      const settle = (outcome: () => void): void => {
        end?.();
        signal?.removeEventListener('abort', aborted);
        outcome();
      };
      const end: (() => void) | undefined = begin(
        (value) => settle(() => resolve(value)),
        (error) => settle(() => reject(error as Error)),
      );
      if (signal?.aborted) aborted();
      else signal?.addEventListener('abort', aborted);
    });
  }

  #take(effect: AppEffect): void {
    switch (effect.type) {
      case 'credentials':
        return void this.#giveCredentials();
      case 'message':
        return this.#emitter.emit('message', new ReceivedMessage(effect.message, this.#encoding));
      case 'status':
        return this.#statusChanged(effect);
      case 'error':
        return this.#emitter.emit('error', this.#error(effect.code, effect.remote));
      case 'settled':
        return this.#settled(effect.token, effect.code, effect.remote);
    }
  }

  #statusChanged({ type: _, ...change }: Extract<AppEffect, { type: 'status' }>): void {
    if (change.to === 'closed' || change.to === 'failed') {
      this.#stopWatching?.();
      this.#stopWatching = undefined;
    }
    this.#emitter.emit('status', change);
  }

  #settled(token: number, code: number, remote: boolean): void {
    const awaited = this.#awaited.get(token);
    if (code === ErrorCode.SUCCESS) awaited?.resolve();
    else awaited?.reject(this.#error(code, remote));
  }

  #error(code: number, remote: boolean): WebifiError {
    const texts = this.#session.errorTexts;
    return new WebifiError(code, texts ? { remote, texts } : { remote });
  }

  async #giveCredentials(): Promise<void> {
    try {
      const credentials = await this.#askCredentials();
      this.#warnOfClearText();
      this.#driver.input({ type: 'credentials', ...credentials });
    } catch (cause) {
      const detail = 'the function that gives the credentials failed';
      this.#emitter.emit('error', new WebifiError(ErrorCode.WRONG_CREDENTIALS, { cause, detail }));
      this.#driver.input({ type: 'credentials-failed' });
    }
  }

  async #askCredentials(): Promise<Credentials> {
    const { credentials } = this.#options;
    if (credentials) return credentials();
    const secret = this.#connectPassword;
    const connectPassword = typeof secret === 'function' ? await secret() : secret;
    return { connectName: this.#connectName, connectPassword };
  }

  /** Once, before the first byte (SEC-3). */
  #warnOfClearText(): void {
    const { host } = parseServer(this.#options.server ?? this.#platform.defaultServer());
    if (this.#warned || this.getUseEncryption() || isLoopback(host)) return;
    this.#warned = true;
    const logger = this.#options.logger ?? console;
    callSafely(() =>
      logger.warn(`webifi: the connect password goes to ${host} without encryption; call setUseEncryption(true).`),
    );
  }
}
