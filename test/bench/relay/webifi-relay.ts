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

/**
 * One request on a connection of its own, as from a device of its own.
 *
 * @returns The device id, and behind a blank the resume token when there is one.
 */
export async function login(port: number, extra: [string, string][] = []): Promise<string> {
  const answer = await post(port, '/', loginBody(ACCOUNT, extra));
  const [, id, token] = /^~e=0~id=(\w+)~(?:.*~xr=([^~]+))?/.exec(answer) ?? [];
  if (id === undefined) throw new Error(`The login got ${answer}`);
  return token === undefined ? id : `${id} ${token}`;
}
