import { describe, expect, it, vi } from 'vitest';
import { Emitter } from '../../../src/client/emitter';

interface Events {
  count: number;
  word: string;
}

function emitterWithLog(): { emitter: Emitter<Events>; log: unknown[] } {
  return { emitter: new Emitter<Events>(), log: [] };
}

describe('events', () => {
  it('reach the listeners of their type, in the order these were added', () => {
    const { emitter, log } = emitterWithLog();
    emitter.on('count', (count) => log.push(['a', count]));
    emitter.on('word', (word) => log.push(['b', word]));
    emitter.on('count', (count) => log.push(['c', count]));
    emitter.emit('count', 1);
    expect(log).toEqual([
      ['a', 1],
      ['c', 1],
    ]);
  });

  it('the same function may be added twice and is taken back one at a time', () => {
    const { emitter, log } = emitterWithLog();
    const listener = (count: number): void => void log.push(count);
    const off = emitter.on('count', listener);
    emitter.on('count', listener);
    emitter.emit('count', 1);
    off();
    off();
    emitter.emit('count', 2);
    expect(log).toEqual([1, 1, 2]);
  });

  it('a listener may take itself back while it is called', () => {
    const { emitter, log } = emitterWithLog();
    const off = emitter.on('count', (count) => {
      log.push(count);
      off();
    });
    emitter.on('count', (count) => log.push(-count));
    emitter.emit('count', 1);
    emitter.emit('count', 2);
    expect(log).toEqual([1, -1, -2]);
  });

  it('a signal takes a listener back; one that has fired already adds none', () => {
    const { emitter, log } = emitterWithLog();
    const abort = new AbortController();
    emitter.on('count', (count) => log.push(count), abort.signal);
    emitter.on('count', (count) => log.push(count), AbortSignal.abort());
    emitter.emit('count', 1);
    abort.abort();
    emitter.emit('count', 2);
    expect(log).toEqual([1]);
  });

  it('a listener taken back leaves nothing on its signal', () => {
    const { emitter } = emitterWithLog();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    emitter.on('count', () => undefined, signal)();
    const listeners = ({ mock }: typeof added): unknown[] => mock.calls.map(([, listener]) => listener);
    expect(listeners(removed as typeof added)).toEqual(listeners(added));
  });

  it('a listener that throws stops no other, and its error surfaces by itself', () => {
    vi.useFakeTimers();
    try {
      const { emitter, log } = emitterWithLog();
      emitter.on('count', () => {
        throw new Error('mine');
      });
      emitter.on('count', (count) => log.push(count));
      emitter.emit('count', 1);
      expect(log).toEqual([1]);
      expect(() => vi.runAllTimers()).toThrow('mine');
    } finally {
      vi.useRealTimers();
    }
  });
});
