export const isHidden = (): boolean => globalThis.document?.visibilityState === 'hidden';

type Listen = (target: EventTarget | undefined, type: string, listener: () => void) => void;

/**
 * Follows the life of a page: `pagehide` lets the transport go (so that the page may enter the back-forward cache),
 * `pageshow`, `online` and becoming visible ask for it back. In a worker only `online` is there. No `unload`.
 */
export function watchPage(suspend: () => void, resume: () => void): () => void {
  const stops: (() => void)[] = [];
  const listen: Listen = (target, type, listener) => {
    target?.addEventListener?.(type, listener);
    stops.push(() => target?.removeEventListener?.(type, listener));
  };
  const page = globalThis as unknown as EventTarget & { document?: Document };
  listen(page, 'pagehide', suspend);
  listen(page, 'pageshow', resume);
  listen(page, 'online', resume);
  listen(page.document, 'visibilitychange', () => {
    if (!isHidden()) resume();
  });
  return () => {
    for (const stop of stops) stop();
  };
}
