import { DISCOVERY_RESPONSE, discoveryRequest } from '../core/discovery';
import { convertErrorCodeToString, ErrorCode, WebifiError } from '../core/errors';
import type { MakeLinks, SessionSettings } from '../core/link';
import type { OutgoingMessage } from '../core/messages';
import { DEFAULT_DOWNLOAD_TIMEOUT } from '../core/requests';
import { Session } from '../core/session';
import type { Guarantee, StatusChange } from '../core/session-events';
import type { State } from '../core/steps';
import { encodeText } from '../core/text';
import type { Platform } from '../core/transport';
import { poster } from '../adapters/long-polling';
import { socketOpener } from '../adapters/websocket';
import { Driver, type AppEffect } from './driver';
import { callSafely, Emitter } from './emitter';
import type { WebifiEvents } from './events';
import { outgoing, ReceivedMessage, createSendData, type Data, type Receipt, type SendData, type SendOptions } from './message';
import { messageStream, type MessageFilter } from './message-stream';
import {
  checkNames,
  checkText,
  checkTimeout,
  isLoopback,
  parseServer,
  type Secret,
  type WebifiOptions,
} from './options';

/** Codes that no relay reports. */
const FOUND_HERE: readonly number[] = [
  ErrorCode.UNREACHABLE,
  ErrorCode.QUEUE_FULL,
  ErrorCode.TOO_LARGE,
  ErrorCode.EXPIRED,
];

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
  readonly #host: string;
  /** What takes back each callback that is set. */
  readonly #callbacks = new Map<keyof WebifiEvents, () => void>();
  /** Takes the code of each message whose sender awaits it, by its token. */
  readonly #awaited = new Map<number, (code: number) => void>();
  #connectName: string;
  #connectPassword: Secret;
  #stopWatching: (() => void) | undefined;
  #warned = false;

  /** @internal */
  constructor(options: WebifiOptions, platform: Platform, makeLinks: MakeLinks) {
    const { host, secure } = parseServer(options.server ?? platform.defaultServer());
    const { WebSocket, fetch, reconnect, connectName = '', connectPassword = '' } = options;
    const { name = '', networkNames = [], downloadTimeout = DEFAULT_DOWNLOAD_TIMEOUT } = options;
    const { discoverable = true, useEncryption = secure, useWebSocket = true } = options;
    const settings = {
      name: checkText(name, 'name'),
      networkNames: checkNames(networkNames, 'networkNames'),
      downloadTimeout: checkTimeout(downloadTimeout),
      discoverable,
      useEncryption,
      useWebSocket,
      isHidden: () => platform.isHidden(),
    };
    this.#options = options;
    this.#host = host;
    this.#connectName = checkText(connectName, 'connectName');
    this.#connectPassword = connectPassword;
    this.#platform = {
      ...platform,
      ...(WebSocket && { openSocket: socketOpener(WebSocket) }),
      ...(fetch && { post: poster(fetch) }),
    };
    const backoff = { minDelayMs: 500, maxDelayMs: 30_000, ...reconnect };
    const { clock } = platform;
    const random = (): number => clock.random();
    const makeInstance = (): string => clock.randomId();
    const { maxQueuedMessages = 10_000, maxQueuedBytes = 4_194_304 } = options;
    const bounds = { maxQueuedMessages, maxQueuedBytes };
    this.#session = new Session(settings, { host, backoff, random, makeInstance, makeLinks, ...bounds });
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

  /** What holds for messages that the relay has taken. */
  get guarantee(): Guarantee {
    return this.#session.guarantee;
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
    return this.#configure({ downloadTimeout: checkTimeout(downloadTimeout) });
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
    return this.#until<void>(options.signal, (resolve, reject) =>
      this.on('status', ({ to }) => {
        if (to === 'connected') resolve();
        if (to === 'failed') reject(this.#error(ErrorCode.WRONG_CREDENTIALS));
        const detail = 'closed before it was connected';
        if (to === 'closed') reject(new WebifiError(ErrorCode.UNREACHABLE, { detail }));
      }),
    );
  }

  /**
   * Queues one message and returns at once; it goes out when the session runs. Never merged with another.
   *
   * @returns `0` when queued, `6` when there is no data (empty data is allowed), `25` when the queue is full, `26` when the
   *   relay takes no message as large. A failure found later reaches the error callback.
   * @throws TypeError for a wrong type.
   * @see Seed 1, section 3, row `send_data`
   */
  sendData(message: Partial<SendData>): number {
    if (message.data === undefined || message.data === null) return ErrorCode.NOTHING_TO_SEND;
    return this.#offer(outgoing(message.data, message, this.#encoding));
  }

  /**
   * Sends one message; resolves when the relay has taken responsibility for it, or, with the mode `delivered`, when all who
   * get it have acknowledged it. What that is worth says {@link WebifiClient.guarantee}.
   *
   * @param data - Text, or bytes, which arrive unchanged.
   * @throws WebifiError with the relay's code, such as 2 when a recipient was not there, or 20 when its answer never
   *   came; 25 when the queue is full, 26 when the message is too large, 33 when `ttlMs` is over; TypeError for a wrong
   *   type; the signal's reason when aborted (a message on its way may still arrive).
   */
  send(data: Data, options: SendOptions = {}): Promise<Receipt> {
    const { signal, ttlMs, mode = 'reliable' } = options;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const message = outgoing(data, options, this.#encoding);
      const refusal = this.#refusalOf(message);
      if (refusal !== ErrorCode.SUCCESS) return reject(this.#error(refusal, this.#limitOf(refusal)));
      const token = this.#queue(message, true);
      const aborted = (): void => {
        this.#session.cancelSend(token);
        this.#settled(token, ErrorCode.EXPIRED);
      };
      const expired = (): void => {
        if (this.#session.cancelSend(token)) this.#settled(token, ErrorCode.EXPIRED);
      };
      const stopWaiting = ttlMs === undefined ? undefined : this.#platform.clock.setTimer(expired, ttlMs);
      signal?.addEventListener('abort', aborted);
      this.#awaited.set(token, (code) => {
        stopWaiting?.();
        signal?.removeEventListener('abort', aborted);
        if (signal?.aborted) reject(signal.reason as Error);
        else if (code === ErrorCode.SUCCESS) resolve({ mode, guarantee: this.guarantee });
        else reject(this.#error(code));
      });
    });
  }

  /** Gives an empty send object: `data`, `dataType`, `toNetworks`, `toSessionIds`. @see Seed 1, section 3 */
  createSendData(): SendData {
    return createSendData();
  }

  /**
   * Asks the devices of the given networks (default: this device's own) for their names. Answers come as messages with
   * the data type `Discovery Response`, the name as data and the session id as sender.
   *
   * @returns `0` when queued, `25` when the queue is full.
   * @see Seed 1, sections 3 and 5
   */
  sendDiscovery(networks: readonly string[] = []): number {
    return this.#offer(discoveryRequest(checkNames(networks, 'networks')));
  }

  /** Sends a discovery and collects the answers for a while. This device itself is not in the list. */
  async discover({ networks = [], waitMs = 1000, signal }: DiscoverOptions = {}): Promise<Device[]> {
    const devices = new Map<string, Device>();
    await this.#until<void>(signal, (resolve) => {
      this.sendDiscovery(networks);
      const stop = this.#platform.clock.setTimer(resolve, waitMs);
      const off = this.on('message', ({ dataType, from, data }) => {
        if (dataType === DISCOVERY_RESPONSE) devices.set(from, { name: data, sessionId: from });
      });
      return () => {
        stop();
        off();
      };
    });
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
    return messageStream(this.#emitter, filter);
  }

  /**
   * Called with `true` when connected, with `false` when no longer, and when the password was wrong.
   *
   * @returns A function that takes the callback back.
   * @see Seed 1, section 4
   */
  setConnectionStatusCallback(callback: (connected: boolean) => void): () => void {
    return this.#setCallback('status', ({ from, to }) => {
      if (to === 'connected') callback(true);
      else if (from === 'connected' || to === 'failed') callback(false);
    });
  }

  /** Called with data (as text), data type and session id of the sender. @see Seed 1, section 4 */
  setDataReceivedCallback(callback: (data: string, dataType: string, fromSessionId: string) => void): () => void {
    return this.#setCallback('message', ({ data, dataType, from }) => callback(data, dataType, from));
  }

  /** Called with the error code. @see Seed 1, section 4 */
  setErrorCallback(callback: (errorCode: number) => void): () => void {
    return this.#setCallback('error', ({ code }) => callback(code));
  }

  /** A callback takes the place of the one before; listeners of `on` stay beside it. */
  #setCallback<K extends keyof WebifiEvents>(type: K, callback: (event: WebifiEvents[K]) => void): () => void {
    this.#callbacks.get(type)?.();
    const off = this.on(type, callback);
    this.#callbacks.set(type, off);
    return off;
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
    return this.#until<void>(undefined, (resolve) => this.on('status', ({ to }) => to === 'closed' && resolve()));
  }

  get #encoding(): 'utf-8' | 'latin-1' {
    return this.#options.textEncoding ?? 'utf-8';
  }

  #configure(change: Partial<SessionSettings>): number {
    this.#driver.input({ type: 'configure', change });
    return ErrorCode.SUCCESS;
  }

  /** Why a message is not queued; 0 when it is. */
  #refusalOf({ data }: OutgoingMessage): number {
    const isText = typeof data === 'string' && 3 * data.length > this.#session.maxMessageBytes;
    return this.#session.refusalOf(isText ? encodeText(data).length : data.length);
  }

  /** Queues a message that nobody awaits, if it may be. */
  #offer(message: OutgoingMessage): number {
    const code = this.#refusalOf(message);
    if (code === ErrorCode.SUCCESS) this.#queue(message, false);
    return code;
  }

  #settled(token: number, code: number): void {
    this.#awaited.get(token)?.(code);
    this.#awaited.delete(token);
  }

  #queue(message: OutgoingMessage, awaited: boolean): number {
    this.#driver.wakeSoon();
    return this.#session.send(message, awaited);
  }

  /** A promise that is settled by what `begin` sets up, or by the signal; then what `begin` gave back is called. */
  async #until<T>(
    signal: AbortSignal | undefined,
    begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
  ): Promise<T> {
    const over = new AbortController();
    let end: (() => void) | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        signal?.throwIfAborted();
        signal?.addEventListener('abort', () => reject(signal.reason as Error), over);
        end = begin(resolve, reject);
      });
    } finally {
      over.abort();
      end?.();
    }
  }

  #take(effect: AppEffect): void {
    switch (effect.type) {
      case 'credentials':
        return void this.#giveCredentials();
      case 'message':
        return this.#emitter.emit('message', new ReceivedMessage(effect.message, this.#encoding));
      case 'status':
        return this.#statusChanged(effect.change);
      case 'error':
        return this.#emitter.emit('error', this.#error(effect.code));
      case 'gap':
        return this.#emitter.emit('gap', effect.gap);
      case 'drain':
        return this.#emitter.emit('drain', undefined);
      case 'settled':
        this.#settled(effect.token, effect.code);
    }
  }

  #statusChanged(change: StatusChange): void {
    if (change.to === 'closed' || change.to === 'failed') {
      this.#stopWatching?.();
      this.#stopWatching = undefined;
    }
    this.#emitter.emit('status', change);
  }

  /** What the relay has said about the size of messages. */
  #limitOf(code: number): string {
    return code === ErrorCode.TOO_LARGE ? `At most ${this.#session.maxMessageBytes} bytes` : '';
  }

  #error(code: number, detail = ''): WebifiError {
    const { errorTexts: texts } = this.#session;
    return new WebifiError(code, { remote: !FOUND_HERE.includes(code), texts, detail });
  }

  async #giveCredentials(): Promise<void> {
    const { credentials } = this.#options;
    const secret = this.#connectPassword;
    try {
      const given = credentials
        ? await credentials()
        : { connectName: this.#connectName, connectPassword: typeof secret === 'function' ? await secret() : secret };
      this.#warnOfClearText();
      this.#driver.input({ type: 'credentials', ...given });
    } catch (cause) {
      const detail = 'the function that gives the credentials failed';
      this.#emitter.emit('error', new WebifiError(ErrorCode.WRONG_CREDENTIALS, { cause, detail }));
      this.#driver.input({ type: 'credentials-failed' });
    }
  }

  /** Once, before the first byte (SEC-3). */
  #warnOfClearText(): void {
    if (this.#warned || this.getUseEncryption() || isLoopback(this.#host)) return;
    this.#warned = true;
    const { logger = console } = this.#options;
    const text = `webifi: the password goes to ${this.#host} without encryption; call setUseEncryption(true).`;
    callSafely(() => logger.warn(text), undefined);
  }
}
