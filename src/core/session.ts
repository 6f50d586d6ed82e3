import { backoffLimit, MAX_CLIMB_MS, MIN_CLIMB_MS, STABLE_MS, type BackoffOptions } from './backoff';
import type { Fields } from './codec';
import { discoveryResponse, isDiscoveryRequest } from './discovery';
import { ErrorCode, type ErrorTexts } from './errors';
import type { Link, LinkEvent, MakeLinks, SessionSettings } from './link';
import {
  loginRequest,
  readLogin,
  readNumber,
  type Credentials,
  type IncomingMessage,
  type Login,
  type OutgoingMessage,
} from './messages';
import { Resume, type Gap } from './resume';
import { NOBODY, SendQueue, TAKEN, type Batch } from './send-queue';
import { SHOWN, STEPS, type Happening, type SessionState, type State } from './steps';
import { webSocketUrl } from './socket-link';
import { Traffic, type TransportEffect, type TransportEvent } from './traffic';

const LOGIN_TIMEOUT_MS = 10_000;
/** How long `close` lets queued messages go out, and how long it waits for the relay's word. */
const CLOSE_TIMEOUT_MS = 5000;
/** Attempts to attach before a new session is asked for (S-7). */
const MAX_ATTACH_FAILURES = 3;
/** How long the relay keeps a session without a transport (X-25, `xt`): after that a new one is asked for. */
const SUSPENDED_MS = 120_000;

export interface SessionOptions {
  /** `host:port` of the relay for the login. */
  host: string;
  backoff: BackoffOptions;
  random: () => number;
  /** 22 characters that nobody else has. */
  makeInstance: () => string;
  makeLinks: MakeLinks;
  /** Messages, and their bytes, that may wait. */
  maxQueuedMessages: number;
  maxQueuedBytes: number;
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
  /** On `connected`: messages that were sent again. */
  replayed: number;
}

/**
 * What holds for messages that the relay has taken.
 *
 * - `none`: there is no session.
 * - `plain`: a relay without the extension; what is on its way when a link breaks may be lost.
 * - `resume`: kept over breaks and changes of transport; a crash of the relay is told as a gap.
 * - `durable`: kept over crashes of the relay too.
 *
 * @public
 */
export type Guarantee = 'none' | 'plain' | 'resume' | 'durable';

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
  | { type: 'gap'; gap: Gap }
  /** There is room in the queue again. */
  | { type: 'drain' }
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
  #credentials: Credentials | { token: string } | undefined;
  #login: Login | undefined;
  readonly #resume = new Resume();
  #instance = '';
  /** Lets in without a password after the session was lost. */
  #loginToken: string | undefined = '';
  /** The relay refused the extension. */
  #isPlain = false;
  /** A WebSocket did not open: long polling is used meanwhile. */
  #isFallback = false;
  #climbMs = MIN_CLIMB_MS;
  #hasHadSocket = false;
  #chooseLink: ReturnType<MakeLinks> | undefined;
  #link: Link | undefined;
  /** Batches on their way, or in doubt; over a plain relay at most one. */
  #window: Batch[] = [];
  /** How many of them went out over this link. */
  #sentCount = 0;
  /** Number of the last message that the relay has taken, and of this client's last one sent. */
  #acknowledged = 0;
  #lastNumber = 0;
  /** Messages whose receivers have still to acknowledge them: token by number. */
  readonly #receipts = new Map<number, number>();
  #movePending = false;
  #isFull = false;
  #lastToken = 0;
  #attempt = 0;
  #attachFailures = 0;
  #runningSince = Infinity;
  /** When the session ran last, or was made. */
  #runUntil = 0;
  #lastSessionId = '';
  /** Why the session before was lost. */
  #gapReason = 'expired';
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

  get guarantee(): Guarantee {
    const { grant } = this.#resume;
    if (!this.#login) return 'none';
    return grant ? (grant.isDurable ? 'durable' : 'resume') : 'plain';
  }

  /** Bytes waiting, those on their way not counted. */
  get bufferedBytes(): number {
    return this.#queue.bytes;
  }

  /** Largest message, encoded. */
  get maxMessageBytes(): number {
    return this.#resume.grant?.maxMessageBytes ?? Infinity;
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

  /** Why a message of this size cannot be queued now; 0 when it can. After 25, `drain` follows. */
  refusalOf(size: number): number {
    if (size > this.maxMessageBytes) return ErrorCode.TOO_LARGE;
    const { maxQueuedMessages, maxQueuedBytes } = this.#options;
    const { length, bytes } = this.#queue;
    const isFull = length >= maxQueuedMessages || (length > 0 && bytes + size > maxQueuedBytes);
    this.#isFull ||= isFull;
    return isFull ? ErrorCode.QUEUE_FULL : ErrorCode.SUCCESS;
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
    this.#tellRoom();
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
    const hadSession = this.#lastSessionId !== '';
    const resumed = to === 'connected' && this.#lastSessionId === this.sessionId;
    if (to === 'connected') this.#lastSessionId = this.sessionId;
    const retryInMs = (this.deadline ?? 0) - this.#traffic.now;
    const replayed = this.#window.reduce((sum, { tokens }) => sum + tokens.length, 0);
    const change = { from, to, cause, resumed, replayed, ...(isWaiting && { retryInMs }) };
    this.#effects.push({ type: 'status', change });
    if (to !== 'connected') return;
    const gap = { count: undefined, reason: this.#resume.grant ? this.#gapReason : 'plain' };
    if (!resumed && hadSession) this.#effects.push({ type: 'gap', gap });
    this.#gapReason = 'expired';
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
    const token = this.#loginToken;
    this.#loginToken = undefined;
    if (!token) return void this.#effects.push({ type: 'credentials' });
    this.#credentials = { token };
    this.#happen('credentials');
  }

  protected login(): void {
    const credentials = this.#credentials;
    if (!credentials) return;
    this.#credentials = undefined;
    const url = `${this.#origin(this.#options.host)}/`;
    if (!this.#instance) this.#instance = this.#options.makeInstance();
    const body = loginRequest(credentials, this.#isPlain ? undefined : this.#instance);
    const hasToken = 'token' in credentials;
    this.#traffic.post(url, body, LOGIN_TIMEOUT_MS, (code, fields) => this.#loggedIn(code, fields, hasToken));
  }

  #loggedIn(code = ErrorCode.UNREACHABLE as number, fields: Fields | undefined, hasToken: boolean): void {
    if (code === ErrorCode.WRONG_CREDENTIALS && !hasToken) return this.#happen('refused');
    const login = fields && code === ErrorCode.SUCCESS ? readLogin(fields) : undefined;
    if (!login) {
      this.#followRefusal(code, fields, hasToken);
      return this.#happen('login-failed');
    }
    this.#login = login;
    this.#begin(login);
    const { deviceId } = login;
    this.#chooseLink = this.#options.makeLinks(this.#traffic, this.settings, this.#reports, deviceId, this.#resume);
    this.#happen('accepted');
  }

  /** A relay that does not know the extension may say so with 7; then it is left out from now on. */
  #followRefusal(code: number, fields: Fields | undefined, hasToken: boolean): void {
    if (code === ErrorCode.INSTANCE_IN_USE) this.#instance = '';
    if (code === ErrorCode.RATE_LIMITED) this.#spreadMs = 1000 * (readNumber(fields!, 'xt') || 1);
    if (code === ErrorCode.PROTOCOL && !this.#isPlain) this.#isPlain = true;
    else if (!hasToken) this.#error(code === ErrorCode.UNREACHABLE ? code : ErrorCode.PROTOCOL);
  }

  /** A new session on the relay: what the one before has not acknowledged is sent again there, if it can tell. */
  #begin({ grant }: Login): void {
    this.#resume.begin(grant);
    this.#runUntil = this.#traffic.now;
    this.#acknowledged = 0;
    if (!grant) this.#settleWindow(ErrorCode.UNREACHABLE);
    for (const batch of this.#window) batch.acknowledged = 0;
    this.#renumber();
    this.#loseReceipts();
  }

  #renumber(): void {
    let next = this.#acknowledged + 1;
    for (const batch of this.#window) {
      batch.first = next - batch.acknowledged;
      next = batch.first + batch.tokens.length;
    }
  }

  /** The receipts of all that this link, or one before, has brought to the relay may be lost. */
  #loseReceipts(): void {
    const next = this.#window[this.#sentCount]?.number ?? Infinity;
    for (const number of this.#receipts.keys()) if (number < next) this.#endReceipt(number, ErrorCode.RESUME_REFUSED);
  }

  /** A receipt may come before the acknowledgement. */
  #endReceipt(number: number, code: number): void {
    const token = this.#receipts.get(number) ?? TAKEN;
    this.#receipts.delete(number);
    for (const { number: first, tokens } of this.#window) if (tokens[number - first] === token) tokens[number - first] = TAKEN;
    this.#settle(code, [token]);
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
    this.#link = this.#chooseLink?.(this.settings.useWebSocket && !this.#isFallback);
    this.#link?.attach(this.#origin(uploadHost), this.#origin(downloadHost));
  }

  #reported(event: LinkEvent): void {
    switch (event.type) {
      case 'error':
        return this.#error(event.code);
      case 'sent':
        return event.upTo === undefined ? this.#sent(event.code) : this.#acknowledge(event);
      case 'receipt':
        return this.#endReceipt(event.number, event.code);
      case 'gap':
        this.#effects.push(event);
        return this.#loseReceipts();
      case 'received':
        for (const message of event.messages) this.#receive(message);
        return;
      case 'lost':
        this.#error(event.code);
        this.#spreadMs = event.spreadMs;
        if (this.#state === 'attaching') this.#failToAttach();
        return this.#happen('lost');
      case 'gone':
        this.#gapReason = event.reason;
        this.#happen('gone');
        if (event.code === ErrorCode.INSTANCE_IN_USE) this.#instance = this.#loginToken = '';
        return;
      default:
        return this.#happen(event.type);
    }
  }

  /** After a WebSocket that did not open it is the turn of long polling; one that has been open before gets three tries. */
  #failToAttach(): void {
    const failures = ++this.#attachFailures;
    const tries = this.#hasHadSocket ? MAX_ATTACH_FAILURES : 1;
    this.#isFallback = this.settings.useWebSocket && failures % (tries + 1) === tries;
    const isLost = this.#resume.grant
      ? this.#traffic.now - this.#runUntil > SUSPENDED_MS
      : failures % MAX_ATTACH_FAILURES === 0;
    if (isLost) this.#leaveSession();
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
    // Over a WebSocket what the relay has taken is told by now; the rest is sent again, but for what is not worth it. Over long
    // polling it may have taken more than it says, so the numbers have to stay.
    if (!this.#link?.repeatable) {
      this.#settleInDoubt();
      for (const { mode, tokens } of this.#window) if (mode === 'volatile') this.#settle(ErrorCode.UNREACHABLE, tokens);
      this.#window = this.#window.filter(({ mode }) => mode !== 'volatile');
      this.#renumber();
    }
    if (this.#isFallback) this.#traffic.after('climb', this.#climbMs, () => this.#climb());
    else this.#climbMs = MIN_CLIMB_MS;
    this.#hasHadSocket ||= this.settings.useWebSocket && !this.#isFallback;
  }

  /** Looks whether a WebSocket opens by now, beside the running session. */
  #climb(): void {
    this.#climbMs = Math.min(2 * this.#climbMs, MAX_CLIMB_MS);
    const host = this.#login?.[this.settings.useEncryption ? 'secureHosts' : 'plainHosts'][0] ?? '';
    const id = this.#traffic.open(webSocketUrl(this.#origin(host)), ({ type }) => {
      this.#traffic.letGo(id);
      if (type !== 'opened') return this.#traffic.after('climb', this.#climbMs, () => this.#climb());
      this.#isFallback = false;
      this.#movePending = true;
    });
  }

  protected wait(): void {
    this.drop();
    if (this.#traffic.now - this.#runningSince >= STABLE_MS) this.#attempt = 0;
    if (this.#runningSince < Infinity) this.#runUntil = this.#traffic.now;
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
    // The relay has answered: what was waited for before is over.
    this.#attempt = Math.min(this.#attempt, 1);
    this.wait();
  }

  /** The next session does not know what this one has sent: a batch in doubt is not repeated there. */
  #leaveSession(): void {
    if (!this.#resume.grant) this.#settleWindow(ErrorCode.UNREACHABLE);
    this.#loginToken = this.#resume.grant?.token;
    this.#login = undefined;
  }

  protected drop(): void {
    // Over a WebSocket nobody can ask what became of a batch; an upload is repeated with its counter.
    this.#traffic.clear();
    if (this.#link && !this.#link.repeatable) this.#settleInDoubt();
    this.#link = undefined;
    this.#sentCount = 0;
  }

  #settleInDoubt(): void {
    if (!this.#resume.grant) this.#settleWindow(ErrorCode.UNREACHABLE);
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
    this.#lastSessionId = '';
    this.#settleWindow(ErrorCode.UNREACHABLE);
    this.#loseReceipts();
    this.#settle(ErrorCode.UNREACHABLE, this.#queue.clear(false));
  }

  protected fail(): void {
    this.#error(ErrorCode.WRONG_CREDENTIALS);
    this.#settleWindow(ErrorCode.WRONG_CREDENTIALS);
    this.#loseReceipts();
    // What nobody awaits stays for the next start, with the right password.
    this.#settle(ErrorCode.WRONG_CREDENTIALS, this.#queue.clear(true));
  }

  #pump(): void {
    for (;;) {
      // Over a plain relay what is on its way is answered first, so that a change of transport leaves none in doubt.
      if (this.#link?.isBusy) return;
      if (this.#movePending) {
        this.#movePending = false;
        this.#happen('move');
      }
      if (this.#state !== 'running' && this.#state !== 'flushing') return;
      const batch = this.#window[this.#sentCount] ?? this.#takeBatch();
      if (!batch) return this.#window.length === 0 ? this.#happen('flushed') : undefined;
      this.#sentCount++;
      this.#link?.send(batch.groups, batch, batch.counter);
    }
  }

  #takeBatch(): Batch | undefined {
    if (this.#isWindowFull()) return undefined;
    const batch = this.#queue.take();
    if (!batch) return undefined;
    batch.counter = this.counters.upload++;
    batch.number = this.#lastNumber + 1;
    this.#lastNumber += batch.tokens.length;
    this.#window.push(batch);
    this.#renumber();
    if (this.#resume.grant && batch.mode === 'delivered') {
      batch.tokens.forEach((token, i) => this.#receipts.set(batch.number + i, token));
    }
    return batch;
  }

  #tellRoom(): void {
    const { maxQueuedMessages, maxQueuedBytes } = this.#options;
    const { length, bytes } = this.#queue;
    if (!this.#isFull || 2 * length > maxQueuedMessages || 2 * bytes > maxQueuedBytes) return;
    this.#isFull = false;
    this.#effects.push({ type: 'drain' });
  }

  /** One batch may always be on its way, whatever its size. */
  #isWindowFull(): boolean {
    const { windowMessages = 0, windowBytes = 0 } = this.#resume.grant ?? {};
    let [messages, bytes] = [0, 0];
    for (const { tokens, groups } of this.#window) [messages, bytes] = [messages + tokens.length, bytes + groups.length];
    return this.#window.length > 0 && (messages >= windowMessages || bytes >= windowBytes);
  }

  /** A plain relay has answered the batch under way. */
  #sent(code: number): void {
    if (code !== ErrorCode.SESSION_EXPIRED) return this.#settleWindow(code);
    // A batch that the relay refused with 12 was not delivered; it is tried once more with the new session (S-17).
    this.#traffic.clear();
    const [batch] = this.#window;
    if (batch?.requeued === false) {
      this.#queue.putBack(batch);
      this.#window = [];
      this.#sentCount = 0;
    }
    this.#settleWindow(code);
    this.#happen('gone');
  }

  /** A relay with the extension says what it has taken, and what it has refused. */
  #acknowledge({ code, upTo = 0, refused = [] }: Extract<LinkEvent, { type: 'sent' }>): void {
    if (code === ErrorCode.SESSION_EXPIRED || code === ErrorCode.RESUME_REFUSED) {
      this.#traffic.clear();
      return this.#happen('gone');
    }
    for (const number of refused) this.#refuse(number, code);
    if (upTo > this.#acknowledged && upTo <= this.#lastInWindow()) this.#take(upTo);
    // Sent out of turn: again, from behind what was taken.
    if (code === ErrorCode.SEQUENCE_GAP) this.#sentCount = 0;
    if (code === ErrorCode.NOT_STORED) this.#reported({ type: 'lost', code, spreadMs: undefined });
  }

  #lastInWindow(): number {
    const last = this.#window.at(-1);
    return last ? last.first + last.tokens.length - 1 : 0;
  }

  #refuse(number: number, code: number): void {
    const batch = this.#window.find(({ first, tokens }) => number >= first && number < first + tokens.length);
    if (!batch || code === ErrorCode.SEQUENCE_GAP || code === ErrorCode.NOT_STORED) return;
    const index = number - batch.first;
    this.#receipts.delete(batch.number + index);
    this.#settle(code, batch.tokens.splice(index, 1, TAKEN));
  }

  #take(upTo: number): void {
    this.#acknowledged = upTo;
    for (let batch = this.#window[0]; batch && batch.first <= upTo; batch = this.#window[0]) {
      const count = Math.min(batch.tokens.length, upTo - batch.first + 1);
      const taken = batch.tokens.slice(batch.acknowledged, count);
      if (batch.mode !== 'delivered') this.#settle(ErrorCode.SUCCESS, taken);
      batch.tokens.fill(TAKEN, 0, count);
      batch.acknowledged = count;
      if (count < batch.tokens.length) return;
      this.#window.shift();
      this.#sentCount = Math.max(0, this.#sentCount - 1);
    }
  }

  #settleWindow(code: number): void {
    const batches = this.#window;
    this.#window = [];
    this.#sentCount = 0;
    for (const { tokens, acknowledged, number } of batches) {
      for (let i = acknowledged; i < tokens.length; i++) this.#receipts.delete(number + i);
      this.#settle(code, tokens);
    }
  }

  /** Tells each awaiting sender the code, and the error callback once for those that nobody awaits. */
  #settle(code: number, tokens: readonly number[]): void {
    for (const token of tokens) if (token > NOBODY) this.#effects.push({ type: 'settled', token, code });
    if (tokens.includes(NOBODY)) this.#error(code);
  }
}
