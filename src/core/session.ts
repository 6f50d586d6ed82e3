import { backoffLimit, STABLE_MS, type BackoffOptions } from './backoff';
import type { Fields } from './codec';
import { discoveryResponse, isDiscoveryRequest } from './discovery';
import { ErrorCode, type ErrorTexts } from './errors';
import type { Link, LinkEvent, MakeLinks, SessionSettings } from './link';
import {
  loginRequest,
  readLogin,
  type Credentials,
  type IncomingMessage,
  type Login,
  type OutgoingMessage,
} from './messages';
import { NOBODY, SendQueue, type Batch } from './send-queue';
import { SHOWN, STEPS, type Happening, type SessionState, type State } from './steps';
import { Traffic, type TransportEffect, type TransportEvent } from './traffic';

const LOGIN_TIMEOUT_MS = 10_000;
/** How long `close` lets queued messages go out, and how long it waits for the relay's word. */
const CLOSE_TIMEOUT_MS = 5000;
/** Attempts to attach before a new session is asked for (S-7). */
const MAX_ATTACH_FAILURES = 3;

export interface SessionOptions {
  /** `host:port` of the relay for the login. */
  host: string;
  backoff: BackoffOptions;
  random: () => number;
  makeLinks: MakeLinks;
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
  /** `wake` when the deadline has come, or when messages were queued. */
  | { type: 'start' | 'close' | 'suspend' | 'resume' | 'wake' | 'credentials-failed' }
  | ({ type: 'credentials' } & Credentials)
  | { type: 'configure'; change: Partial<SessionSettings> };

export type SessionEffect =
  | TransportEffect
  /** Wants name and password: `credentials` or `credentials-failed` answers it. */
  | { type: 'credentials' }
  | { type: 'message'; message: IncomingMessage }
  | { type: 'status'; change: StatusChange }
  | { type: 'error'; code: number }
  /** The fate of a message whose sender awaits it. */
  | { type: 'settled'; token: number; code: number };

/**
 * One device's presence on a relay, over either transport, as a pure machine: inputs and time go in, effects come out
 * of `poll`, and `deadline` says when `wake` is wanted. Transitions are in `steps.ts`; the protected methods are the
 * actions that it names.
 */
export class Session {
  readonly settings: SessionSettings;
  readonly #options: SessionOptions;
  readonly #effects: SessionEffect[] = [];
  /** Effects that were polled already. */
  #polled = 0;
  readonly #reports: LinkEvent[] = [];
  readonly #traffic = new Traffic(this.#effects);
  readonly #queue = new SendQueue();
  #state: SessionState = 'idle';
  #shown: State = 'idle';
  #credentials: Credentials | undefined;
  #login: Login | undefined;
  #chooseLink: ReturnType<MakeLinks> | undefined;
  #link: Link | undefined;
  /** The batch on its way, or in doubt, and its number. */
  #inFlight: Batch | undefined;
  #counter = 0;
  #isSending = false;
  #movePending = false;
  #lastToken = 0;
  #attempt = 0;
  #attachFailures = 0;
  #runningSince = Infinity;
  #lastSessionId = '';
  #spreadMs: number | undefined;

  constructor(settings: SessionSettings, options: SessionOptions) {
    this.settings = settings;
    this.#options = options;
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
    return !STEPS[this.#state].start;
  }

  /** Messages waiting, those on their way not counted (section 14). */
  get bufferedAmount(): number {
    return this.#queue.length;
  }

  get counters(): { upload: number; download: number } {
    return this.#traffic.counters;
  }

  get errorTexts(): ErrorTexts | undefined {
    return this.#login?.texts;
  }

  get deadline(): number | undefined {
    return this.#traffic.deadline;
  }

  poll(): SessionEffect | undefined {
    if (this.#polled < this.#effects.length) return this.#effects[this.#polled++];
    this.#polled = this.#effects.length = 0;
    return undefined;
  }

  /** Queues one message; it goes out with the next `wake`, once the session runs. Gives its token. */
  send(message: OutgoingMessage, awaited: boolean): number {
    this.#queue.push(message, ++this.#lastToken, awaited);
    return this.#lastToken;
  }

  /** Takes a waiting message back; false when it is on its way. */
  cancelSend(token: number): boolean {
    return this.#queue.remove(token);
  }

  input(event: SessionInput, now: number): void {
    this.#traffic.now = now;
    if ('id' in event) this.#traffic.input(event);
    else if (event.type === 'wake') this.#traffic.wake();
    else if (event.type === 'configure') this.#configure(event.change);
    else {
      if (event.type === 'credentials') this.#credentials = event;
      this.#happen(event.type);
    }
    do {
      for (const report of this.#reports) this.#reported(report);
      this.#reports.length = 0;
      this.#pump();
    } while (this.#reports.length > 0);
  }

  #happen(happening: Happening): void {
    const step = STEPS[this.#state][happening];
    if (!step) return;
    this.#state = step.to;
    this.#traffic.stop('state');
    for (const action of step.run) this[action]();
    this.#show(happening);
  }

  #show(cause: StatusCause): void {
    const from = this.#shown;
    const hasRun = from === 'connected' || from === 'reconnecting';
    const to = SHOWN[this.#state] ?? (hasRun ? 'reconnecting' : 'connecting');
    const isWaiting = this.#state === 'waiting';
    if (to === from && !isWaiting) return;
    this.#shown = to;
    const resumed = to === 'connected' && this.#lastSessionId === this.sessionId;
    if (to === 'connected') this.#lastSessionId = this.sessionId;
    const retryInMs = (this.deadline ?? 0) - this.#traffic.now;
    const change = { from, to, cause, resumed, ...(isWaiting && { retryInMs }) };
    this.#effects.push({ type: 'status', change });
  }

  #error(code: number): void {
    if (code !== ErrorCode.SUCCESS) this.#effects.push({ type: 'error', code });
  }

  #configure(change: Partial<SessionSettings>): void {
    const { settings } = this;
    const { useEncryption, useWebSocket } = settings;
    Object.assign(settings, change);
    this.#link?.follow(change);
    if (settings.useEncryption !== useEncryption || settings.useWebSocket !== useWebSocket) this.#movePending = true;
  }

  protected askCredentials(): void {
    this.#effects.push({ type: 'credentials' });
  }

  protected login(): void {
    const credentials = this.#credentials;
    if (!credentials) return;
    this.#credentials = undefined;
    const url = `${this.#origin(this.#options.host)}/`;
    const body = loginRequest(credentials);
    this.#traffic.post(url, body, LOGIN_TIMEOUT_MS, (code, fields) => this.#loggedIn(code, fields));
  }

  #loggedIn(code = ErrorCode.UNREACHABLE as number, fields: Fields | undefined): void {
    if (code === ErrorCode.WRONG_CREDENTIALS) return this.#happen('refused');
    const login = fields && code === ErrorCode.SUCCESS ? readLogin(fields) : undefined;
    if (!login) {
      this.#error(code === ErrorCode.UNREACHABLE ? code : ErrorCode.PROTOCOL);
      return this.#happen('login-failed');
    }
    this.#login = login;
    this.#chooseLink = this.#options.makeLinks(this.#traffic, this.settings, this.#reports, login.deviceId);
    this.#happen('accepted');
  }

  #origin(host: string): string {
    return `${this.settings.useEncryption ? 'https' : 'http'}://${host}`;
  }

  protected attach(): void {
    this.drop();
    if (!this.#login) return this.#happen('relogin');
    const { plainHosts, secureHosts } = this.#login;
    const [uploadHost, downloadHost] = this.settings.useEncryption ? secureHosts : plainHosts;
    this.#movePending = false;
    this.#link = this.#chooseLink?.(this.settings.useWebSocket);
    this.#link?.attach(this.#origin(uploadHost), this.#origin(downloadHost));
  }

  #reported(event: LinkEvent): void {
    switch (event.type) {
      case 'error':
        return this.#error(event.code);
      case 'sent':
        return this.#sent(event.code);
      case 'received':
        for (const message of event.messages) this.#receive(message);
        return;
      case 'lost':
        this.#error(event.code);
        this.#spreadMs = event.spreadMs;
        if (this.#state === 'attaching' && ++this.#attachFailures % MAX_ATTACH_FAILURES === 0) this.#leaveSession();
        return this.#happen('lost');
      default:
        return this.#happen(event.type);
    }
  }

  #receive(message: IncomingMessage): void {
    if (this.settings.discoverable && isDiscoveryRequest(message)) {
      this.send(discoveryResponse(message, this.settings.name), false);
    } else {
      this.#effects.push({ type: 'message', message });
    }
  }

  protected run(): void {
    this.#runningSince = this.#traffic.now;
    this.#attachFailures = 0;
    if (!this.#link?.repeatable) this.#settle(ErrorCode.UNREACHABLE);
  }

  protected wait(): void {
    this.drop();
    if (this.#traffic.now - this.#runningSince >= STABLE_MS) this.#attempt = 0;
    this.#runningSince = Infinity;
    const limitMs = this.#spreadMs ?? backoffLimit(++this.#attempt, this.#options.backoff);
    this.#spreadMs = undefined;
    this.#dueIn(this.#options.random() * limitMs);
  }

  #dueIn(ms: number): void {
    this.#traffic.after('state', ms, () => this.#happen('due'));
  }

  protected waitForSession(): void {
    this.#leaveSession();
    this.wait();
  }

  /** The next session does not know what this one has sent: a batch in doubt is not repeated there. */
  #leaveSession(): void {
    this.#settle(ErrorCode.UNREACHABLE);
    this.#login = undefined;
  }

  protected drop(): void {
    // Over a WebSocket nobody can ask what became of a batch; an upload is repeated with its counter.
    this.#traffic.clear();
    if (this.#link && !this.#link.repeatable) this.#settle(ErrorCode.UNREACHABLE);
    this.#link = undefined;
    this.#isSending = false;
  }

  protected detach(): void {
    this.#link?.close('detached');
  }

  protected probe(): void {
    this.#link?.probe();
  }

  protected flush(): void {
    this.#dueIn(CLOSE_TIMEOUT_MS);
  }

  protected end(): void {
    this.#dueIn(CLOSE_TIMEOUT_MS);
    this.#link?.close('ended');
  }

  protected finish(): void {
    this.#login = undefined;
    this.#settle(ErrorCode.UNREACHABLE, this.#queue.clear(false));
  }

  protected fail(): void {
    this.#error(ErrorCode.WRONG_CREDENTIALS);
    // What nobody awaits stays for the next start, with the right password.
    this.#settle(ErrorCode.WRONG_CREDENTIALS, this.#queue.clear(true));
  }

  /** What is on its way is answered first, so that a change of transport leaves no message in doubt. */
  #pump(): void {
    if (this.#isSending) return;
    if (this.#movePending) {
      this.#movePending = false;
      this.#happen('move');
    }
    if (this.#state !== 'running' && this.#state !== 'flushing') return;
    if (!this.#inFlight) {
      this.#inFlight = this.#queue.take();
      if (!this.#inFlight) return this.#happen('flushed');
      this.#counter = this.counters.upload++;
    }
    this.#isSending = true;
    this.#link?.send(this.#inFlight.groups, this.#counter);
  }

  #sent(code: number): void {
    this.#isSending = false;
    if (code !== ErrorCode.SESSION_EXPIRED) return this.#settle(code);
    // A batch that the relay refused with 12 was not delivered; it is tried once more with the new session (S-17).
    this.#traffic.clear();
    const batch = this.#inFlight;
    if (batch?.requeued === false) {
      this.#queue.putBack(batch);
      this.#inFlight = undefined;
    }
    this.#settle(code);
    this.#happen('gone');
  }

  /**
   * Tells each awaiting sender the code of what is in flight and of those given, and the error callback once for those
   * that nobody awaits.
   */
  #settle(code: number, waiting: readonly number[] = []): void {
    const tokens = (this.#inFlight?.tokens ?? []).concat(waiting);
    this.#inFlight = undefined;
    let isReported = false;
    for (const token of tokens) {
      if (token === NOBODY) isReported = true;
      else this.#effects.push({ type: 'settled', token, code });
    }
    if (isReported) this.#error(code);
  }
}
