import { ErrorCode } from '../client/public';
import { findRecipient, parseLine, type ChatPeer } from './chat-lines';
import type { ChatOptions } from './chat-options';
import type { Screen } from './screen';
import { safeData, safeLine } from './terminal-text';

const DISCOVERY_RESPONSE = 'Discovery Response';
/** Sends whose answer is awaited at a time; further typed lines wait, so a large file as input stays bounded. */
const MAX_SENDS = 64;
/** How long the end of input waits for what is not sent yet. */
const DRAIN_MS = 30_000;
/** Names kept, so that strangers cannot fill the memory. */
const MAX_NAMES = 1_000;
/** Least time between two discoveries that a message from a stranger starts. */
const LOOKUP_PAUSE_MS = 3_000;

const HELP = `  any text         sent to the devices of your networks
  /list            the devices that are there
  /to NAME TEXT    sent to one device; a session id will do too, and "quotes" around a name
  //text           sent as /text
  quit             the end (also Ctrl-C, or the end of input)`;

/** The part of the client that a conversation needs. */
export interface ChatDevice {
  readonly connected: boolean;
  start(): number;
  ready(options?: { signal?: AbortSignal }): Promise<unknown>;
  getSessionId(): string;
  on(type: 'status', listener: (event: ChatStatus) => void): unknown;
  on(type: 'message', listener: (message: ChatMessage) => void): unknown;
  on(type: 'error', listener: (error: ChatError) => void): unknown;
  on(type: 'gap', listener: (gap: ChatGap) => void): unknown;
  send(data: string, options?: { toSessionIds?: string[] }): Promise<unknown>;
  discover(options?: { signal?: AbortSignal }): Promise<readonly ChatPeer[]>;
  close(): Promise<unknown>;
}

export interface ChatError {
  readonly code: number;
  readonly message: string;
}

export interface ChatGap {
  readonly count?: number | undefined;
}

export interface ChatStatus {
  readonly from: string;
  readonly to: string;
  readonly retryInMs?: number | undefined;
}

export interface ChatMessage {
  readonly data: string;
  readonly bytes: Uint8Array;
  readonly dataType: string;
  readonly from: string;
}

/** One conversation from the first line to the last: what is typed goes out, what arrives is printed. */
export class Conversation {
  readonly #options: ChatOptions;
  readonly #device: ChatDevice;
  readonly #screen: Screen;
  readonly #sends = new Set<Promise<void>>();
  /** Session id to name, of every device found so far. */
  readonly #names = new Map<string, string>();
  /** What the last discovery found. */
  #peers: readonly ChatPeer[] = [];
  /** Aborted by an interrupt and by a refusal: nothing waits any longer. */
  readonly #stop = new AbortController();
  #isRefused = false;
  #lastError: string | undefined;
  #isEnding = false;
  #unsent = 0;
  #lookedUpAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ChatOptions, device: ChatDevice, screen: Screen) {
    this.#options = options;
    this.#device = device;
    this.#screen = screen;
  }

  /**
   * Holds the conversation and closes the connection.
   *
   * @returns 0 after an orderly end; 1 when the relay refused, or when piped input could not all be sent.
   */
  async hold(): Promise<number> {
    const lines = this.#screen.lines();
    this.#device.on('status', (status) => this.#showStatus(status));
    this.#device.on('message', (message) => this.#showMessage(message));
    this.#device.on('error', (error) => this.#showError(error));
    this.#device.on('gap', ({ count }) => this.#problem(`${count ?? 'some'} messages to this device may be lost`));
    this.#device.start();
    await this.#followLines(lines);
    await this.#drain();
    this.#isEnding = true;
    await this.#device.close();
    this.#screen.close();
    return this.#exitCode();
  }

  /** Ends the conversation without waiting for what is not sent yet. */
  interrupt(): void {
    this.#stop.abort();
    this.#screen.close();
  }

  async #followLines(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) {
      if (this.#stop.signal.aborted) return;
      const goesOn = await this.#follow(line);
      if (!goesOn) return;
      this.#screen.prompt();
    }
  }

  /** @returns false when the line ends the conversation. */
  async #follow(line: string): Promise<boolean> {
    const request = parseLine(line);
    switch (request.type) {
      case 'quit':
        return false;
      case 'text':
        await this.#send(request.text);
        return true;
      case 'to':
        await this.#sendTo(request.rest);
        return true;
      case 'list':
        await this.#list();
        return true;
      case 'help':
        this.#screen.print(HELP);
        return true;
      case 'unknown':
        this.#problem(`${request.command} is not known; /help shows what is, and // starts a text with a slash`);
        return true;
    }
  }

  /** Queues a text at once, so that lines keep their order; waits only while very many are unanswered. */
  async #send(text: string, toSessionIds?: string[]): Promise<void> {
    const sending = this.#device
      .send(text, toSessionIds === undefined ? {} : { toSessionIds })
      .then(undefined, (error: unknown) => this.#showFailedSend(error))
      .then(() => void this.#sends.delete(sending));
    this.#sends.add(sending);
    if (this.#sends.size >= MAX_SENDS) await this.#untilStopped(Promise.race(this.#sends));
  }

  async #sendTo(rest: string): Promise<void> {
    let recipient = findRecipient(rest, this.#peers);
    if (recipient.type === 'missing') recipient = findRecipient(rest, await this.#discover());
    if (recipient.type === 'missing') {
      this.#problem(`no device is called "${recipient.wanted}"; /list shows who is there`);
    } else if (recipient.peers.length > 1) {
      const ids = recipient.peers.map(({ sessionId }) => sessionId).join(', ');
      this.#problem(`${recipient.peers.length} devices have this name; take a session id instead: ${ids}`);
    } else {
      await this.#send(recipient.text, recipient.peers.map(({ sessionId }) => sessionId));
      return;
    }
    this.#unsent += 1;
  }

  async #list(): Promise<void> {
    const peers = await this.#discover();
    const lines = peers.map(({ name, sessionId }) => `  ${safeLine(name) || '(no name)'}  (${safeLine(sessionId)})`);
    const count = peers.length === 1 ? '1 device' : `${peers.length} devices`;
    this.#screen.print([`* ${count} found`, ...lines].join('\n'));
  }

  /** Asks who is there, once the connection stands; nobody when the conversation ends before. */
  async #discover(): Promise<readonly ChatPeer[]> {
    const { signal } = this.#stop;
    try {
      await this.#device.ready({ signal });
      const peers = await this.#device.discover({ signal });
      this.#keep(peers);
      return peers;
    } catch (error) {
      if (!signal.aborted) this.#problem(`the search for devices failed: ${textOf(error)}`);
      return [];
    }
  }

  #keep(peers: readonly ChatPeer[]): void {
    this.#peers = peers;
    if (this.#names.size > MAX_NAMES) this.#names.clear();
    for (const { name, sessionId } of peers) this.#names.set(sessionId, name);
  }

  #showMessage({ data, bytes, dataType, from }: ChatMessage): void {
    // The answers to a discovery are printed together, by /list.
    if (dataType === DISCOVERY_RESPONSE) return;
    const who = safeLine(this.#names.get(from) ?? '') || safeLine(from);
    const type = dataType === '' ? '' : ` (${safeLine(dataType)})`;
    this.#screen.print(`${who}${type}: ${safeData(data, bytes)}`);
    if (!this.#names.has(from)) this.#lookUpStranger();
  }

  #lookUpStranger(): void {
    const nowMs = performance.now();
    if (!this.#device.connected || nowMs - this.#lookedUpAtMs < LOOKUP_PAUSE_MS) return;
    this.#lookedUpAtMs = nowMs;
    void this.#discover();
  }

  #showStatus({ from, to, retryInMs }: ChatStatus): void {
    if (to === 'connected') this.#showConnected();
    else if (to === 'closed') this.#screen.print('* disconnected');
    else if (to === 'failed') this.#refuse();
    else if (retryInMs !== undefined) this.#screen.print(`* no connection, next attempt in ${secondsOf(retryInMs)} s`);
    else if (from !== to) this.#screen.print(`* ${to} ${this.#where()}`);
  }

  #showConnected(): void {
    this.#lastError = undefined;
    const name = safeLine(this.#options.name);
    this.#screen.print(`* connected ${this.#where()} as "${name}", session ${this.#device.getSessionId()}`);
    if (this.#screen.isTerminal) this.#screen.print('* type a text and it is sent; /help shows what else there is');
    this.#lookUpStranger();
  }

  #where(): string {
    return `to ${safeLine(this.#options.server)} over ${this.#options.useWebSocket ? 'WebSocket' : 'long polling'}`;
  }

  /** Says once, not at every attempt, why there is no connection; a refusal is said at the end of the conversation. */
  #showError({ code, message }: ChatError): void {
    if (code === ErrorCode.WRONG_CREDENTIALS || message === this.#lastError) return;
    this.#lastError = message;
    this.#problem(message);
  }

  #showFailedSend(error: unknown): void {
    this.#unsent += 1;
    // Whom it was for may be gone or have a new session id: the next /to looks again.
    this.#peers = [];
    if (!this.#isEnding && !this.#stop.signal.aborted) this.#problem(`not sent: ${textOf(error)}`);
  }

  #problem(text: string): void {
    this.#screen.printProblem(`! ${safeLine(text)}`);
  }

  /** Waits until everything typed has its answer, for a bounded time. */
  async #drain(): Promise<void> {
    if (this.#sends.size === 0 || this.#stop.signal.aborted) return;
    if (!this.#device.connected) {
      this.#screen.print(`* waiting for the connection to send ${this.#sends.size} more; Ctrl-C leaves at once`);
    }
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise((resolve) => (timer = setTimeout(resolve, DRAIN_MS)));
    await this.#untilStopped(Promise.race([Promise.all(this.#sends), timeout]));
    clearTimeout(timer);
    if (this.#sends.size > 0) this.#problem(`${this.#sends.size} not sent before the end`);
  }

  async #untilStopped(work: Promise<unknown>): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    let stopped: () => void = () => undefined;
    const stop = new Promise<void>((resolve) => (stopped = resolve));
    signal.addEventListener('abort', stopped, { once: true });
    await Promise.race([work, stop]);
    signal.removeEventListener('abort', stopped);
  }

  #refuse(): void {
    this.#problem('wrong connect name or password');
    this.#isRefused = true;
    this.interrupt();
  }

  #exitCode(): number {
    if (this.#isRefused) return 1;
    const isWhole = this.#unsent + this.#sends.size === 0 || this.#stop.signal.aborted;
    return isWhole || this.#screen.isTerminal ? 0 : 1;
  }
}

function secondsOf(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
