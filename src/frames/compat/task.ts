import { callAsync, call, lastFacts, Logged } from './logged';

/** What a task ends with. @internal */
export type TaskResult = boolean | number | string | Uint8Array | null;

/** Names and numbers of the states of a task. @public */
export const TaskStatus = {
  empty: 1,
  loaded: 2,
  queued: 3,
  running: 4,
  canceled: 5,
  aborted: 6,
  completed: 7,
} as const;

/** A key of {@link TaskStatus}. @public */
export type TaskStatus = keyof typeof TaskStatus;

/** What a task does when it runs. @internal */
export interface TaskWork {
  /** The object that made the task. */
  readonly caller: Logged;
  readonly run: (signal: AbortSignal) => Promise<TaskResult>;
}

let lastId = 0;
let load: (task: Task, work: TaskWork) => void;
let callerOf: (task: Task) => Logged | undefined;

/** A call that is started later, waited for and cancelled; the `...Async` methods make it. @public */
export class Task extends Logged {
  /** Number of this task in this process. */
  readonly TaskId = ++lastId;
  /** For the application. */
  UserData = '';
  /** How often a callback could stop `Wait`; there are no callbacks here, and it has no effect. */
  HeartbeatMs = 0;
  /** Whether `ProgressInfoName` and `ProgressInfoValue` are kept; set it before `Run`. @defaultValue false */
  KeepProgressLog = false;
  #status: TaskStatus = 'empty';
  #work: TaskWork | undefined;
  #result: TaskResult = null;
  #errorText = '';
  #progress: (readonly [name: string, value: string])[] = [];
  readonly #controller = new AbortController();
  #finished: Promise<void> | undefined;

  static {
    load = (task, work) => {
      task.#work = work;
      task.#status = 'loaded';
    };
    callerOf = (task) => task.#work?.caller;
  }

  get Status(): TaskStatus {
    return this.#status;
  }

  /** Number of the state; see {@link TaskStatus}. */
  get StatusInt(): number {
    return TaskStatus[this.#status];
  }

  /** Whether it was not started. */
  get Inert(): boolean {
    return this.#status === 'empty' || this.#status === 'loaded';
  }

  /** Whether it is under way. */
  get Live(): boolean {
    return this.#status === 'queued' || this.#status === 'running';
  }

  /** Whether it is over, however it ended. */
  get Finished(): boolean {
    return !this.Inert && !this.Live;
  }

  /** `bool`, `int`, `string` or `bytes`; empty before the end. */
  get ResultType(): string {
    const result = this.#result;
    if (result === null) return '';
    if (typeof result === 'boolean') return 'bool';
    if (typeof result === 'number') return 'int';
    return typeof result === 'string' ? 'string' : 'bytes';
  }

  /** `LastErrorText` of the call. */
  get ResultErrorText(): string {
    return this.#errorText;
  }

  /** Whether the call ended with a result; for a boolean see {@link Task.GetResultBool}. */
  get TaskSuccess(): boolean {
    return this.#status === 'completed' && this.#result !== null && this.#result !== -1;
  }

  /** 100 once the call has ended with a result; 0 before, as a call for one frame has no parts to count. */
  get PercentDone(): number {
    return this.#status === 'completed' ? 100 : 0;
  }

  /** How many entries {@link Task.ProgressInfoName} has. */
  get ProgressLogSize(): number {
    return this.#progress.length;
  }

  /** What an entry is about: `status`, or a fact that `LastErrorText` of the call tells. @param index - From 0 on. */
  ProgressInfoName(index: number): string | null {
    return this.#progress[index]?.[0] ?? null;
  }

  /** What {@link Task.ProgressInfoName} was. @param index - From 0 on. */
  ProgressInfoValue(index: number): string | null {
    return this.#progress[index]?.[1] ?? null;
  }

  /** Starts the call; it goes on while the program does other things. */
  Run(): boolean {
    return call(this, 'Run', false, () => {
      const work = this.#work;
      if (work === undefined || this.#status !== 'loaded') {
        throw new TypeError(`A task is started once, when it is loaded; this one is ${this.#status}.`);
      }
      this.#enter('running');
      this.#finished = this.#finish(work);
      return true;
    });
  }

  /** @param maxWaitMs - 0 for no limit. @returns Whether the task is over. */
  async Wait(maxWaitMs: number): Promise<boolean> {
    return callAsync(this, 'Wait', false, async () => {
      const finished = this.#finished;
      if (finished === undefined) throw new TypeError('The task was not started.');
      await (maxWaitMs === 0 ? finished : withinTime(finished, maxWaitMs));
      return this.Finished;
    });
  }

  /** Ends a running call; the state changes once it has returned. A call that is quicker ends as completed. */
  Cancel(): boolean {
    return call(this, 'Cancel', false, () => {
      if (!this.Live) throw new TypeError(`Only a running task can be cancelled; this one is ${this.#status}.`);
      this.#controller.abort(new Error('The task was cancelled.'));
      return true;
    });
  }

  /** Resolves after so many milliseconds. */
  SleepMs(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** False before the end, too. */
  GetResultBool(): boolean {
    return this.#result === true;
  }

  /** 0 when the result is no number. */
  GetResultInt(): number {
    return typeof this.#result === 'number' ? this.#result : 0;
  }

  /** Null when the result is no string. */
  GetResultString(): string | null {
    return typeof this.#result === 'string' ? this.#result : null;
  }

  /** Null when the result is no row of bytes. */
  GetResultBytes(): Uint8Array | null {
    return this.#result instanceof Uint8Array ? this.#result : null;
  }

  async #finish({ caller, run }: TaskWork): Promise<void> {
    const { signal } = this.#controller;
    this.#result = await run(signal);
    this.#errorText = caller.LastErrorText;
    if (this.KeepProgressLog) this.#progress.push(...lastFacts(caller));
    this.#enter(signal.aborted && this.#result === false ? 'aborted' : 'completed');
  }

  #enter(status: TaskStatus): void {
    this.#status = status;
    if (this.KeepProgressLog) this.#progress.push(['status', status]);
  }
}

/** A task that is loaded. @internal */
export function makeTask(work: TaskWork): Task {
  const task = new Task();
  load(task, work);
  return task;
}

/** The object that made a task. @internal */
export function taskCaller(task: Task): Logged | undefined {
  return callerOf(task);
}

async function withinTime(finished: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([finished, timeUp]);
  clearTimeout(timer);
}
