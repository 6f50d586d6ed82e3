import type { HttpAnswer, Platform, Signal, SocketHandlers, SocketTransport } from '../../src/core/transport';
import { bothTransports } from '../../src/client/links';
import type { WebifiOptions } from '../../src/client/public';
import { WebifiClient } from '../../src/client/webifi';
import { show, vector } from './bytes';

export interface FakeSocket {
  readonly url: string;
  readonly handlers: SocketHandlers;
  readonly sent: string[];
  isClosed: boolean;
}

export interface FakePost {
  readonly url: string;
  readonly body: string;
  readonly signal: Signal;
  answer(body: string, status?: number): Promise<void>;
  fail(): Promise<void>;
}

/** A world that the test plays: sockets, requests, time, page life. */
export class FakePlatform implements Platform {
  readonly sockets: FakeSocket[] = [];
  readonly posts: FakePost[] = [];
  readonly timers = new Map<() => void, number>();
  now = 0;
  page: { suspend(): void; resume(): void } | undefined;
  pagesLeft = 0;
  isPageHidden = false;
  /** What the next `openSocket` throws. */
  refusal: Error | undefined;

  readonly clock = {
    now: () => this.now,
    setTimer: (wake: () => void, ms: number) => {
      const timer = (): void => wake();
      this.timers.set(timer, this.now + ms);
      return () => void this.timers.delete(timer);
    },
    random: () => 1,
    randomId: () => 'AAAAAAAAAAAAAAAAAAAAAA',
  };

  openSocket(url: string, handlers: SocketHandlers): SocketTransport {
    if (this.refusal) throw this.refusal;
    const socket: FakeSocket = { url, handlers, sent: [], isClosed: false };
    this.sockets.push(socket);
    return {
      send: (bytes) => socket.sent.push(show(bytes)),
      close: () => {
        socket.isClosed = true;
      },
    };
  }

  post(url: string, body: Uint8Array, signal: Signal): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.posts.push({
        url,
        body: show(body),
        signal,
        answer(text, status = 200) {
          resolve({ status, body: vector(text) });
          return turn();
        },
        fail() {
          reject(new Error('not reached'));
          return turn();
        },
      });
    });
  }

  defaultServer(): string | undefined {
    return 'http://127.0.0.1:9324';
  }

  watchPage(suspend: () => void, resume: () => void): () => void {
    this.page = { suspend, resume };
    return () => {
      this.page = undefined;
      this.pagesLeft++;
    };
  }

  isHidden(): boolean {
    return this.isPageHidden;
  }

  get socket(): FakeSocket {
    return last(this.sockets);
  }

  get lastPost(): FakePost {
    return last(this.posts);
  }

  /** Lets virtual time pass, firing the timers in their order. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      const [next] = [...this.timers].filter(([, due]) => due <= until).sort(([, a], [, b]) => a - b);
      if (!next) break;
      this.now = Math.max(this.now, next[1]);
      this.timers.delete(next[0]);
      next[0]();
      await turn();
    }
    this.now = until;
  }

  /** Bytes from the relay on the newest socket. */
  receive(text: string): Promise<void> {
    this.socket.handlers.message(vector(text));
    return turn();
  }

  create(options: WebifiOptions = {}): WebifiClient {
    const platform: Platform = {
      openSocket: (url, handlers) => this.openSocket(url, handlers),
      post: (url, body, signal) => this.post(url, body, signal),
      clock: this.clock,
      defaultServer: () => this.defaultServer(),
      watchPage: (suspend, resume) => this.watchPage(suspend, resume),
      isHidden: () => this.isHidden(),
    };
    return new WebifiClient({ connectName: 'home', connectPassword: 'secret', ...options }, platform, bothTransports);
  }

  async login(): Promise<void> {
    await turn();
    await this.lastPost.answer('~e=0~id=101sAb3~ip=h:1~ip=h:2~dn=s:1~dn=s:2~sl=1~0=Fine~2=Nobody there');
  }

  /** A client that runs, over WebSocket unless the options say otherwise. */
  async connect(options: WebifiOptions = {}): Promise<WebifiClient> {
    const device = this.create({ networkNames: ['n1'], ...options });
    device.start();
    await this.login();
    if (device.getUseWebSocket()) {
      this.socket.handlers.opened();
      await this.receive('~rt=a~e=0~t=1~rt=n~e=4~t=1');
    } else await this.lastPost.answer('~e=4');
    return device;
  }
}

/** Lets everything that is ready run: promise callbacks and what they cause. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function last<T>(list: readonly T[]): T {
  const found = list.at(-1);
  if (found === undefined) throw new Error('There is none yet.');
  return found;
}
