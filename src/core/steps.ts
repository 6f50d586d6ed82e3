/** What the application sees of a session. @public */
export type State = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'closed' | 'failed';

export type SessionState =
  | 'idle'
  /** Asking the application for name and password. */
  | 'credentials'
  | 'login'
  /** Binding the session to a transport and setting its networks. */
  | 'attaching'
  | 'running'
  /** Leaving one transport for another, the session kept. */
  | 'moving'
  /** Between two attempts. */
  | 'waiting'
  /** The page is hidden away (back-forward cache). */
  | 'suspended'
  /** Asked to close; what is queued goes out first. */
  | 'flushing'
  | 'ending'
  | 'closed'
  | 'failed';

export type Happening =
  | 'start'
  | 'close'
  | 'credentials'
  | 'credentials-failed'
  | 'accepted'
  | 'refused'
  | 'login-failed'
  | 'attached'
  | 'lost'
  | 'gone'
  | 'move'
  | 'detached'
  | 'flushed'
  | 'ended'
  | 'suspend'
  | 'resume'
  /** There is no session to attach. */
  | 'relogin'
  /** The time set for this state is over. */
  | 'due';

export type Action =
  | 'askCredentials'
  | 'login'
  | 'attach'
  | 'run'
  | 'wait'
  | 'waitForSession'
  | 'detach'
  | 'drop'
  | 'flush'
  | 'end'
  | 'finish'
  | 'fail'
  | 'probe';

export interface Step {
  readonly to: SessionState;
  readonly run: readonly Action[];
}

type Steps = Readonly<Record<SessionState, Readonly<Partial<Record<Happening, Step>>>>>;

const step = (to: SessionState, ...run: Action[]): Step => ({ to, run });

const CLOSE = step('closed', 'drop', 'finish');
const SUSPEND = step('suspended', 'drop');
const RETRY = step('waiting', 'wait');
const ATTACH = step('attaching', 'attach');
const RELOGIN = step('credentials', 'askCredentials');

/**
 * Everything that can happen to a session, as data. A happening that a state does not name is ignored there: it is late
 * news from a transport that was let go, or a call that changes nothing.
 */
export const STEPS: Steps = {
  idle: {
    start: RELOGIN,
  },
  credentials: {
    credentials: step('login', 'login'),
    'credentials-failed': RETRY,
    close: CLOSE,
    suspend: SUSPEND,
  },
  login: {
    accepted: ATTACH,
    refused: step('failed', 'drop', 'fail'),
    'login-failed': RETRY,
    close: CLOSE,
    suspend: SUSPEND,
  },
  attaching: {
    relogin: RELOGIN,
    attached: step('running', 'run'),
    lost: RETRY,
    gone: step('waiting', 'waitForSession'),
    move: ATTACH,
    close: CLOSE,
    suspend: SUSPEND,
  },
  running: {
    lost: RETRY,
    gone: step('waiting', 'waitForSession'),
    move: step('moving', 'detach'),
    close: step('flushing', 'flush'),
    suspend: SUSPEND,
    resume: step('running', 'probe'),
  },
  moving: {
    detached: ATTACH,
    lost: ATTACH,
    gone: step('waiting', 'waitForSession'),
    close: CLOSE,
    suspend: SUSPEND,
  },
  waiting: {
    due: ATTACH,
    resume: ATTACH,
    close: CLOSE,
    suspend: SUSPEND,
  },
  suspended: {
    resume: ATTACH,
    close: CLOSE,
  },
  flushing: {
    flushed: step('ending', 'end'),
    due: step('ending', 'end'),
    lost: CLOSE,
    gone: CLOSE,
    suspend: CLOSE,
  },
  ending: {
    ended: CLOSE,
    lost: CLOSE,
    gone: CLOSE,
    due: CLOSE,
    suspend: CLOSE,
  },
  closed: {
    start: RELOGIN,
  },
  failed: {
    start: RELOGIN,
    close: step('closed', 'finish'),
  },
};

/** The state shown to the application; `undefined` means connecting, or reconnecting once it has been connected. */
export const SHOWN: Readonly<Record<SessionState, State | undefined>> = {
  idle: 'idle',
  credentials: undefined,
  login: undefined,
  attaching: undefined,
  running: 'connected',
  moving: undefined,
  waiting: undefined,
  suspended: undefined,
  flushing: 'connected',
  ending: 'connected',
  closed: 'closed',
  failed: 'failed',
};
