import { afterAll } from 'vitest';
import { Webifi } from '../../../src/index';
import { createRelay } from '../../../src/relay';
import { clientSuite } from './suite';

const account = { connectName: 'home', password: 'pass~word' };
const relay = createRelay({ accounts: [account] });
const { url } = await relay.listen({ host: '127.0.0.1', port: 0 });
afterAll(() => relay.close());

clientSuite({
  server: url,
  connectName: account.connectName,
  connectPassword: account.password,
  create: (options) => new Webifi(options),
});
