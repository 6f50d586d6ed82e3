import type { SessionEffect, SessionOptions } from '../../src/core/session-events';
import type { SessionSettings } from '../../src/core/link';
import { Harness, lines } from './session-harness';

export const GRANT = '~x=1~xf=rav~xr=t0~xt=120~xw=4096,1048576~xm=65536~xp=e1';

export const loginAnswer = (grant = GRANT, id = '101sAb3'): string =>
  `~e=0~id=${id}~ip=h:1~ip=h:2~dn=s:1~dn=s:2${grant}`;

/** A session with the extension, in virtual time; the test plays the relay. */
export class ResumeHarness extends Harness {
  /** Tokens given so far: each attach answer brings the next one. */
  #tokens = 0;

  constructor(settings: Partial<SessionSettings> = {}, options: Partial<SessionOptions> = {}) {
    super({ networkNames: [], ...settings }, options);
  }

  /** From nothing to a running session. */
  override run(grant = GRANT): this {
    this.start();
    return this.enter(grant);
  }

  /** Answers a login and all that follows it. */
  enter(grant = GRANT, id = '101sAb3'): this {
    this.answer(':9324/', loginAnswer(grant, id));
    if (this.session.settings.useWebSocket) {
      this.attach();
      this.bytes('~rt=n~e=4~t=1');
    } else {
      this.answer('/Download', `~e=4~xh=0~xr=t${++this.#tokens}`);
    }
    return this;
  }

  /**
   * Opens the WebSocket and binds the session to it.
   *
   * @param taken - The last message that the relay has.
   * @param more - What comes with the answer.
   */
  attach(taken = 0, more = ''): SessionEffect[] {
    this.opened();
    return this.bytes(`~rt=a~e=0~xh=${taken}~xr=t${++this.#tokens}~t=1${more}`);
  }

  /** Loses the WebSocket and waits for the next one, which is not open yet. */
  breakLink(): string[] {
    return [...lines(this.closed()), ...lines(this.pass(1000))];
  }

  /** Sends messages of their own transmission each. */
  sendEach(...texts: string[]): string[] {
    return texts.flatMap((text) => {
      this.send(text);
      return lines(this.pump());
    });
  }
}
