import { createRelay, type RelayLimits } from '../../../src/relay';
import { loginBody } from '../../conformance/raw/raw-client';
import { post } from './http';
import type { RunningServer } from './relay';

const ACCOUNT = { connectName: 'bench', password: 'only for the bench' };

/** Our relay with an account. @param limits - In place of those that it has by default. */
export async function startWebifi(limits: Partial<RelayLimits> = {}): Promise<RunningServer> {
  const server = createRelay({ accounts: [ACCOUNT], ...limits });
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return { port, writes: () => server.stats().counters.socketWrites };
}

/** One request on a connection of its own, as from a device of its own. @returns The device id. */
export async function login(port: number): Promise<string> {
  const answer = await post(port, '/', loginBody(ACCOUNT, []));
  const id = /^~e=0~id=(\w+)~/.exec(answer)?.[1];
  if (id === undefined) throw new Error(`The login got ${answer}`);
  return id;
}
