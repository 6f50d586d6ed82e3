import { backoffLimit, STABLE_MS } from './backoff';
import type { Fields } from './codec';
import { discoveryResponse, isDiscoveryRequest } from './discovery';
import { ErrorCode, type ErrorTexts } from './errors';
import type { Link, LinkEvent, MakeLinks, SessionSettings } from './link';
import type { Login } from './login';
import type { IncomingMessage, OutgoingMessage } from './messages';
import { Resume } from './resume';
import { SendWindow } from './send-window';
import type { Guarantee, SessionEffect, SessionInput, SessionOptions, StatusCause } from './session-events';
import { SignIn } from './sign-in';
import { SHOWN, STEPS, type Happening, type SessionState, type State } from './steps';
import { Traffic } from './traffic';
import { TransportChoice } from './transport-choice';

const LOGIN_TIMEOUT_MS = 10_000;
/** How long `close` lets queued messages go out, and how long it waits for the relay's word. */
const CLOSE_TIMEOUT_MS = 5000;
/** Attempts to attach before a new session is asked for, of a relay without the extension (S-7). */
const MAX_ATTACH_FAILURES = 3;

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
  readonly #window: SendWindow;
  readonly #signIn: SignIn;
  readonly #choice: TransportChoice;
  readonly #resume = new Resume();
  #state: SessionState = 'idle';
  #shown: State = 'idle';
  #login: Login | undefined;
  #chooseLink: ReturnType<MakeLinks> | undefined;
  #link: Link | undefined;
  #movePending = false;
  /** The link closed because something was too large for it. */
  #wasTooLarge = false;
  #attempt = 0;
  #attachFailures = 0;
  #runningSince = Infinity;
  /** When the session ran last, or was made. */
  #runUntil = 0;
  #lastSessionId = '';
  /** Why the session before was lost. */
  #gapReason = 'expired';
  /** What the relay says of the next attempt: not before, and spread over so long. */
  #waitMs = 0;
  #spreadMs: number | undefined;

  constructor(settings: SessionSettings, options: SessionOptions) {
    this.settings = settings;
    this.#options = options;
    this.#window = new SendWindow(this.#effects, options);
    this.#signIn = new SignIn(options.makeInstance);
    this.#choice = new TransportChoice(settings, this.#traffic);
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
    return this.#window.queued;
  }

  get counters(): { upload: number; download: number } {
    return this.#traffic.counters;
  }

  get guarantee(): Guarantee {
    const { grant } = this.#resume;
    if (!this.#login) return 'none';
    return grant ? (grant.isDurable ? 'durable' : 'resume') : 'plain';
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
    return this.#window.isFullFor(size) ? ErrorCode.QUEUE_FULL : ErrorCode.SUCCESS;
  }

  /** Queues one message; it goes out with the next `wake`, once the session runs. Gives its token. */
  send(message: OutgoingMessage, awaited: boolean): number {
    return this.#window.push(message, awaited);
  }

  /** Takes a waiting message back; false when it is on its way. */
  cancelSend(token: number): boolean {
    return this.#window.remove(token);
  }

  input(event: SessionInput, now: number): void {
    this.#traffic.now = now;
    if ('id' in event) this.#traffic.input(event);
    else if (event.type === 'wake') this.#traffic.wake();
    else if (event.type === 'configure') this.#configure(event.change);
    else {
      if (event.type === 'credentials') this.#signIn.credentials = event;
      this.#happen(event.type);
    }
    do {
      for (const report of this.#reports) this.#reported(report);
      this.#reports.length = 0;
      this.#pump();
    } while (this.#reports.length > 0);
    this.#window.tellRoom();
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
    const isConnected = to === 'connected';
    const hadSession = this.#lastSessionId !== '';
    const resumed = isConnected && this.#lastSessionId === this.sessionId;
    if (isConnected) this.#lastSessionId = this.sessionId;
    const retryInMs = (this.deadline ?? 0) - this.#traffic.now;
    const change = { from, to, cause, resumed, replayed: this.#window.replayed, ...(isWaiting && { retryInMs }) };
    this.#effects.push({ type: 'status', change });
    if (!isConnected) return;
    const gap = { count: undefined, reason: this.#hasNumbers ? this.#gapReason : 'plain' };
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
    if (settings.useWebSocket !== useWebSocket) this.#choice.reset();
    this.#movePending ||= settings.useEncryption !== useEncryption || settings.useWebSocket !== useWebSocket;
  }

  protected askCredentials(): void {
    if (this.#signIn.token) this.#happen('credentials');
    else this.#effects.push({ type: 'credentials' });
  }

  protected login(): void {
    const body = this.#signIn.request();
    if (!body) return;
    const done = (code = ErrorCode.UNREACHABLE as number, fields?: Fields): void => this.#loggedIn(code, fields);
    this.#traffic.post(`${this.#origin(this.#options.host)}/`, body, LOGIN_TIMEOUT_MS, done);
  }

  #loggedIn(code: number, fields: Fields | undefined): void {
    const result = this.#signIn.answered(code, fields);
    if ('code' in result) {
      if (result.code === ErrorCode.WRONG_CREDENTIALS) return this.#happen('refused');
      this.#error(result.code);
      this.#waitMs = result.waitMs;
      if (code === ErrorCode.INSTANCE_IN_USE) this.#window.settleAll(ErrorCode.RESUME_REFUSED);
      return this.#happen('login-failed');
    }
    const { deviceId, grant } = (this.#login = result);
    this.#runUntil = this.#traffic.now;
    this.#resume.begin(grant);
    this.#window.begin(grant !== undefined);
    this.#chooseLink = this.#options.makeLinks(this.#traffic, this.settings, this.#reports, deviceId, this.#resume);
    this.#happen('accepted');
  }

  #origin(host: string): string {
    return `${this.settings.useEncryption ? 'https' : 'http'}://${host}`;
  }

  /** Where the relay is reached: for WebSocket and upload, and for downloads. */
  #origins({ plainHosts, secureHosts }: Login): [string, string] {
    const [upload, download] = this.settings.useEncryption ? secureHosts : plainHosts;
    return [this.#origin(upload), this.#origin(download)];
  }

  protected attach(): void {
    this.drop();
    if (!this.#login) return this.#happen('relogin');
    this.#movePending = false;
    this.#link = this.#chooseLink?.(this.#choice.useWebSocket);
    this.#link?.attach(...this.#origins(this.#login));
  }

  #reported(event: LinkEvent): void {
    switch (event.type) {
      case 'error':
        return this.#error(event.code);
      case 'answered':
        return this.#answered(event.code);
      case 'taken':
        return this.#taken(event);
      case 'too-large':
        if (!this.#window.shrink(this.#hasNumbers, this.counters)) this.#lost(ErrorCode.UNREACHABLE);
        return;
      case 'receipt':
        return this.#window.receipt(event.number, event.code);
      case 'gap':
        this.#effects.push(event);
        return this.#window.loseReceipts();
      case 'received':
        for (const message of event.messages) this.#receive(message);
        return;
      case 'lost':
        this.#spreadMs = event.spreadMs;
        return this.#lost(event.code);
      case 'gone':
        return this.#gone(event.code, event.reason);
      default:
        return this.#happen(event.type);
    }
  }

  get #hasNumbers(): boolean {
    return this.#resume.grant !== undefined;
  }

  #lost(code: number): void {
    this.#wasTooLarge = code === ErrorCode.TOO_LARGE;
    if (!this.#wasTooLarge) this.#error(code);
    if (this.#state === 'attaching') this.#failToAttach();
    this.#happen('lost');
  }

  /** The relay has no such session, or another place has taken it: then this one needs an identity of its own. */
  #gone(code: number, reason: string): void {
    this.#gapReason = reason;
    // The relay has answered: what was waited for before is over.
    if (code !== ErrorCode.INSTANCE_IN_USE) this.#attempt = Math.min(this.#attempt, 1);
    this.#happen('gone');
    if (code !== ErrorCode.INSTANCE_IN_USE) return;
    this.#signIn.forget();
    this.#window.settleAll(ErrorCode.RESUME_REFUSED);
  }

  #failToAttach(): void {
    const failures = ++this.#attachFailures;
    const { grant } = this.#resume;
    this.#choice.failed(failures);
    const isLost = grant
      ? this.#traffic.now - this.#runUntil > grant.keptMs
      : failures % MAX_ATTACH_FAILURES === 0;
    if (isLost) this.#leaveSession();
  }

  #receive(message: IncomingMessage): void {
    if (!this.settings.discoverable || !isDiscoveryRequest(message)) {
      this.#effects.push({ type: 'message', message });
    } else if (!this.#window.isFullFor(0)) this.send(discoveryResponse(message, this.settings.name), false);
  }

  protected run(): void {
    const link = this.#link!;
    this.#runningSince = this.#traffic.now;
    this.#attachFailures = 0;
    if (!link.repeatable) this.#settleInDoubt();
    // What the relay has taken is told by now.
    this.#window.giveUpVolatile();
    if (this.#wasTooLarge) this.#window.shrink(this.#hasNumbers, this.counters);
    this.#wasTooLarge = false;
    this.#choice.running(link.repeatable, this.#origins(this.#login!)[0], () => (this.#movePending = true));
  }

  protected wait(): void {
    this.drop();
    if (this.#traffic.now - this.#runningSince >= STABLE_MS) this.#attempt = 0;
    if (this.#runningSince < Infinity) this.#runUntil = this.#traffic.now;
    this.#runningSince = Infinity;
    const limitMs = this.#spreadMs ?? backoffLimit(++this.#attempt, this.#options.backoff);
    this.#dueIn(this.#waitMs + this.#options.random() * limitMs);
    this.#waitMs = 0;
    this.#spreadMs = undefined;
  }

  #dueIn(ms: number): void {
    this.#traffic.after('state', ms, () => this.#happen('due'));
  }

  protected waitForSession(): void {
    this.#leaveSession();
    this.wait();
  }

  /** The next session of a plain relay does not know what this one has sent: a batch in doubt is not repeated there. */
  #leaveSession(): void {
    this.#settleInDoubt();
    this.#signIn.token = this.#resume.grant?.token;
    this.#login = undefined;
  }

  protected drop(): void {
    this.#traffic.clear();
    if (this.#link && !this.#link.repeatable) this.#settleInDoubt();
    this.#link = undefined;
    this.#window.rewind();
  }

  /** Over a WebSocket of a plain relay nobody can ask what became of a batch; an upload is repeated with its counter. */
  #settleInDoubt(): void {
    if (!this.#hasNumbers) this.#window.settleAll(ErrorCode.UNREACHABLE);
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
    this.#lastSessionId = '';
    this.#forgetSession();
    this.#window.end(ErrorCode.UNREACHABLE, false);
  }

  /** What nobody awaits stays for the next start, with the right password. */
  protected fail(): void {
    this.#forgetSession();
    this.#error(ErrorCode.WRONG_CREDENTIALS);
    this.#window.end(ErrorCode.WRONG_CREDENTIALS, true);
  }

  #forgetSession(): void {
    this.#login = undefined;
    this.#signIn.token = undefined;
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
      const batch = this.#window.take(this.#resume.grant, this.counters);
      if (!batch) return this.#window.isEmpty ? this.#happen('flushed') : undefined;
      this.#link?.send(batch.groups, batch, batch.counter);
    }
  }

  /** A plain relay has answered the batch under way; one that was refused with 12 was not delivered (S-17). */
  #answered(code: number): void {
    if (code === ErrorCode.SESSION_EXPIRED) this.#window.putBack();
    this.#window.settleAll(code);
    if (code === ErrorCode.SESSION_EXPIRED) this.#gone(code, 'expired');
  }

  /** A relay with the extension says what it has taken, and what it has refused. */
  #taken({ code, upTo, refused }: Extract<LinkEvent, { type: 'taken' }>): void {
    if (code === ErrorCode.SESSION_EXPIRED || code === ErrorCode.RESUME_REFUSED) return this.#gone(code, 'expired');
    const isOutOfTurn = code === ErrorCode.SEQUENCE_GAP;
    const isOver = isOutOfTurn || code === ErrorCode.NOT_STORED;
    if (!isOver) for (const number of refused) this.#window.refuse(number, code);
    this.#window.acknowledge(upTo);
    // Again from behind what was taken, with a new link.
    if (isOver) this.#lost(isOutOfTurn ? ErrorCode.SUCCESS : code);
  }
}
