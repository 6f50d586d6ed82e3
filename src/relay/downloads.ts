import { ErrorCode } from '../core/errors';
import { codeAnswer } from './answers';
import { type CoreContext, HeldAnswer } from './core-context';
import type { Session } from './sessions';

/** The `/Download` requests that are held open. */
export class Downloads {
  readonly #owners = new Map<number, Session>();
  readonly #held = new Map<number, HeldAnswer>();

  constructor(private readonly context: CoreContext) {}

  get size(): number {
    return this.#owners.size;
  }

  owners(): IterableIterator<Session> {
    return this.#owners.values();
  }

  /** Holds a request open until there is something for it. The session has no other. */
  hold(session: Session, request: number, counter: number | undefined, timeout: number): void {
    const { nowMs, deadlines, effects } = this.context;
    session.download = { request, counter, dueAtMs: nowMs + timeout * 1000 };
    this.#owners.set(request, session);
    deadlines.schedule(session);
    effects.push({ type: 'held', request });
  }

  /** Answers the pending download of a session, if there is one, with a code. */
  end(session: Session, code: number): void {
    const request = this.#release(session);
    if (request !== undefined) this.context.answer(request, codeAnswer(session, code));
  }

  /** Answers the pending download of a session with data. */
  answer(session: Session, body: Uint8Array): void {
    const request = this.#release(session);
    if (request === undefined) return;
    this.context.counters.downloadsAnswered += 1;
    this.context.answer(request, body);
  }

  /** The connection of a request is gone (P-113). */
  abort(request: number): void {
    this.#held.delete(request);
    const session = this.#owners.get(request);
    if (session !== undefined) this.#release(session);
  }

  /** Answers with an error, but not at once: clients repeat a failed download within 0.1 s (P-13). */
  holdError(request: number, code: number): void {
    const { nowMs, limits, deadlines } = this.context;
    const held = new HeldAnswer(request, code, nowMs + limits.heldErrorMs);
    this.#held.set(request, held);
    deadlines.schedule(held);
  }

  answerHeld(held: HeldAnswer): void {
    held.dueAtMs = Infinity;
    if (this.#held.delete(held.request)) this.context.answer(held.request, codeAnswer(undefined, held.code));
  }

  /** Ends all that wait, with 15. */
  endAll(): void {
    for (const session of [...this.#owners.values()]) this.end(session, ErrorCode.DOWNLOAD_CANCELLED);
    for (const held of [...this.#held.values()]) this.answerHeld(held);
  }

  #release(session: Session): number | undefined {
    const { download } = session;
    if (download === undefined) return undefined;
    session.download = undefined;
    this.#owners.delete(download.request);
    if (session.state === 'polling') session.enter('polling', this.context.limits, this.context.nowMs);
    this.context.deadlines.schedule(session);
    return download.request;
  }
}
