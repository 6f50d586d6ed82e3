import { discoveryResponse, isDiscoveryRequest } from './discovery';
import { ErrorCode } from './errors';
import type { Link, LinkEvent, MakeLinks, SessionSettings, TrafficEvent } from './link';
import type { Grant, Login } from './login';
import type { IncomingMessage } from './messages';
import { Resume } from './resume';
import { SendWindow } from './send-window';
import type { SessionEffect, SessionOptions } from './session-events';
import type { Traffic } from './traffic';
import { TransportChoice } from './transport-choice';

/**
 * A session on the relay and the link that it is bound to: which one that is, what goes out over it and what comes in.
 * What changes the state of the session is for its owner, by the reports.
 */
export class Attachment {
  readonly window: SendWindow;
  readonly reports: LinkEvent[] = [];
  readonly #settings: SessionSettings;
  readonly #options: SessionOptions;
  readonly #traffic: Traffic;
  readonly #effects: { push(effect: SessionEffect): unknown };
  readonly #choice: TransportChoice;
  readonly #resume = new Resume();
  #login: Login | undefined;
  #chooseLink: ReturnType<MakeLinks> | undefined;
  link: Link | undefined;
  #isMoveWanted = false;
  /** The link closed because something was too large for it. */
  #wasTooLarge = false;

  constructor(
    settings: SessionSettings,
    options: SessionOptions,
    traffic: Traffic,
    effects: { push(effect: SessionEffect): unknown },
  ) {
    this.#settings = settings;
    this.#options = options;
    this.#traffic = traffic;
    this.#effects = effects;
    this.window = new SendWindow(effects, options);
    this.#choice = new TransportChoice(settings, traffic);
  }

  /** What the relay has granted last; undefined without the extension. */
  get grant(): Grant | undefined {
    return this.#resume.grant;
  }

  /** A new session of the relay. */
  begin(login: Login): void {
    const { deviceId, grant } = (this.#login = login);
    this.#resume.begin(grant);
    this.window.begin(grant !== undefined);
    this.#choice.begin();
    this.#chooseLink = this.#options.makeLinks(this.#traffic, this.#settings, this.reports, deviceId, this.#resume);
  }

  configure(change: Partial<SessionSettings>): void {
    const { useEncryption, useWebSocket } = this.#settings;
    Object.assign(this.#settings, change);
    this.link?.follow(change);
    const hasChosen = this.#settings.useWebSocket !== useWebSocket;
    if (hasChosen) this.#choice.reset();
    this.#isMoveWanted ||= hasChosen || this.#settings.useEncryption !== useEncryption;
  }

  /** Scheme and host. */
  origin(host: string): string {
    return `${this.#settings.useEncryption ? 'https' : 'http'}://${host}`;
  }

  /** Where the relay is reached: for WebSocket and upload, and for downloads. */
  #origins(): [string, string] {
    const [upload, download] = this.#login![this.#settings.useEncryption ? 'secureHosts' : 'plainHosts'];
    return [this.origin(upload), this.origin(download)];
  }

  attach(): void {
    this.drop();
    this.#isMoveWanted = false;
    this.link = this.#chooseLink?.(this.#choice.useWebSocket);
    this.link?.attach(...this.#origins());
  }

  /** Lets the link go. */
  drop(): void {
    this.#traffic.clear();
    if (this.link && !this.link.repeatable) this.settleInDoubt();
    this.link = undefined;
    this.window.rewind();
  }

  failed(code: number, failures: number): void {
    this.#wasTooLarge = code === ErrorCode.TOO_LARGE;
    if (failures > 0) this.#choice.failed(failures);
  }

  /** Attached: what the relay has taken is told by now. */
  run(): void {
    const { repeatable } = this.link!;
    if (!repeatable) this.settleInDoubt();
    this.window.giveUpVolatile();
    if (this.#wasTooLarge) this.#shrink();
    this.#wasTooLarge = false;
    this.#choice.running(repeatable, this.#origins()[0], () => (this.#isMoveWanted = true));
  }

  /**
   * Over a WebSocket of a plain relay nobody can ask what became of a batch, and its next session does not know it; an
   * upload is repeated with its counter.
   */
  settleInDoubt(): void {
    if (!this.grant) this.window.settleAll(ErrorCode.UNREACHABLE);
  }

  /** Over a plain relay what is on its way is answered first, so that a change of transport leaves none in doubt. */
  get mayMove(): boolean {
    return this.#isMoveWanted && !this.link?.isBusy;
  }

  /** @returns Whether there is nothing to send, and nothing on its way. */
  sendAll(): boolean {
    const { link, window, grant } = this;
    while (link && !link.isBusy) {
      const batch = window.take(grant, this.#traffic.counters);
      if (!batch) return window.isEmpty;
      link.send(batch.groups, batch, batch.counter);
    }
    return false;
  }

  take(event: TrafficEvent): void {
    switch (event.type) {
      case 'answered':
        return this.#answered(event.code);
      case 'taken':
        return this.#taken(event);
      case 'too-large':
        return this.#shrink();
      case 'receipt':
        return this.window.receipt(event.number, event.code);
      case 'received':
        for (const message of event.messages) this.#receive(message);
        return;
      case 'gap':
        this.#effects.push(event);
        return this.window.loseReceipts();
      case 'error':
        this.#effects.push(event);
    }
  }

  #lose(code: number): void {
    this.reports.push({ type: 'lost', code, spreadMs: undefined });
  }

  #shrink(): void {
    const isSmaller = this.window.shrink(this.grant !== undefined, this.#traffic.counters);
    if (!isSmaller) this.#lose(ErrorCode.UNREACHABLE);
  }

  /** A plain relay has answered the batch under way; one that was refused with 12 was not delivered (S-17). */
  #answered(code: number): void {
    const isGone = code === ErrorCode.SESSION_EXPIRED;
    if (isGone) this.window.putBack();
    this.window.settleAll(code);
    if (isGone) this.reports.push({ type: 'gone', code, reason: 'expired' });
  }

  /** A relay with the extension says what it has taken, and what it has refused. */
  #taken({ code, upTo, refused }: Extract<TrafficEvent, { type: 'taken' }>): void {
    if (code === ErrorCode.SESSION_EXPIRED || code === ErrorCode.RESUME_REFUSED) {
      return void this.reports.push({ type: 'gone', code, reason: 'expired' });
    }
    const isOutOfTurn = code === ErrorCode.SEQUENCE_GAP;
    const isOver = isOutOfTurn || code === ErrorCode.NOT_STORED;
    if (!isOver) for (const number of refused) this.window.refuse(number, code);
    this.window.acknowledge(upTo);
    // Again from behind what was taken, with a new link.
    if (isOver) this.#lose(isOutOfTurn ? ErrorCode.SUCCESS : code);
  }

  #receive(message: IncomingMessage): void {
    const { discoverable, name } = this.#settings;
    if (!discoverable || !isDiscoveryRequest(message)) this.#effects.push({ type: 'message', message });
    else if (!this.window.isFullFor(0)) this.window.push(discoveryResponse(message, name), false);
  }
}
