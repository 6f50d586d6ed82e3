import { describe, expect, it } from 'vitest';
import { resolveLimits, type FrameLimits } from '../../../src/frames/limits';

const DEFAULTS: FrameLimits = {
  maxFrameSize: 1_048_576,
  maxMessageSize: 1_048_576,
  maxFragments: 64,
  maxBufferedChunks: 1_024,
  maxQueuedPings: 60,
};

describe('frame limits', () => {
  it('SEC-13: there is a finite default for each, also for undefined', () => {
    const nothing = Object.fromEntries(
      Object.keys(DEFAULTS).map((name) => [name, undefined]),
    ) as Partial<FrameLimits>;
    expect(resolveLimits()).toEqual(DEFAULTS);
    expect(resolveLimits(nothing)).toEqual(DEFAULTS);
  });

  it('each can be set, also to none', () => {
    for (const name of Object.keys(DEFAULTS) as (keyof FrameLimits)[]) {
      for (const value of [1, 65_537, Infinity])
        expect(resolveLimits({ [name]: value })).toEqual({ ...DEFAULTS, [name]: value });
    }
  });

  it.each([0, -1, 1.5, NaN, -Infinity, 2 ** 53, '10', true, {}, 10n])(
    'SEC-13: %s is refused for each',
    (value) => {
      for (const name of Object.keys(DEFAULTS)) {
        expect(() => resolveLimits({ [name]: value })).toThrow(new RegExp(`${name} is`));
      }
    },
  );
});
