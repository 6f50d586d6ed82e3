import { appendFileSync } from 'node:fs';
import { factsOf, LogNode, LOG_ROOT, renderHtml, renderText, renderXml } from '../log-node';
import { tellError } from '../socket-errors';
import { VERSION } from '../version';

let setLast: (on: Logged, root: LogNode) => void;
let lastOf: (on: Logged) => LogNode;

/**
 * What every class here has: the story of the last call and whether it succeeded. Texts name methods, error codes and
 * sizes; no payload, password or header that could hold one.
 *
 * @public
 */
export class Logged {
  /** A file that each call of a method is added to: a line when it begins, the whole text when it is over. */
  DebugLogFilePath = '';
  /** Whether texts tell more. @defaultValue false */
  VerboseLogging = false;
  /** Whether the last method that can fail did not. Reading properties leaves it alone. */
  LastMethodSuccess = true;
  #last = new LogNode(LOG_ROOT);

  static {
    setLast = (on, root) => {
      on.#last = root;
    };
    lastOf = (on) => on.#last;
  }

  /** The story of the last call as HTML. */
  get LastErrorHtml(): string {
    return renderHtml(this.#last);
  }

  /** The story of the last call as indented lines; the last one in it is `Success.` or `Failed.` */
  get LastErrorText(): string {
    return renderText(this.#last);
  }

  /** The story of the last call as XML. */
  get LastErrorXml(): string {
    return renderXml(this.#last);
  }

  /** Version of this package. */
  get Version(): string {
    return VERSION;
  }
}

/** Does the work of a method that never throws. @param failure - What the method gives when it failed. @internal */
export function call<Result>(
  on: Logged,
  method: string,
  failure: Result,
  work: (log: LogNode) => Result,
): Result {
  const { root, log } = begin(on, method);
  let result = failure;
  try {
    result = work(log);
  } catch (error) {
    tellError(log, error);
  }
  finish(on, root, log, result !== failure);
  return result;
}

/** Like {@link call}, for work that waits. The promise never rejects. @internal */
export async function callAsync<Result>(
  on: Logged,
  method: string,
  failure: Result,
  work: (log: LogNode) => Promise<Result>,
): Promise<Result> {
  const { root, log } = begin(on, method);
  let result = failure;
  try {
    result = await work(log);
  } catch (error) {
    tellError(log, error);
  }
  finish(on, root, log, result !== failure);
  return result;
}

/** The facts that the last call told. @internal */
export function lastFacts(on: Logged): (readonly [name: string, value: string])[] {
  return factsOf(lastOf(on));
}

function begin(on: Logged, method: string): { root: LogNode; log: LogNode } {
  const root = new LogNode(LOG_ROOT, on.VerboseLogging);
  const log = root.child(method);
  log.fact('version', VERSION);
  log.fact('verboseLogging', on.VerboseLogging);
  if (on.VerboseLogging) log.fact('platform', `${process.platform} ${process.arch}, Node ${process.version}`);
  appendToFile(on, log, () => `${method}: begins\n`);
  return { root, log };
}

function finish(on: Logged, root: LogNode, log: LogNode, isSuccess: boolean): void {
  log.say(isSuccess ? 'Success.' : 'Failed.');
  on.LastMethodSuccess = isSuccess;
  setLast(on, root);
  appendToFile(on, log, () => renderText(root));
}

/** At once, so that the file is complete also when the process ends in the next moment. */
function appendToFile(on: Logged, log: LogNode, text: () => string): void {
  if (on.DebugLogFilePath === '') return;
  try {
    appendFileSync(on.DebugLogFilePath, text());
  } catch (error) {
    log.items.unshift({
      key: 'debugLogFile',
      value: `could not be written: ${error instanceof Error ? error.message : 'unknown'}`,
    });
  }
}
