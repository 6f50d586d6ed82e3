import { isUtf8 } from 'node:buffer';
import { bothTransports } from '../../src/client/links';
import type { SessionSettings } from '../../src/core/link';
import { Session } from '../../src/core/session';
import type { SendMode } from '../../src/core/messages';
import type { SessionEffect, SessionInput, SessionOptions, StatusChange } from '../../src/core/session-events';
import { show, vector } from './bytes';

export const LOGIN_ANSWER = '~e=0~id=101sAb3~ip=h:1~ip=h:2~dn=s:1~dn=s:2~sl=1~0=Fine~8=No such name';

/** Effects that let a request go, not a socket. */
const aborts = new WeakSet<SessionEffect>();

type Post = Extract<SessionEffect, { type: 'post' }>;

/** Drives a session in virtual time; the test plays relay and network. */
export class Harness {
  now = 0;
  readonly seen: SessionEffect[] = [];
  readonly session: Session;
  /** What `random` gives next; the default makes every wait its upper end less nothing. */
  random = 1;
  /** Instance ids that were drawn. */
  instances = 0;

  constructor(settings: Partial<SessionSettings> = {}, options: Partial<SessionOptions> = {}) {
    this.session = new Session(
      {
        name: 'me',
        networkNames: ['n1'],
        discoverable: true,
        downloadTimeout: 120,
        useEncryption: false,
        useWebSocket: true,
        isHidden: () => false,
        ...settings,
      },
      {
        host: 'relay:9324',
        backoff: { minDelayMs: 500, maxDelayMs: 30_000 },
        random: () => this.random,
        makeInstance: () => 'ABCD'.charAt(this.instances++).repeat(22),
        makeLinks: bothTransports,
        maxQueuedMessages: 10_000,
        maxQueuedBytes: 4_194_304,
        ...options,
      },
    );
  }

  input(event: SessionInput): SessionEffect[] {
    this.session.input(event, this.now);
    return this.take();
  }

  /** Effects since the last call. */
  take(): SessionEffect[] {
    const fresh: SessionEffect[] = [];
    for (let effect = this.session.poll(); effect; effect = this.session.poll()) fresh.push(effect);
    this.seen.push(...fresh);
    for (const effect of fresh) if (effect.type === 'close' && !this.#isSocket(effect.id)) aborts.add(effect);
    return fresh;
  }

  #isSocket(id: number): boolean {
    return this.seen.some((effect) => effect.type === 'open' && effect.id === id);
  }

  /** Lets virtual time pass, waking the session at each deadline. */
  pass(ms: number): SessionEffect[] {
    const until = this.now + ms;
    const effects: SessionEffect[] = [];
    for (let wakes = 0; ; wakes++) {
      const deadline = this.session.deadline;
      if (deadline === undefined || deadline > until) break;
      if (wakes > 1000) throw new Error('The session keeps asking for a time that has passed.');
      this.now = Math.max(this.now, deadline);
      effects.push(...this.input({ type: 'wake' }));
    }
    this.now = until;
    return effects;
  }

  start(): SessionEffect[] {
    this.input({ type: 'start' });
    return this.input({ type: 'credentials', connectName: 'home', connectPassword: 'pass~word' });
  }

  /** The last post to this path. */
  post(path: string): Post {
    const found = this.seen.filter((effect): effect is Post => effect.type === 'post' && effect.url.endsWith(path)).at(-1);
    if (!found) throw new Error(`Nothing was posted to ${path}.`);
    return found;
  }

  answer(path: string, body: string, status = 200): SessionEffect[] {
    return this.input({ type: 'answer', id: this.post(path).id, status, body: vector(body) });
  }

  failPost(path: string): SessionEffect[] {
    return this.input({ type: 'answer', id: this.post(path).id, status: 0, body: new Uint8Array(0) });
  }

  get socket(): number {
    const open = this.seen.filter((effect) => effect.type === 'open').at(-1);
    if (!open) throw new Error('No socket was opened.');
    return open.id;
  }

  opened(): SessionEffect[] {
    return this.input({ type: 'opened', id: this.socket });
  }

  bytes(text: string): SessionEffect[] {
    return this.input({ type: 'bytes', id: this.socket, bytes: vector(text) });
  }

  closed(code = 1006, reason = ''): SessionEffect[] {
    return this.input({ type: 'closed', id: this.socket, code, reason });
  }

  login(): SessionEffect[] {
    return this.answer(':9324/', LOGIN_ANSWER);
  }

  /** From nothing to a running session. */
  run(): this {
    this.start();
    this.login();
    if (this.session.settings.useWebSocket) {
      this.opened();
      this.bytes('~rt=a~e=0~t=1');
      this.bytes('~rt=n~e=4~t=1');
    } else this.answer('/Download', '~e=4');
    return this;
  }

  send(
    data: string,
    options: { awaited?: boolean; toSessionIds?: string[]; toNetworks?: string[]; mode?: SendMode } = {},
  ): number {
    const { awaited = true, toSessionIds = [], toNetworks = [], mode } = options;
    return this.session.send({ data, dataType: '', toNetworks, toSessionIds, mode }, awaited);
  }

  pump(): SessionEffect[] {
    return this.input({ type: 'wake' });
  }
}

/** Effects in short readable lines. */
export function lines(effects: readonly SessionEffect[]): string[] {
  return effects.map((effect) => {
    switch (effect.type) {
      case 'open':
        return `open ${effect.url}`;
      case 'transmit':
        return `${isUtf8(effect.bytes) ? 'text' : 'binary'} ${show(effect.bytes)}`;
      case 'post':
        return `post ${effect.url} ${show(effect.body)}`;
      case 'message':
        return `message ${effect.message.from} ${effect.message.dataType} ${show(effect.message.bytes)}`;
      case 'status':
        return showChange(effect.change);
      case 'error':
        return `error ${effect.code}`;
      case 'settled':
        return `settled ${effect.code}`;
      case 'gap':
        return `gap of ${effect.gap.count} (${effect.gap.reason})`;
      case 'close':
        return aborts.has(effect) ? 'abort' : 'close';
      default:
        return effect.type;
    }
  });
}

function showChange({ from, to, cause, retryInMs, resumed, replayed }: StatusChange): string {
  const retry = retryInMs === undefined ? '' : ` in ${retryInMs}`;
  const again = to === 'connected' && replayed > 0 ? ` replayed ${replayed}` : '';
  return `${from} > ${to} (${cause})${retry}${resumed ? ' resumed' : ''}${again}`;
}
