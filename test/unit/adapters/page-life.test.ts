import { afterEach, describe, expect, it, vi } from 'vitest';
import { watchPage } from '../../../src/adapters/page-life';

/** Makes the global object a page, as far as its life is concerned. */
function stubPage(visibilityState?: string): { page: EventTarget; document: EventTarget } {
  const page = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState });
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  if (visibilityState) vi.stubGlobal('document', document);
  return { page, document };
}

function watch(): { log: string[]; stop: () => void } {
  const log: string[] = [];
  const stop = watchPage(
    () => log.push('suspend'),
    () => log.push('resume'),
  );
  return { log, stop };
}

afterEach(() => vi.unstubAllGlobals());

describe('page life', () => {
  it.each([
    ['pagehide', ['suspend']],
    ['pageshow', ['resume']],
    ['online', ['resume']],
    ['unload', []],
    ['beforeunload', []],
  ])('%s: %j', (type, expected) => {
    const { page } = stubPage('visible');
    const { log, stop } = watch();
    page.dispatchEvent(new Event(type));
    expect(log).toEqual(expected);
    stop();
    page.dispatchEvent(new Event(type));
    expect(log).toEqual(expected);
  });

  it.each([
    ['visible', ['resume']],
    ['hidden', []],
  ])('visibilitychange to %s: %j', (state, expected) => {
    const { document } = stubPage(state);
    const { log, stop } = watch();
    document.dispatchEvent(new Event('visibilitychange'));
    stop();
    document.dispatchEvent(new Event('visibilitychange'));
    expect(log).toEqual(expected);
  });

  it('a worker has no document, and other worlds have no events at all', () => {
    const { page } = stubPage();
    const { log, stop } = watch();
    page.dispatchEvent(new Event('online'));
    stop();
    expect(log).toEqual(['resume']);
    vi.unstubAllGlobals();
    expect(() => watchPage(() => undefined, () => undefined)()).not.toThrow();
  });
});
