import { Webifi, type WebifiError } from 'webifi';
import { createRelay } from 'webifi/relay';
import { createPair, type VirtualClock } from 'webifi/testing';

const device: Webifi = new Webifi({
  server: 'http://127.0.0.1:9324',
  connectName: 'c',
  connectPassword: 'p',
});
export const sent: Promise<unknown> = device.send('data', { toSessionIds: [device.getSessionId()] });
export const code = (error: WebifiError): number => error.code;
export const relay = createRelay({ accounts: [{ connectName: 'c', password: 'p' }] });

export const clock: Promise<VirtualClock> = createPair().then((pair) => pair.clock);

// Types that are missing become `any`, to which everything above would be right.
type IsAny<T> = 0 extends 1 & T ? true : false;
export const hasTypes: [IsAny<typeof Webifi>, IsAny<typeof createRelay>, IsAny<typeof createPair>] = [false, false, false];
