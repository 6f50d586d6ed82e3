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

/** What a stream needs of its device: messages as they come, and word of its end. */
export interface MessageSource {
  onMessage(listener: (message: ReceivedMessage) => void): () => void;
  onEnd(listener: () => void): () => void;
}

/** Messages for `for await`. What was received before the end is still given. */
export function messageStream(source: MessageSource, filter: MessageFilter): AsyncIterableIterator<ReceivedMessage> {
  const unread: ReceivedMessage[] = [];
  let finished = false;
  let failure: { error: unknown } | undefined;
  let wake: (() => void) | undefined;
  const { signal } = filter;

  const finish = (error?: { error: unknown }): void => {
    if (finished) return;
    finished = true;
    failure = error;
    offMessage();
    offEnd();
    signal?.removeEventListener('abort', aborted);
    wake?.();
  };
  const aborted = (): void => {
    unread.length = 0;
    finish({ error: signal?.reason });
  };
  const offMessage = source.onMessage((message) => {
    if (filter.dataType !== undefined && message.dataType !== filter.dataType) return;
    if (filter.from !== undefined && message.from !== filter.from) return;
    if (unread.push(message) > MAX_UNREAD) {
      finish({ error: new RangeError(`${MAX_UNREAD} messages were not read in time; read faster or filter more.`) });
    }
    wake?.();
  });
  const offEnd = source.onEnd(() => finish());
  if (signal?.aborted) aborted();
  else signal?.addEventListener('abort', aborted);

  return {
    async next() {
      while (unread.length === 0 && !finished) await new Promise<void>((resolve) => (wake = resolve));
      const value = unread.shift();
      if (value) return { done: false, value };
      const { error } = failure ?? {};
      if (failure) {
        failure = undefined;
        throw error;
      }
      return { done: true, value: undefined };
    },
    return() {
      unread.length = 0;
      finish();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
