import webifi = require('webifi');
import relayEntry = require('webifi/relay');

const device: webifi.Webifi = new webifi.Webifi({
  server: 'http://127.0.0.1:9324',
  connectName: 'c',
  connectPassword: 'p',
});
export const sent: Promise<unknown> = device.send('data', { toSessionIds: [device.getSessionId()] });
export const code = (error: webifi.WebifiError): number => error.code;
export const relay = relayEntry.createRelay({ accounts: [{ connectName: 'c', password: 'p' }] });

// Types that are missing become `any`, to which everything above would be right.
type IsAny<T> = 0 extends 1 & T ? true : false;
export const hasTypes: [IsAny<typeof webifi.Webifi>, IsAny<typeof relayEntry.createRelay>] = [false, false];
