import { allTakenAnswer, deliveredAnswers } from './answers';
import type { CoreContext } from './core-context';
import type { Session } from './sessions';

/** Longest wait of an answer for something to ride with; an idle relay does not wait at all. */
const MAX_OWED_MS = 2;
/** Answers that wait for one session at most. */
const MAX_OWED = 64;

/**
 * Answers to messages that were delivered. They ride with the next thing that is written to the session; alone they go out
 * when the relay is idle, or has been busy for a while: they would cost as much as deliveries.
 */
export class OwedAnswers {
  /** Sessions with owed answers, some maybe told already, and since when the first of them waits. */
  #owing: Session[] = [];
  #sinceMs = Infinity;

  constructor(private readonly context: CoreContext) {}

  get isPending(): boolean {
    return this.#owing.length > 0;
  }

  /** @returns Whether no more may wait for this session. */
  add(session: Session): boolean {
    if (session.owedAnswers === 0) {
      if (this.#owing.length === 0) this.#sinceMs = this.context.nowMs;
      this.#owing.push(session);
    }
    session.owedAnswers += 1;
    return session.owedAnswers >= MAX_OWED;
  }

  /** Gives up waiting, if it is time. @param isIdle - Nothing was received since the last turn. */
  takeDue(isIdle: boolean): readonly Session[] {
    if (!isIdle && this.context.nowMs - this.#sinceMs < MAX_OWED_MS) return NOBODY;
    const sessions = this.#owing;
    this.#owing = [];
    this.#sinceMs = Infinity;
    return sessions;
  }
}

const NOBODY: readonly Session[] = [];

/** Puts the owed answers into the queue of a session. With the extension, one says it all. */
export function pushOwed(session: Session): void {
  const { resume, owedAnswers, queue } = session;
  if (owedAnswers === 0) return;
  session.owedAnswers = 0;
  if (resume === undefined) return queue.push(deliveredAnswers(owedAnswers));
  resume.told = resume.up.last;
  queue.push(allTakenAnswer(resume.told));
}
