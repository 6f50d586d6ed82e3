import { MessageSplitter, type Fields } from './codec';
import { ErrorCode } from './errors';
import {
  ANSWER_TIMEOUT_MS,
  Link,
  PROBE_TIMEOUT_MS,
  sendTimeoutMs,
  webSocketUrl,
  type Outcome,
  type SessionSettings,
} from './link';
import { MAX_ANSWER_SIZE, readCode, readNumber } from './messages';
import {
  attachMessage,
  closeMessage,
  keepAliveMessage,
  networksMessage,
  sendMessage,
  type FirstNumbers,
} from './requests';
import type { TransportEvent } from './traffic';

/** How long a WebSocket may take to open before long polling has its turn. */
const OPEN_TIMEOUT_MS = 2000;
const KEEP_ALIVE_MS = 30_000;
const KEEP_ALIVE_TIMEOUT_MS = 10_000;
/** With the extension: a silent link is noticed within 10 seconds. */
const SILENCE_MS = 6000;
const SILENCE_TIMEOUT_MS = 3000;
/** How long messages may be without acknowledgement on a living link. */
const UNACKNOWLEDGED_MS = 15_000;
/** How long an acknowledgement may wait for something to ride on. */
const ACK_DELAY_MS = 250;
/** Close code: another place has taken the session with its token. */
const REPLACED = 4001;
/** Close code: what was sent is larger than somebody on the way allows. */
const TOO_LARGE = 1009;
/** How long an attach may take with the extension, which leaves time for long polling within 10 seconds. */
const ATTACH_TIMEOUT_MS = 6000;
/** A request that gets no answer is repeated on the same socket twice, then the socket is given up (S-12, S-16). */
const MAX_REPEATS = 2;

type Phase = 'opening' | 'attaching' | 'joining' | 'ready' | 'closing';

/** A session on a WebSocket (protocol sections 5 and 13.1). */
export class SocketLink extends Link {
  readonly repeatable = false;
  #socket = 0;
  #splitter!: MessageSplitter;
  #phase: Phase = 'opening';
  #asked: readonly string[] = [];
  /** First number of the last batch. */
  #lastSent = 0;
  /** The last message that the relay has taken. */
  #taken = 0;

  attach(uploadOrigin: string): void {
    this.closing = undefined;
    this.isBusy = false;
    this.#phase = 'opening';
    this.#splitter = new MessageSplitter({ maxSize: MAX_ANSWER_SIZE });
    this.#socket = this.traffic.open(webSocketUrl(uploadOrigin), (event) => this.#input(event));
    this.traffic.after('answer', OPEN_TIMEOUT_MS, () => this.lose(ErrorCode.UNREACHABLE));
  }

  follow({ networkNames }: Partial<SessionSettings>): void {
    if (networkNames && (this.#phase === 'ready' || this.#phase === 'joining')) this.#join();
  }

  send(groups: Uint8Array, numbers: FirstNumbers): void {
    const bytes = sendMessage(groups, numbers, this.resume);
    this.isBusy = !this.resume.grant;
    this.#lastSent = numbers.first;
    this.#transmit(bytes);
    if (this.isBusy) this.traffic.after('send', sendTimeoutMs(bytes), () => this.lose(ErrorCode.SUCCESS));
    else this.traffic.within('send', UNACKNOWLEDGED_MS, () => this.lose(ErrorCode.SUCCESS));
  }

  close(outcome: Outcome): void {
    this.closing = outcome;
    this.#phase = 'closing';
    this.#transmit(closeMessage(outcome === 'ended' ? 't' : 'c'));
    this.traffic.after('answer', ANSWER_TIMEOUT_MS, () => this.over({ type: outcome }));
  }

  probe(): void {
    this.#keepAlive(PROBE_TIMEOUT_MS);
  }

  #keepAlive(timeoutMs: number): void {
    this.#transmit(keepAliveMessage(this.resume));
    this.traffic.within('sign of life', timeoutMs, () => this.lose(ErrorCode.SUCCESS));
  }

  /** The keep-alive follows what went out last: the relay counts what it receives, not what it sends (P-59 to P-62). */
  #transmit(bytes: Uint8Array): void {
    this.traffic.transmit(this.#socket, bytes);
    if (this.resume.grant) this.traffic.within('keep-alive', SILENCE_MS, () => this.#keepAlive(SILENCE_TIMEOUT_MS));
    else this.traffic.after('keep-alive', KEEP_ALIVE_MS, () => this.#keepAlive(KEEP_ALIVE_TIMEOUT_MS));
  }

  #acknowledge(): void {
    const { owes } = this.resume;
    if (owes === 'now') this.#transmit(keepAliveMessage(this.resume));
    else if (owes === 'soon') this.traffic.within('ack', ACK_DELAY_MS, () => this.#acknowledgeNow());
  }

  #acknowledgeNow(): void {
    if (this.resume.owes !== 'nothing') this.#transmit(keepAliveMessage(this.resume));
  }

  #input(event: TransportEvent): void {
    if (event.type === 'opened') this.#ask('attaching', attachMessage(this.deviceId, this.resume));
    if (event.type === 'bytes') this.#receive(event.bytes);
    if (event.type === 'closed') this.#closed(event.code, event.reason);
  }

  #join(): void {
    this.#asked = this.settings.networkNames;
    this.#ask('joining', networksMessage(this.#asked));
  }

  #ask(phase: Phase, message: Uint8Array, repeats = this.resume.grant ? 0 : MAX_REPEATS): void {
    this.#phase = phase;
    this.#transmit(message);
    this.traffic.after('answer', this.resume.grant ? ATTACH_TIMEOUT_MS : ANSWER_TIMEOUT_MS, () => {
      if (repeats > 0) this.#ask(phase, message, repeats - 1);
      else this.lose(ErrorCode.UNREACHABLE);
    });
  }

  #receive(bytes: Uint8Array): void {
    this.traffic.stop('sign of life');
    if (this.resume.grant) {
      this.traffic.after('keep-alive', SILENCE_MS, () => this.#keepAlive(SILENCE_TIMEOUT_MS));
    }
    this.#splitter.push(bytes);
    for (let fields = this.#splitter.next(); fields; fields = this.#splitter.next()) {
      if (fields.fault === 'too-large') return this.lose(ErrorCode.INVALID_ANSWER);
      this.#take(fields);
    }
  }

  #take(fields: Fields): void {
    const code = readCode(fields) ?? ErrorCode.INVALID_ANSWER;
    switch (fields.first('rt')) {
      case 's':
        this.#sent(fields);
        return this.sent(code, fields);
      case 'k':
        // The answer to a keep-alive says what has arrived; without the extension it says nothing.
        if (!this.resume.grant) return;
        this.#sent(fields);
        return this.sent(ErrorCode.SUCCESS, fields);
      case 'a':
        if (this.#phase === 'attaching') this.#attachAnswered(code, fields);
        return;
      case 'n':
        if (this.#phase === 'joining') this.#networksAnswered(code, fields);
        return;
      case 'c':
        if (this.closing) this.#closeAnswered(code, this.closing);
        return;
      case undefined:
        return;
      default:
        // What is unknown is passed over (P-34).
        this.takeItem(fields, fields.indexOf('rt'), fields.length);
        if (this.resume.grant) this.#acknowledge();
    }
  }

  /** Stops waiting, or waits on for what was sent later. */
  #sent(fields: Fields): void {
    this.isBusy = false;
    const upTo = readNumber(fields, 'xh');
    if (!this.resume.grant || upTo >= this.#lastSent) this.traffic.stop('send');
    else if (upTo > this.#taken) this.traffic.after('send', UNACKNOWLEDGED_MS, () => this.lose(ErrorCode.SUCCESS));
    this.#taken = upTo;
  }

  #attachAnswered(code: number, fields: Fields): void {
    const { grant, networks } = this.resume;
    if (code === ErrorCode.NO_DATA) {
      return this.isOvertaken(fields) ? this.leave(ErrorCode.INSTANCE_IN_USE) : this.lose(ErrorCode.SUCCESS);
    }
    if (code !== ErrorCode.SUCCESS) return this.leave(code, fields);
    if (grant) {
      grant.token = fields.first('xr') ?? grant.token;
      this.sent(code, fields);
    }
    if (grant && networks === this.settings.networkNames) this.#ready(ErrorCode.NETWORKS_SET);
    else this.#join();
  }

  #networksAnswered(code: number, fields: Fields): void {
    if (code === ErrorCode.SESSION_EXPIRED) return this.leave(code, fields);
    this.resume.networks = this.#asked;
    this.#ready(code);
  }

  #ready(code: number): void {
    this.#phase = 'ready';
    this.traffic.stop('answer');
    this.confirm(code);
  }

  #closeAnswered(code: number, outcome: Outcome): void {
    if (code === ErrorCode.SUCCESS) this.over({ type: outcome });
    else this.report({ type: 'error', code });
  }

  #closed(code: number, reason: string): void {
    if (this.closing) return this.over({ type: this.closing });
    // A draining relay spreads its clients over so many seconds.
    const isDraining = code === 1012 && /^\d{1,3}$/.test(reason);
    if (code === REPLACED) return this.leave(ErrorCode.INSTANCE_IN_USE);
    const openedCode = code === TOO_LARGE ? ErrorCode.TOO_LARGE : ErrorCode.SUCCESS;
    const lostCode = this.#phase === 'opening' ? ErrorCode.UNREACHABLE : openedCode;
    this.lose(lostCode, isDraining ? Number(reason) * 1000 : undefined);
  }
}
