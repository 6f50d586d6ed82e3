// A relay in a process of its own: `node relay-child.mjs PORT [FOLDER]`, durable with a folder. It tells its port, and
// what it has used when asked.
import { createRelay, openDurable } from '../../src/relay';
import { ACCOUNT } from './peers/webifi';

const [, , ownPort, folder] = process.argv;
const relay = createRelay({
  accounts: [{ connectName: ACCOUNT.connectName, password: ACCOUNT.connectPassword }],
  // As `webifi relay` keeps it in a file.
  ...(folder === undefined ? { resumeKey: Buffer.alloc(32, 'lab') } : { durable: await openDurable(folder) }),
  // All clients of the lab come from one address.
  maxUnauthenticatedPerAddress: 20_000,
  maxSessionsPerAccount: 20_000,
});
process.on('disconnect', () => process.exit(0));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ rss: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 });
});
const { port } = await relay.listen({ host: '127.0.0.1', port: Number(ownPort) });
process.send?.(port);
