import type { Duplex } from 'node:stream';
import { checkUpgradeResponse } from '../handshake';
import { headerMembers, headerValues } from '../http-headers';
import type { HeaderList } from '../http-headers';
import { Deadline } from '../node/deadline';
import { exchange, exchangeError } from '../node/http-exchange';
import type { HttpAnswer } from '../node/http-exchange';
import { FrameSocketError } from '../socket-errors';
import type { ThrottleOptions } from '../throttled-stream';
import type { Link } from './link';
import { noteFailure } from './transfer-fail-reason';

/** What a checked upgrade leaves. @internal */
export interface Upgraded {
  readonly duplex: Duplex;
  readonly head: Uint8Array;
  readonly protocol: string | undefined;
  readonly throttle: ThrottleOptions;
}

/** One request over a connection, and its answer. @internal */
export class RestExchange {
  readonly #link: Link;
  readonly #headers: HeaderList;
  readonly #answered: Promise<HttpAnswer>;
  #answer: HttpAnswer | undefined;

  /** Sends at once. @param timeoutMs - Time for the whole answer; 0 for no limit. */
  constructor(link: Link, path: string, headers: HeaderList, timeoutMs: number) {
    this.#link = link;
    this.#headers = headers;
    this.#answered = this.#run(path, timeoutMs);
    // Whoever asks for the answer learns of it.
    this.#answered.catch(() => undefined);
  }

  /** The answer, once it is there. */
  get answer(): HttpAnswer | undefined {
    return this.#answer;
  }

  /** @throws FrameSocketError `HANDSHAKE_TIMEOUT`, `HANDSHAKE_LOST` or `HANDSHAKE_INVALID`. */
  read(): Promise<HttpAnswer> {
    return this.#answered;
  }

  /**
   * Checks the answer against what was really sent. When it opens no WebSocket, the connection is closed.
   *
   * @throws FrameSocketError `HANDSHAKE_REJECTED` for another status than 101, `HANDSHAKE_INVALID` for a 101 that does
   *   not hold; TypeError before the answer is there.
   */
  upgrade(): Upgraded {
    const answer = this.#answer;
    if (answer === undefined) throw new TypeError('There is no answer yet; send the request first.');
    const keys = headerValues(this.#headers, 'sec-websocket-key');
    const protocols = headerMembers(this.#headers, 'sec-websocket-protocol');
    const result = checkUpgradeResponse({ key: keys[0] ?? '', protocols }, answer);
    if (keys.length === 1 && result.ok && answer.isSwitched) {
      const { stream: duplex, throttle } = this.#link;
      return { duplex, head: answer.rest, protocol: result.protocol, throttle };
    }
    this.#link.stream.destroy();
    throw new FrameSocketError(answer.status === 101 ? 'HANDSHAKE_INVALID' : 'HANDSHAKE_REJECTED', {
      detail: result.ok ? 'The request has no Sec-WebSocket-Key, or more than one.' : result.message,
    });
  }

  async #run(path: string, timeoutMs: number): Promise<HttpAnswer> {
    const { stream, maxReadIdleMs, failures } = this.#link;
    const deadline = new Deadline(shorter(timeoutMs, maxReadIdleMs), 'HANDSHAKE_TIMEOUT', undefined);
    try {
      const { signal } = deadline;
      this.#answer = await exchange({ stream, method: 'GET', path, headers: this.#headers, signal });
      return this.#answer;
    } catch (cause) {
      const error = exchangeError(cause, { invalid: 'HANDSHAKE_INVALID', lost: 'HANDSHAKE_LOST' });
      noteFailure(failures, error);
      throw error;
    } finally {
      deadline.release();
    }
  }
}

/** Of two times, 0 for no limit. */
function shorter(one: number, other: number): number {
  return one === 0 || other === 0 ? one + other : Math.min(one, other);
}
