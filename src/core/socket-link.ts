import { MessageSplitter, type Fields } from './codec';
import { ErrorCode } from './errors';
import {
  ANSWER_TIMEOUT_MS,
  Link,
  PROBE_TIMEOUT_MS,
  sendTimeoutMs,
  type Outcome,
  type SessionSettings,
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
import type { TransportEvent } from './traffic';

const OPEN_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;
const KEEP_ALIVE_TIMEOUT_MS = 10_000;
/** A request that gets no answer is repeated on the same socket twice, then the socket is given up (S-12, S-16). */
const MAX_REPEATS = 2;

type Phase = 'opening' | 'attaching' | 'joining' | 'ready' | 'closing';

/** A session on a WebSocket (protocol sections 5 and 13.1). */
export class SocketLink extends Link {
  readonly repeatable = false;
  #socket = 0;
  #splitter!: MessageSplitter;
  #phase: Phase = 'opening';

  attach(uploadOrigin: string): void {
    this.closing = undefined;
    this.#phase = 'opening';
    this.#splitter = new MessageSplitter({ maxSize: MAX_ANSWER_SIZE });
    const url = `${uploadOrigin.replace('http', 'ws')}/api/WebSocket`;
    this.#socket = this.traffic.open(url, (event) => this.#input(event));
    this.traffic.after('answer', OPEN_TIMEOUT_MS, () => this.lose(ErrorCode.UNREACHABLE));
  }

  follow({ networkNames }: Partial<SessionSettings>): void {
    if (networkNames && (this.#phase === 'ready' || this.#phase === 'joining')) this.#join();
  }

  send(groups: Uint8Array): void {
    const bytes = sendMessage(groups);
    this.#transmit(bytes);
    this.traffic.after('send', sendTimeoutMs(bytes), () => this.lose(ErrorCode.SUCCESS));
  }

  close(outcome: Outcome): void {
    this.closing = outcome;
    this.#phase = 'closing';
    this.#transmit(closeMessage(outcome === 'ended' ? 't' : 'c'));
    this.traffic.after('answer', ANSWER_TIMEOUT_MS, () => this.finish(outcome));
  }

  probe(): void {
    this.#keepAlive(PROBE_TIMEOUT_MS);
  }

  #keepAlive(timeoutMs: number): void {
    this.#transmit(KEEP_ALIVE);
    this.traffic.within('sign of life', timeoutMs, () => this.lose(ErrorCode.SUCCESS));
  }

  /** The keep-alive follows what went out last: the relay counts what it receives, not what it sends (P-59 to P-62). */
  #transmit(bytes: Uint8Array): void {
    this.traffic.transmit(this.#socket, bytes);
    this.traffic.after('keep-alive', KEEP_ALIVE_MS, () => this.#keepAlive(KEEP_ALIVE_TIMEOUT_MS));
  }

  #input(event: TransportEvent): void {
    if (event.type === 'opened') this.#ask('attaching', attachMessage(this.deviceId));
    if (event.type === 'bytes') this.#receive(event.bytes);
    if (event.type === 'closed') this.#closed(event.code, event.reason);
  }

  #join(): void {
    this.#ask('joining', networksMessage(this.settings.networkNames));
  }

  #ask(phase: Phase, message: Uint8Array, repeats = MAX_REPEATS): void {
    this.#phase = phase;
    this.#transmit(message);
    this.traffic.after('answer', ANSWER_TIMEOUT_MS, () => {
      if (repeats > 0) this.#ask(phase, message, repeats - 1);
      else this.lose(ErrorCode.UNREACHABLE);
    });
  }

  #receive(bytes: Uint8Array): void {
    this.traffic.stop('sign of life');
    this.#splitter.push(bytes);
    for (let fields = this.#splitter.next(); fields; fields = this.#splitter.next()) {
      if (fields.fault === 'too-large') return this.lose(ErrorCode.INVALID_ANSWER);
      this.#take(fields);
    }
  }

  #take(fields: Fields): void {
    const code = readCode(fields) ?? ErrorCode.INVALID_ANSWER;
    switch (fields.first('rt')) {
      case 'r':
        return this.report({ type: 'received', messages: readMessages(fields) });
      case 's':
        this.traffic.stop('send');
        return this.report({ type: 'sent', code });
      case 'a':
        if (this.#phase === 'attaching') this.#attachAnswered(code);
        return;
      case 'n':
        if (this.#phase === 'joining') this.#networksAnswered(code);
        return;
      case 'c':
        if (this.closing) this.#closeAnswered(code, this.closing);
        return;
      default:
      // Answers to keep-alives need nothing done; what is unknown is passed over (P-34).
    }
  }

  #attachAnswered(code: number): void {
    if (code === ErrorCode.SUCCESS) this.#join();
    else this.finish('gone');
  }

  #networksAnswered(code: number): void {
    if (code === ErrorCode.SESSION_EXPIRED) return this.finish('gone');
    this.#phase = 'ready';
    this.traffic.stop('answer');
    this.confirm(code);
  }

  #closeAnswered(code: number, outcome: Outcome): void {
    if (code === ErrorCode.SUCCESS) this.finish(outcome);
    else this.report({ type: 'error', code });
  }

  #closed(code: number, reason: string): void {
    if (this.closing) return this.finish(this.closing);
    // A draining relay spreads its clients over so many seconds.
    const isDraining = code === 1012 && /^\d{1,3}$/.test(reason);
    const neverOpened = this.#phase === 'opening';
    this.lose(neverOpened ? ErrorCode.UNREACHABLE : ErrorCode.SUCCESS, isDraining ? Number(reason) * 1000 : undefined);
  }
}
