import type { Post } from '../core/transport';

/** The part of an answer that is used here. */
interface AnswerLike {
  readonly status: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export type FetchFunction = (url: string, init: RequestInit) => Promise<AnswerLike>;

/** Largest answer body that node-fetch reads (its option `size`); browsers bound it by themselves. */
const MAX_ANSWER_BYTES = 66 * 1024 * 1024;

/** Posts with the given `fetch`. */
export function poster(fetchFunction: FetchFunction): Post {
  return async (url, body, signal, begun) => {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: body as Uint8Array<ArrayBuffer>,
      signal: signal as AbortSignal,
      // A bearer id in the body must not travel to where a redirect points (SEC-21), and no cookie is wanted (SEC-1).
      redirect: 'error' as const,
      credentials: 'omit' as const,
      cache: 'no-store' as const,
      size: MAX_ANSWER_BYTES,
    };
    const answer = await fetchFunction(url, init);
    begun();
    return { status: answer.status, body: new Uint8Array(await answer.arrayBuffer()) };
  };
}
