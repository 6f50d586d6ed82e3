import { backoffLimit, STABLE_MS } from './backoff';
import { Attachment } from './attachment';
import type { Fields } from './codec';
import { ErrorCode, type ErrorTexts } from './errors';
import type { LinkEvent, SessionSettings } from './link';
import type { Login } from './login';
import type { OutgoingMessage } from './messages';
import type { Guarantee, SessionEffect, SessionInput, SessionOptions, StatusCause } from './session-events';
import { SignIn } from './sign-in';
import { SHOWN, STEPS, type Happening, type SessionState, type State } from './steps';
import { Traffic } from './traffic';

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
  readonly #traffic = new Traffic(this.#effects);
  readonly #attachment: Attachment;
  readonly #signIn: SignIn;
  #state: SessionState = 'idle';
  #shown: State = 'idle';
  #login: Login | undefined;
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
    this.#attachment = new Attachment(settings, options, this.#traffic, this.#effects);
    this.#signIn = new SignIn(options.makeInstance);
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
    return this.#attachment.window.queued;
  }

  get counters(): { upload: number; download: number } {
    return this.#traffic.counters;
  }

  get guarantee(): Guarantee {
    const { grant } = this.#attachment;
    if (!this.#login) return 'none';
    return grant ? (grant.isDurable ? 'durable' : 'resume') : 'plain';
  }

  /** Largest data of a message. */
  get maxMessageBytes(): number {
    return this.#attachment.grant?.maxMessageBytes ?? Infinity;
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
    if (!this.#attachment.window.isFullFor(size)) return ErrorCode.SUCCESS;
    this.#attachment.window.noteFull();
    return ErrorCode.QUEUE_FULL;
  }

  /** Queues one message; it goes out with the next `wake`, once the session runs. Gives its token. */
  send(message: OutgoingMessage, awaited: boolean): number {
    return this.#attachment.window.push(message, awaited);
  }

  /** Takes a waiting message back; false when it is on its way. */
  cancelSend(token: number): boolean {
    return this.#attachment.window.remove(token);
  }

  input(event: SessionInput, now: number): void {
    this.#traffic.now = now;
    if ('id' in event) this.#traffic.input(event);
    else if (event.type === 'wake') this.#traffic.wake();
    else if (event.type === 'configure') this.#attachment.configure(event.change);
    else {
      if (event.type === 'credentials') this.#signIn.credentials = event;
      this.#happen(event.type);
    }
    const { reports } = this.#attachment;
    do {
      for (const report of reports) this.#reported(report);
      reports.length = 0;
      this.#pump();
    } while (reports.length > 0);
    this.#attachment.window.tellRoom();
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
    const change = { from, to, cause, resumed, replayed: this.#attachment.window.replayed, ...(isWaiting && { retryInMs }) };
    this.#effects.push({ type: 'status', change });
    if (!isConnected) return;
    const gap = { count: undefined, reason: this.#attachment.grant ? this.#gapReason : 'plain' };
    if (!resumed && hadSession) this.#effects.push({ type: 'gap', gap });
    this.#gapReason = 'expired';
  }

  #error(code: number): void {
    if (code !== ErrorCode.SUCCESS) this.#effects.push({ type: 'error', code });
  }

  protected askCredentials(): void {
    if (this.#signIn.token) this.#happen('credentials');
    else this.#effects.push({ type: 'credentials' });
  }

  protected login(): void {
    const body = this.#signIn.request();
    if (!body) return;
    const done = (code = ErrorCode.UNREACHABLE as number, fields?: Fields): void => this.#loggedIn(code, fields);
    this.#traffic.post(`${this.#attachment.origin(this.#options.host)}/`, body, LOGIN_TIMEOUT_MS, done);
  }

  #loggedIn(code: number, fields: Fields | undefined): void {
    const result = this.#signIn.answered(code, fields);
    if ('code' in result) {
      if (result.code === ErrorCode.WRONG_CREDENTIALS) return this.#happen('refused');
      this.#error(result.code);
      this.#waitMs = result.waitMs;
      if (code === ErrorCode.RESUME_REFUSED) this.#waitLess();
      if (code === ErrorCode.INSTANCE_IN_USE) this.#attachment.window.settleAll(ErrorCode.RESUME_REFUSED);
      return this.#happen('login-failed');
    }
    this.#login = result;
    this.#runUntil = this.#traffic.now;
    this.#attachment.begin(result);
    this.#happen('accepted');
  }

  protected attach(): void {
    if (!this.#login) return this.#happen('relogin');
    this.#attachment.attach();
  }

  #reported(event: LinkEvent): void {
    switch (event.type) {
      case 'lost':
        this.#spreadMs = event.spreadMs;
        return this.#lost(event.code);
      case 'gone':
        return this.#gone(event.code, event.reason);
      case 'attached':
      case 'detached':
      case 'ended':
        return this.#happen(event.type);
      default:
        return this.#attachment.take(event);
    }
  }

  #lost(code: number): void {
    const isAttaching = this.#state === 'attaching';
    if (isAttaching) this.#attachFailures++;
    this.#attachment.failed(code, isAttaching ? this.#attachFailures : 0);
    if (code !== ErrorCode.TOO_LARGE) this.#error(code);
    if (isAttaching && this.#isSessionOver()) this.#leaveSession();
    this.#happen('lost');
  }

  /** The relay keeps a session for some time; without the extension it does not say for how long. */
  #isSessionOver(): boolean {
    const { grant } = this.#attachment;
    if (!grant) return this.#attachFailures % MAX_ATTACH_FAILURES === 0;
    return this.#traffic.now - this.#runUntil > grant.keptMs;
  }

  /** The relay has no such session, or another place has taken it: then this one needs an identity of its own. */
  #gone(code: number, reason: string): void {
    this.#gapReason = reason;
    if (code !== ErrorCode.INSTANCE_IN_USE) this.#waitLess();
    this.#happen('gone');
    if (code !== ErrorCode.INSTANCE_IN_USE) return;
    this.#signIn.forget();
    this.#attachment.window.settleAll(ErrorCode.RESUME_REFUSED);
  }

  /** The relay has answered: what was waited for before is over. */
  #waitLess(): void {
    this.#attempt = Math.min(this.#attempt, 1);
  }

  protected run(): void {
    this.#runningSince = this.#traffic.now;
    this.#attachFailures = 0;
    this.#attachment.run();
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

  #leaveSession(): void {
    this.#attachment.settleInDoubt();
    this.#signIn.token = this.#attachment.grant?.token;
    this.#login = undefined;
  }

  protected drop(): void {
    this.#attachment.drop();
  }

  protected detach(): void {
    this.#attachment.link?.close('detached');
  }

  protected probe(): void {
    this.#attachment.link?.probe();
  }

  protected flush(): void {
    this.#dueIn(CLOSE_TIMEOUT_MS);
  }

  protected end(): void {
    this.#dueIn(CLOSE_TIMEOUT_MS);
    this.#attachment.link?.close('ended');
  }

  protected finish(): void {
    this.#lastSessionId = '';
    this.#forgetSession();
    this.#attachment.window.end(ErrorCode.UNREACHABLE, false);
  }

  /** What nobody awaits stays for the next start, with the right password. */
  protected fail(): void {
    this.#forgetSession();
    this.#error(ErrorCode.WRONG_CREDENTIALS);
    this.#attachment.window.end(ErrorCode.WRONG_CREDENTIALS, true);
  }

  #forgetSession(): void {
    this.#login = undefined;
    this.#signIn.token = undefined;
  }

  #pump(): void {
    if (this.#attachment.mayMove) this.#happen('move');
    const isSending = this.#state === 'running' || this.#state === 'flushing';
    if (isSending && this.#attachment.sendAll()) this.#happen('flushed');
  }
}
