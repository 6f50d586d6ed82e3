import { backoffDelay, STABLE_MS, type BackoffOptions } from './backoff';
import { parseBody } from './codec';
import { discoveryResponse, isDiscoveryRequest } from './discovery';
import { ErrorCode, type ErrorTexts } from './errors';
import { earlier, isDue, type Link, type LinkEvent, type LinkHost, type TransportEffect, type TransportEvent } from './link';
import {
  encodeGroup,
  loginRequest,
  MAX_ANSWER_SIZE,
  readLogin,
  type IncomingMessage,
  type Login,
  type OutgoingMessage,
} from './messages';
import { newPollingMemory, type PollingMemory } from './polling-link';
import { SendQueue, type QueuedMessage } from './send-queue';
import { SHOWN, STEPS, type Action, type Happening, type SessionState, type State } from './steps';
import { isUtf8 } from './text';

const LOGIN_TIMEOUT_MS = 10_000;
/** How long `close` lets queued messages go out, and how long it waits for the relay's word. */
const CLOSE_TIMEOUT_MS = 5000;
/** Attempts to attach before a new session is asked for (S-7). */
const MAX_ATTACH_FAILURES = 3;

/** What the session follows and the application may change at any time. */
export interface SessionSettings {
  name: string;
  networkNames: readonly string[];
  discoverable: boolean;
  /** Seconds, 10 to 600. */
  downloadTimeout: number;
  useEncryption: boolean;
  useWebSocket: boolean;
}

export interface SessionOptions {
  /** `host:port` of the relay for the login. */
  host: string;
  backoff: BackoffOptions;
  random: () => number;
  /** Makes the link for the chosen transport. */
  createLink: (host: LinkHost, settings: SessionSettings, memory: PollingMemory) => Link;
}

/** Why a state was left. @public */
export type StatusCause = Happening;

export interface StatusChange {
  from: State;
  to: State;
  cause: StatusCause;
  /** Milliseconds until the next attempt, where one is waited for. */
  retryInMs?: number;
  /** On `connected`: whether this is the session that there was before, with the same session id. */
  resumed: boolean;
}

export type SessionInput =
  | TransportEvent
  | { type: 'start' | 'close' | 'suspend' | 'resume' | 'wake' | 'pump' | 'credentials-failed' }
  | { type: 'credentials'; connectName: string; connectPassword: string }
  | { type: 'configure'; change: Partial<SessionSettings> };

export type SessionEffect =
  | TransportEffect
  /** Wants name and password: `credentials` or `credentials-failed` answers it. */
  | { type: 'credentials' }
  | { type: 'message'; message: IncomingMessage }
  | ({ type: 'status' } & StatusChange)
  | { type: 'error'; code: number; remote: boolean }
  /** The fate of a message whose sender awaits it. */
  | { type: 'settled'; token: number; code: number; remote: boolean };

/**
 * One device's presence on a relay, over either transport, as a pure machine: inputs and time go in, effects come out
 * of `poll`, and `deadline` says when `wake` is wanted. Transitions are in `steps.ts`.
 */
export class Session {
  readonly counters = { upload: 0, download: 0 };
  #state: SessionState = 'idle';
  #shown: State = 'idle';
  readonly #queue = new SendQueue();
  readonly #effects: SessionEffect[] = [];
  readonly #reports: [Link, LinkEvent][] = [];
  readonly #actions: Record<Action, (now: number) => void>;
  #link: Link | undefined;
  #memory = newPollingMemory();
  #login: Login | undefined;
  #credentials = { connectName: '', connectPassword: '' };
  #loginRequest: number | undefined;
  #inFlight: { messages: QueuedMessage[]; counter: number } | undefined;
  #lastId = 0;
  #attempt = 0;
  #attachFailures = 0;
  #runningSince: number | undefined;
  #hasRun = false;
  #resumed = false;
  #movePending = false;
  #retryAfterMs: number | undefined;
  #due: number | undefined;

  readonly settings: SessionSettings;
  readonly #options: SessionOptions;

  constructor(
    settings: SessionSettings,
    options: SessionOptions,
  ) {
    this.settings = settings;
    this.#options = options;
    this.#actions = {
      askCredentials: () => this.#effects.push({ type: 'credentials' }),
      login: (now) => this.#postLogin(now),
      attach: (now) => this.#attach(now),
      run: (now) => this.#run(now),
      wait: (now) => this.#wait(now),
      waitForSession: (now) => this.#waitForSession(now),
      detach: (now) => this.#link?.detach(now),
      probe: (now) => this.#link?.probe(now),
      drop: () => this.#drop(),
      flush: (now) => this.#flush(now),
      end: (now) => this.#end(now),
      finish: () => this.#finish(),
      fail: () => this.#fail(),
    };
  }

  /** Session id on the relay, or `-1` before there is one (P-102). */
  get sessionId(): string {
    return this.#login?.sessionId ?? '-1';
  }

  get shownState(): State {
    return this.#shown;
  }

  /** True from `start` until the session is closed or has failed. */
  get isStarted(): boolean {
    return this.#state !== 'idle' && this.#state !== 'closed' && this.#state !== 'failed';
  }

  /** Messages waiting, those on their way not counted (section 14). */
  get bufferedAmount(): number {
    return this.#queue.length;
  }

  get errorTexts(): ErrorTexts | undefined {
    return this.#login?.texts;
  }

  get deadline(): number | undefined {
    return earlier(this.#due, this.#link?.deadline);
  }

  poll(): SessionEffect | undefined {
    return this.#effects.shift();
  }

  /** Queues one message; it goes out with the next `pump`, once the session runs. Gives its token. */
  send(message: OutgoingMessage, awaited: boolean): number {
    const token = this.#nextId();
    const target = message.toSessionIds.length > 0 ? JSON.stringify([message.toNetworks, message.toSessionIds]) : undefined;
    const group = encodeGroup(message);
    this.#queue.push({ token, group, text: isUtf8(group), target, awaited, requeued: false });
    return token;
  }

  /** Takes a waiting message back; false when it is on its way. */
  cancelSend(token: number): boolean {
    return this.#queue.remove(token);
  }

  input(event: SessionInput, now: number): void {
    switch (event.type) {
      case 'configure':
        this.#configure(event.change, now);
        break;
      case 'wake':
        this.#wake(now);
        break;
      case 'pump':
        break;
      case 'credentials':
        this.#credentials = event;
        this.#happen('credentials', now);
        break;
      case 'answer':
      case 'failed':
        if (event.request === this.#loginRequest) this.#loginAnswered(event, now);
        else this.#link?.input(event, now);
        break;
      case 'opened':
      case 'bytes':
      case 'closed':
        this.#link?.input(event, now);
        break;
      default:
        this.#happen(event.type, now);
    }
    this.#takeReports(now);
    this.#pump(now);
  }

  #happen(happening: Happening, now: number): void {
    const effective = this.#isPaused() && (happening === 'due' || happening === 'resume') ? this.#wayBack() : happening;
    const step = STEPS[this.#state][effective];
    if (!step) return;
    this.#state = step.to;
    this.#due = undefined;
    for (const action of step.run) this.#actions[action](now);
    this.#show(happening, now);
  }

  #isPaused(): boolean {
    return this.#state === 'waiting' || this.#state === 'suspended';
  }

  #wayBack(): Happening {
    return this.#login ? 'reattach' : 'relogin';
  }

  #show(cause: StatusCause, now: number): void {
    const to = SHOWN[this.#state] ?? (this.#hasRun ? 'reconnecting' : 'connecting');
    const isWaiting = this.#state === 'waiting' && this.#due !== undefined;
    if (to === this.#shown && !isWaiting) return;
    const from = this.#shown;
    this.#shown = to;
    const change = { from, to, cause, resumed: to === 'connected' && this.#resumed };
    this.#effects.push({ type: 'status', ...change, ...(isWaiting ? { retryInMs: this.#due! - now } : {}) });
  }

  #wake(now: number): void {
    if (isDue(this.#due, now)) {
      this.#due = undefined;
      if (this.#state === 'login') this.#loginFailed(ErrorCode.UNREACHABLE, now);
      else this.#happen('due', now);
    }
    if (isDue(this.#link?.deadline, now)) this.#link?.wake(now);
  }

  #configure(change: Partial<SessionSettings>, now: number): void {
    const before = { ...this.settings };
    Object.assign(this.settings, change);
    const { networkNames, downloadTimeout, useEncryption, useWebSocket } = this.settings;
    if (networkNames !== before.networkNames) this.#link?.join(networkNames, now);
    if (downloadTimeout !== before.downloadTimeout) this.#link?.setDownloadTimeout(downloadTimeout, now);
    if (useEncryption !== before.useEncryption || useWebSocket !== before.useWebSocket) this.#move(now);
  }

  /** What is on its way is answered first, so that a change of transport leaves no message in doubt. */
  #move(now: number): void {
    this.#movePending = this.#inFlight !== undefined && this.#state === 'running';
    if (!this.#movePending) this.#happen('move', now);
  }

  #postLogin(now: number): void {
    this.#loginRequest = this.#nextId();
    this.#due = now + LOGIN_TIMEOUT_MS;
    const { connectName, connectPassword } = this.#credentials;
    const body = loginRequest(connectName, connectPassword);
    this.#credentials = { connectName: '', connectPassword: '' };
    const url = `${this.settings.useEncryption ? 'https' : 'http'}://${this.#options.host}/`;
    this.#effects.push({ type: 'post', request: this.#loginRequest, url, body });
  }

  #loginAnswered(event: TransportEvent, now: number): void {
    this.#loginRequest = undefined;
    if (event.type !== 'answer' || event.status !== 200) return this.#loginFailed(ErrorCode.UNREACHABLE, now);
    const login = readLogin(parseBody(event.body, { maxSize: MAX_ANSWER_SIZE }));
    if (login === ErrorCode.WRONG_CREDENTIALS) return this.#happen('refused', now);
    if (typeof login === 'number') {
      return this.#loginFailed(login === ErrorCode.UNREACHABLE ? login : ErrorCode.PROTOCOL, now);
    }
    this.#login = login;
    this.#resumed = false;
    this.#attachFailures = 0;
    this.#memory = { ...newPollingMemory(), downloadCounter: this.#memory.downloadCounter };
    this.#happen('accepted', now);
  }

  #loginFailed(code: number, now: number): void {
    this.#drop();
    this.#effects.push({ type: 'error', code, remote: code !== ErrorCode.UNREACHABLE });
    this.#happen('login-failed', now);
  }

  #attach(now: number): void {
    const { settings } = this;
    const login = this.#login;
    const options = this.#options;
    if (!login) return;
    const scheme = settings.useEncryption ? 'https' : 'http';
    const [uploadHost, downloadHost] = settings.useEncryption ? login.secureHosts : login.plainHosts;
    this.#link?.drop();
    const host: LinkHost = {
      nextId: () => this.#nextId(),
      effect: (effect) => this.#effects.push(effect),
      report: (event) => this.#reports.push([link, event]),
    };
    const link = options.createLink(host, settings, this.#memory);
    this.#link = link;
    this.#movePending = false;
    link.attach(
      {
        deviceId: login.deviceId,
        networks: settings.networkNames,
        uploadOrigin: `${scheme}://${uploadHost}`,
        downloadOrigin: `${scheme}://${downloadHost}`,
      },
      now,
    );
  }

  #takeReports(now: number): void {
    for (let next = this.#reports.shift(); next; next = this.#reports.shift()) {
      const [link, event] = next;
      // A link that was let go may still say what became of its last batch, and hand over what it received.
      if (link === this.#link || event.type === 'sent' || event.type === 'received') this.#reported(event, now);
    }
  }

  #reported(event: LinkEvent, now: number): void {
    switch (event.type) {
      case 'attached':
      case 'joined':
        this.#reportError(event.code === ErrorCode.NETWORKS_SET ? 0 : event.code);
        if (event.type === 'attached') this.#happen('attached', now);
        break;
      case 'sent':
        this.#sent(event.code, now);
        break;
      case 'received':
        for (const message of event.messages) this.#receive(message);
        break;
      case 'lost':
        this.#lost(event, now);
        break;
      case 'error':
        this.#reportError(event.code);
        break;
      case 'downloaded':
        this.counters.download++;
        break;
      case 'lowered':
        this.settings.downloadTimeout = event.downloadTimeout;
        break;
      default:
        this.#happen(event.type, now);
    }
  }

  #reportError(code: number): void {
    if (code !== ErrorCode.SUCCESS) this.#effects.push({ type: 'error', code, remote: code !== ErrorCode.UNREACHABLE });
  }

  #receive(message: IncomingMessage): void {
    if (this.settings.discoverable && isDiscoveryRequest(message)) {
      this.send(discoveryResponse(message, this.settings.name), false);
    } else {
      this.#effects.push({ type: 'message', message });
    }
  }

  #lost(event: { code: number; retryAfterMs?: number }, now: number): void {
    this.#reportError(event.code);
    this.#retryAfterMs = event.retryAfterMs;
    if (this.#state === 'attaching' && ++this.#attachFailures >= MAX_ATTACH_FAILURES) this.#forgetSession();
    this.#happen('lost', now);
  }

  #run(now: number): void {
    this.#runningSince = now;
    this.#attachFailures = 0;
    this.#hasRun = true;
    this.#show('attached', now);
    this.#resumed = true;
    if (!this.#inFlight) return;
    if (this.#link?.repeatable) this.#sendInFlight(now);
    else this.#settleInFlight(ErrorCode.UNREACHABLE, false);
  }

  #wait(now: number): void {
    this.#drop();
    if (this.#runningSince !== undefined && now - this.#runningSince >= STABLE_MS) this.#attempt = 0;
    this.#runningSince = undefined;
    const random = this.#options.random();
    const delay = this.#retryAfterMs !== undefined ? random * this.#retryAfterMs : undefined;
    this.#due = now + (delay ?? backoffDelay(++this.#attempt, random, this.#options.backoff));
    this.#retryAfterMs = undefined;
  }

  #waitForSession(now: number): void {
    this.#settleInFlight(ErrorCode.UNREACHABLE, false);
    this.#forgetSession();
    this.#wait(now);
  }

  #forgetSession(): void {
    this.#login = undefined;
    this.#resumed = false;
  }

  #drop(): void {
    // Over a WebSocket nobody can ask what became of a batch; an upload is repeated with its counter.
    if (this.#link && !this.#link.repeatable) this.#settleInFlight(ErrorCode.UNREACHABLE, false);
    this.#link?.drop();
    this.#link = undefined;
    this.#movePending = false;
    if (this.#loginRequest !== undefined) this.#effects.push({ type: 'abort', request: this.#loginRequest });
    this.#loginRequest = undefined;
  }

  #flush(now: number): void {
    this.#due = now + CLOSE_TIMEOUT_MS;
  }

  #end(now: number): void {
    this.#due = now + CLOSE_TIMEOUT_MS;
    this.#link?.end(now);
  }

  #finish(): void {
    this.#startOver();
    this.#settleQueue(ErrorCode.UNREACHABLE, () => true);
  }

  #startOver(): void {
    this.#forgetSession();
    this.#hasRun = false;
    this.#attempt = 0;
    this.#runningSince = undefined;
  }

  #fail(): void {
    this.#startOver();
    this.#effects.push({ type: 'error', code: ErrorCode.WRONG_CREDENTIALS, remote: true });
    // What nobody awaits stays for the next start, with the right password.
    this.#settleQueue(ErrorCode.WRONG_CREDENTIALS, (message) => message.awaited);
  }

  #pump(now: number): void {
    if ((this.#state !== 'running' && this.#state !== 'flushing') || this.#inFlight || this.#movePending) return;
    const messages = this.#queue.takeBatch();
    if (messages.length > 0) {
      this.#inFlight = { messages, counter: this.counters.upload++ };
      this.#sendInFlight(now);
    } else if (this.#state === 'flushing') this.#happen('flushed', now);
  }

  #sendInFlight(now: number): void {
    const inFlight = this.#inFlight;
    if (!inFlight) return;
    const { messages, counter } = inFlight;
    const text = messages.every((message) => message.text);
    this.#link?.send({ groups: messages.map((message) => message.group), text, counter }, now);
  }

  #sent(code: number, now: number): void {
    if (code === ErrorCode.SESSION_EXPIRED) this.#requeue();
    else this.#settleInFlight(code, true);
    if (!this.#movePending) return;
    this.#movePending = false;
    this.#happen('move', now);
  }

  /** A batch that the relay refused with 12 was not delivered; it is tried once more with the new session (S-17). */
  #requeue(): void {
    const messages = this.#inFlight?.messages ?? [];
    this.#inFlight = undefined;
    const again = messages.filter((message) => !message.requeued);
    this.#queue.putBack(again.map((message) => ({ ...message, requeued: true })));
    this.#settle(messages.filter((message) => message.requeued), ErrorCode.SESSION_EXPIRED, true);
  }

  #settleInFlight(code: number, remote: boolean): void {
    const messages = this.#inFlight?.messages ?? [];
    this.#inFlight = undefined;
    this.#settle(messages, code, remote);
  }

  #settleQueue(code: number, choose: (message: QueuedMessage) => boolean): void {
    this.#settleInFlight(code, false);
    this.#settle(this.#queue.clear(choose), code, false);
  }

  /** Tells each awaiting sender its code, and the error callback once for those that nobody awaits. */
  #settle(messages: readonly QueuedMessage[], code: number, remote: boolean): void {
    for (const { awaited, token } of messages) if (awaited) this.#effects.push({ type: 'settled', token, code, remote });
    const isFailure = code !== ErrorCode.SUCCESS;
    if (isFailure && messages.some(({ awaited }) => !awaited)) this.#effects.push({ type: 'error', code, remote });
  }

  #nextId(): number {
    return ++this.#lastId;
  }
}
