import { MessageSplitter, type Fields } from './codec';
import { ErrorCode } from './errors';
import {
  ANSWER_TIMEOUT_MS,
  earlier,
  isDue,
  PROBE_TIMEOUT_MS,
  sendTimeoutMs,
  type Link,
  type LinkBatch,
  type LinkHost,
  type LinkTarget,
  type TransportEvent,
} from './link';
import {
  attachMessage,
  closeMessage,
  KEEP_ALIVE,
  MAX_ANSWER_SIZE,
  networksMessage,
  readCode,
  readMessages,
  sendMessage,
} from './messages';

const OPEN_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;
const KEEP_ALIVE_TIMEOUT_MS = 10_000;
/** A request that gets no answer is repeated on the same socket twice, then the socket is given up (S-12, S-16). */
const MAX_REPEATS = 2;

type Phase = 'opening' | 'attaching' | 'joining' | 'ready' | 'closing' | 'dead';

/** A session on a WebSocket (protocol sections 5 and 13.1). */
export class SocketLink implements Link {
  readonly repeatable = false;
  readonly #socket: number;
  readonly #splitter = new MessageSplitter({ maxSize: MAX_ANSWER_SIZE });
  #phase: Phase = 'opening';
  #attached = false;
  #target!: LinkTarget;
  #networks: readonly string[] = [];
  #closing: 'detached' | 'ended' = 'detached';
  #repeats = 0;
  #answerDue: number | undefined;
  #sendDue: number | undefined;
  #keepAliveDue: number | undefined;
  #signOfLifeDue: number | undefined;

  readonly #host: LinkHost;

  constructor(host: LinkHost) {
    this.#host = host;
    this.#socket = host.nextId();
  }

  attach(target: LinkTarget, now: number): void {
    this.#target = target;
    this.#networks = target.networks;
    this.#answerDue = now + OPEN_TIMEOUT_MS;
    const url = `${target.uploadOrigin.replace(/^http/, 'ws')}/api/WebSocket`;
    this.#host.effect({ type: 'open', socket: this.#socket, url });
  }

  join(networks: readonly string[], now: number): void {
    this.#networks = networks;
    if (this.#phase === 'ready' || this.#phase === 'joining') this.#enter('joining', now);
  }

  send(batch: LinkBatch, now: number): void {
    const bytes = sendMessage(batch.groups);
    this.#sendDue = now + sendTimeoutMs(bytes.length);
    this.#transmit(bytes, batch.text);
  }

  detach(now: number): void {
    this.#closeWith('detached', now);
  }

  end(now: number): void {
    this.#closeWith('ended', now);
  }

  probe(now: number): void {
    if (this.#phase !== 'ready') return;
    this.#transmit(KEEP_ALIVE, true);
    this.#signOfLifeDue = earlier(this.#signOfLifeDue, now + PROBE_TIMEOUT_MS);
  }

  drop(): void {
    if (this.#phase !== 'dead') this.#host.effect({ type: 'close', socket: this.#socket });
    this.#phase = 'dead';
    this.#answerDue = this.#sendDue = this.#keepAliveDue = this.#signOfLifeDue = undefined;
  }

  setDownloadTimeout(): void {
    // Long polling only; nothing is sent over a WebSocket (section 15).
  }

  get deadline(): number | undefined {
    return earlier(earlier(this.#answerDue, this.#sendDue), earlier(this.#keepAliveDue, this.#signOfLifeDue));
  }

  wake(now: number): void {
    if (isDue(this.#signOfLifeDue, now) || isDue(this.#sendDue, now)) return this.#lose(ErrorCode.SUCCESS);
    if (isDue(this.#answerDue, now)) this.#repeat(now);
    if (isDue(this.#keepAliveDue, now)) {
      this.#transmit(KEEP_ALIVE, true);
      this.#keepAliveDue = undefined;
      this.#signOfLifeDue = now + KEEP_ALIVE_TIMEOUT_MS;
    }
  }

  input(event: TransportEvent, now: number): void {
    if (!('socket' in event) || event.socket !== this.#socket || this.#phase === 'dead') return;
    switch (event.type) {
      case 'opened':
        this.#repeats = 0;
        return this.#enter('attaching', now);
      case 'bytes':
        return this.#receive(event.bytes, now);
      case 'closed':
        return this.#closed(event.code, event.reason);
    }
  }

  #enter(phase: 'attaching' | 'joining', now: number): void {
    this.#phase = phase;
    this.#answerDue = now + ANSWER_TIMEOUT_MS;
    this.#transmit(phase === 'attaching' ? attachMessage(this.#target.deviceId) : networksMessage(this.#networks), true);
  }

  #repeat(now: number): void {
    const phase = this.#phase;
    if (phase === 'closing') return this.#finishClosing();
    if (phase !== 'attaching' && phase !== 'joining') return this.#lose(ErrorCode.UNREACHABLE);
    if (++this.#repeats > MAX_REPEATS) return this.#lose(ErrorCode.UNREACHABLE);
    this.#enter(phase, now);
  }

  #closeWith(outcome: 'detached' | 'ended', now: number): void {
    this.#phase = 'closing';
    this.#closing = outcome;
    this.#answerDue = now + ANSWER_TIMEOUT_MS;
    this.#transmit(closeMessage(outcome === 'ended' ? 't' : 'c'), true);
  }

  #finishClosing(): void {
    this.drop();
    this.#host.report({ type: this.#closing });
  }

  #lose(code: number, retryAfterMs?: number): void {
    this.drop();
    this.#host.report(retryAfterMs === undefined ? { type: 'lost', code } : { type: 'lost', code, retryAfterMs });
  }

  #closed(code: number, reason: string): void {
    if (this.#phase === 'closing') return this.#finishClosing();
    const refused = this.#phase === 'opening' ? ErrorCode.UNREACHABLE : ErrorCode.SUCCESS;
    // A draining relay spreads its clients over so many seconds.
    if (code === 1012 && /^\d{1,3}$/.test(reason)) return this.#lose(refused, Number(reason) * 1000);
    this.#lose(refused);
  }

  #transmit(bytes: Uint8Array, text: boolean): void {
    this.#host.effect({ type: 'transmit', socket: this.#socket, bytes, text });
  }

  #receive(bytes: Uint8Array, now: number): void {
    this.#signOfLifeDue = undefined;
    this.#splitter.push(bytes);
    for (let fields = this.#splitter.next(); fields; fields = this.#splitter.next()) {
      if (fields.fault === 'too-large') return this.#lose(ErrorCode.INVALID_ANSWER);
      this.#take(fields, now);
      if (this.#isDead()) return;
    }
    this.#keepAliveDue ??= now + KEEP_ALIVE_MS;
  }

  #isDead(): boolean {
    return this.#phase === 'dead';
  }

  #take(fields: Fields, now: number): void {
    const code = readCode(fields);
    switch (fields.first('rt')) {
      case 'r':
        return this.#host.report({ type: 'received', messages: readMessages(fields) });
      case 'a':
        this.#exchanged(now);
        return this.#attachAnswered(code, now);
      case 'n':
        this.#exchanged(now);
        return this.#networksAnswered(code);
      case 's':
        this.#exchanged(now);
        return this.#sendAnswered(code);
      case 'k':
        return this.#exchanged(now);
      case 'c':
        if (this.#phase !== 'closing') return;
        if (code === ErrorCode.SUCCESS) return this.#finishClosing();
        return this.#host.report({ type: 'error', code: code ?? ErrorCode.INVALID_ANSWER });
    }
  }

  /** Only answers postpone the keep-alive: the relay counts what it receives, not what it sends (P-59 to P-62). */
  #exchanged(now: number): void {
    this.#keepAliveDue = now + KEEP_ALIVE_MS;
  }

  #attachAnswered(code: number | undefined, now: number): void {
    if (this.#phase !== 'attaching') return;
    if (code !== ErrorCode.SUCCESS) return this.#gone();
    this.#repeats = 0;
    this.#enter('joining', now);
  }

  #networksAnswered(code = ErrorCode.INVALID_ANSWER as number): void {
    if (this.#phase !== 'joining') return;
    if (code === ErrorCode.SESSION_EXPIRED) return this.#gone();
    this.#phase = 'ready';
    this.#answerDue = undefined;
    this.#repeats = 0;
    this.#host.report({ type: this.#attached ? 'joined' : 'attached', code });
    this.#attached = true;
  }

  #sendAnswered(code = ErrorCode.INVALID_ANSWER as number): void {
    if (this.#sendDue === undefined) return;
    this.#sendDue = undefined;
    this.#host.report({ type: 'sent', code });
    if (code === ErrorCode.SESSION_EXPIRED) this.#gone();
  }

  #gone(): void {
    this.drop();
    this.#host.report({ type: 'gone' });
  }
}
