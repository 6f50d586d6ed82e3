import { inject } from 'vitest';
import { Webifi } from '../../../src/browser';
import { clientSuite } from './suite';

clientSuite({
  server: inject('relayUrl'),
  connectName: 'browser',
  connectPassword: 'browser-password',
  create: (options) => new Webifi(options),
});
