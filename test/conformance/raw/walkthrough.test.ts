import { describe, expect, it } from 'vitest';
import { HOME, RESTRICTED, useRelay } from './relay-under-test';
import { startOurRelay } from './start-our-relay';
import { walkThrough } from './walkthrough';

describe('walkthrough', () => {
  const lab = useRelay(startOurRelay, { minDownloadTimeout: 1 });

  it('V-25 to V-49: a client over raw sockets meets every documented answer', async () => {
    const codes = await walkThrough({
      relay: lab.address,
      open: lab.account(HOME),
      restricted: lab.account(RESTRICTED),
      shortestPoll: 1,
    });
    const met = [...new Set(codes.values())].sort((a, b) => Number(a) - Number(b));
    expect(met).toEqual(['0', '1', '2', '4', '5', '7', '8', '12', '15', '16', '18']);
  });
});
