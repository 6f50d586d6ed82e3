import { createRelay } from '../../../src/relay';
import type { Account, RelayOptions, RelayUnderTest } from './relay-under-test';

const FIXED_ACCOUNTS: readonly Account[] = [
  { connectName: 'home', password: 'pass~word' },
  { connectName: 'of~fice', password: 'another one' },
  { connectName: 'restricted', password: 'third', networks: ['allowed 1', 'allowed 2'] },
];

/** The one place where the suites meet our own code: starts our relay on a free port of the loopback address. */
export async function startOurRelay(options: RelayOptions = {}): Promise<RelayUnderTest> {
  const { extraAccounts = 0, ...limits } = options;
  const extra = Array.from({ length: extraAccounts }, (_, n) => ({
    connectName: `extra ${n}`,
    password: `word ${n}`,
  }));
  const accounts = [...FIXED_ACCOUNTS, ...extra];
  const relay = createRelay({ accounts, ...limits });
  const { port } = await relay.listen({ host: '127.0.0.1', port: 0 });
  return { host: '127.0.0.1', port, accounts, stop: () => relay.close() };
}
