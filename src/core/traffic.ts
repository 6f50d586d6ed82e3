import { parseBody, type Fields } from './codec';
import { ErrorCode } from './errors';
import { MAX_ANSWER_SIZE, readCode } from './messages';

/** What happened on a transport. */
export type TransportEvent =
  | { type: 'opened'; id: number }
  | { type: 'bytes'; id: number; bytes: Uint8Array }
  | { type: 'closed'; id: number; code: number; reason: string }
  /** The answer to a request has begun to come. */
  | { type: 'begun'; id: number }
  /** A request has ended; status 0 when the relay was not reached. */
  | { type: 'answer'; id: number; status: number; body: Uint8Array };

/** What is wanted of a transport. */
export type TransportEffect =
  | { type: 'open'; id: number; url: string }
  | { type: 'transmit'; id: number; bytes: Uint8Array }
  | { type: 'post'; id: number; url: string; body: Uint8Array }
  /** Lets a socket or a request go. */
  | { type: 'close'; id: number };

/**
 * Takes the outcome of a request: the code of the answer, 20 without one, 26 when the body was too large for somebody on
 * the way, 3 for an answer that cannot be read, undefined when the time was over.
 */
export type Done = (code: number | undefined, fields: Fields | undefined) => void;

/** How long an answer may come in, once it has begun. */
const BODY_TIMEOUT_MS = 60_000;

type Listener = (event: TransportEvent) => void;

/** All that a session has under way: its socket, its requests, and the times it waits for. */
export class Traffic {
  now = 0;
  readonly counters = { upload: 0, download: 0 };
  /** Downloads asked for; goes on from session to session (section 6.1). */
  polls = 0;
  readonly #effects: { push(effect: TransportEffect): unknown };
  readonly #open = new Map<number, { listener: Listener; isKept: boolean }>();
  /** By name; the time limit of a request has the request's id. */
  readonly #timers = new Map<string | number, { due: number; call: () => void }>();
  #lastId = 0;

  constructor(effects: { push(effect: TransportEffect): unknown }) {
    this.#effects = effects;
  }

  open(url: string, listener: Listener): number {
    const id = this.#add(listener, false);
    this.#effects.push({ type: 'open', id, url });
    return id;
  }

  transmit(id: number, bytes: Uint8Array): void {
    this.#effects.push({ type: 'transmit', id, bytes });
  }

  /** @param isKept - Left to arrive when all else is let go. */
  post(url: string, body: Uint8Array, timeoutMs: number, done: Done, isKept = false): number {
    const timeUp = (): void => {
      this.letGo(id);
      done(undefined, undefined);
    };
    const id = this.#add((event) => {
      if (event.type === 'begun') return this.after(id, BODY_TIMEOUT_MS, timeUp);
      this.#open.delete(id);
      this.stop(id);
      if (event.type === 'answer') readAnswer(event.status, event.body, done);
    }, isKept);
    this.after(id, timeoutMs, timeUp);
    this.#effects.push({ type: 'post', id, url, body });
    return id;
  }

  /** Calls `call` in `ms`, unless the timer of this name is set anew or stopped before. */
  after(name: string | number, ms: number, call: () => void): void {
    this.#timers.set(name, { due: this.now + ms, call });
  }

  /** Like `after`, but a time set before stands when it is earlier. */
  within(name: string, ms: number, call: () => void): void {
    const timer = this.#timers.get(name);
    if (!timer || timer.due > this.now + ms) this.after(name, ms, call);
  }

  stop(name: string | number): void {
    this.#timers.delete(name);
  }

  get deadline(): number | undefined {
    let first = Infinity;
    for (const { due } of this.#timers.values()) first = Math.min(first, due);
    return first === Infinity ? undefined : first;
  }

  wake(): void {
    for (const [name, { due, call }] of this.#timers) {
      if (due <= this.now && this.#timers.delete(name)) call();
    }
  }

  /** Events of a socket or request that was let go are not for anybody. */
  input(event: TransportEvent): void {
    this.#open.get(event.id)?.listener(event);
  }

  /** Lets everything go. */
  clear(): void {
    for (const id of this.#open.keys()) this.letGo(id);
    this.#timers.clear();
  }

  #add(listener: Listener, isKept: boolean): number {
    this.#open.set(++this.#lastId, { listener, isKept });
    return this.#lastId;
  }

  /** Closes a socket or gives up a request; its events are for nobody from now on. */
  letGo(id: number): void {
    if (!this.#open.get(id)?.isKept) this.#effects.push({ type: 'close', id });
    this.#open.delete(id);
  }
}

function readAnswer(status: number, body: Uint8Array, done: Done): void {
  if (status !== 200) return done(status === 413 ? ErrorCode.TOO_LARGE : ErrorCode.UNREACHABLE, undefined);
  const fields = parseBody(body, { maxSize: MAX_ANSWER_SIZE });
  done((fields.fault ? undefined : readCode(fields)) ?? ErrorCode.INVALID_ANSWER, fields);
}
