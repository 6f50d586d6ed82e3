import type { StatusChange } from '../core/session-events';
import type { Emitter } from './emitter';
import type { WebifiEvents } from './events';
import type { ReceivedMessage } from './message';

/** Messages that may wait for a slow reader before its loop ends with an error. */
const MAX_UNREAD = 10_000;

/** Which messages a loop wants. @public */
export interface MessageFilter {
  dataType?: string;
  /** Session id of the sender. */
  from?: string;
  /** Ends the loop by throwing the signal's reason. */
  signal?: AbortSignal;
}

/** Messages for `for await`, from now on. What was received before the end is still given. */
export function messageStream(
  events: Emitter<WebifiEvents>,
  { dataType, from, signal }: MessageFilter,
): AsyncGenerator<ReceivedMessage, void> {
  const unread: ReceivedMessage[] = [];
  const over = new AbortController();
  let failure: Error | undefined;
  let wake = (): void => undefined;

  const finish = (error?: Error): void => {
    failure = error;
    over.abort();
    wake();
  };
  const aborted = (): void => {
    unread.length = 0;
    finish(signal?.reason as Error);
  };
  const receive = (message: ReceivedMessage): void => {
    if ((dataType ?? message.dataType) !== message.dataType || (from ?? message.from) !== message.from) return;
    if (unread.push(message) > MAX_UNREAD) finish(new RangeError(`${MAX_UNREAD} messages were not read in time.`));
    wake();
  };
  events.on('message', receive, over.signal);
  const follow = ({ to }: StatusChange): unknown => (to === 'closed' || to === 'failed') && finish();
  events.on('status', follow, over.signal);
  signal?.addEventListener('abort', aborted, over);
  if (signal?.aborted) aborted();

  async function* read(): AsyncGenerator<ReceivedMessage, void> {
    try {
      for (;;) {
        const message = unread.shift();
        if (message) yield message;
        else if (over.signal.aborted) break;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
      if (failure) throw failure;
    } finally {
      over.abort();
    }
  }
  return read();
}
