import { Webifi, type WebifiError } from 'webifi';
import { createRelay } from 'webifi/relay';

const device: Webifi = new Webifi({
  server: 'http://127.0.0.1:9324',
  connectName: 'c',
  connectPassword: 'p',
});
export const sent: Promise<unknown> = device.send('data', { toSessionIds: [device.getSessionId()] });
export const code = (error: WebifiError): number => error.code;
export const relay = createRelay({ accounts: [{ connectName: 'c', password: 'p' }] });

// Types that are missing become `any`, to which everything above would be right.
type IsAny<T> = 0 extends 1 & T ? true : false;
export const hasTypes: [IsAny<typeof Webifi>, IsAny<typeof createRelay>] = [false, false];
