import { describe, expect, it, vi } from 'vitest';
import { SocketEnd } from '../../../src/frames/socket-end';

/** A queue that loses what the test says, and a clock that the test moves. */
function lab(bufferedAmount: number) {
  let timers = 0;
  let onTimer: (() => void) | undefined;
  let drained = (): void => undefined;
  const queue = {
    bufferedAmount,
    send: () => Promise.resolve(),
    drain: () => new Promise<void>((resolve) => (drained = resolve)),
  };
  const clock = {
    now: () => 0,
    setTimer: (run: () => void) => {
      timers += 1;
      onTimer = run;
      return () => void (onTimer = onTimer === run ? undefined : onTimer);
    },
  };
  const onTime = vi.fn();
  const end = new SocketEnd();
  const waited = end.wait(clock, 1000, queue, onTime);
  const isTimed = () => onTimer !== undefined;
  return {
    queue,
    onTime,
    end,
    waited,
    isTimed,
    drain: () => drained(),
    timers: () => timers,
    pass: () => onTimer?.(),
  };
}

describe('SocketEnd', () => {
  it('F-62: gives up when the time is over and all had left', () => {
    const { onTime, pass } = lab(0);
    pass();
    expect(onTime).toHaveBeenCalledOnce();
  });

  it('F-62: goes on waiting while what is in front of the Close leaves, and no longer', () => {
    const { queue, onTime, pass } = lab(300);
    for (const left of [200, 100]) {
      queue.bufferedAmount = left;
      pass();
    }
    expect(onTime).not.toHaveBeenCalled();
    pass();
    expect(onTime).toHaveBeenCalledOnce();
  });

  it('F-62: counts anew once the Close has left', async () => {
    const { queue, onTime, pass, drain, timers } = lab(300);
    queue.bufferedAmount = 0;
    drain();
    await Promise.resolve();
    expect(timers()).toBe(2);
    pass();
    expect(onTime).toHaveBeenCalledOnce();
  });

  it('leaves no timer behind when the end comes, nor when something leaves afterwards', async () => {
    const { end, waited, drain, isTimed } = lab(300);
    end.tell();
    await waited;
    drain();
    await Promise.resolve();
    expect(isTimed()).toBe(false);
  });
});
