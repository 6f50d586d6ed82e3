import { parseArgs } from 'node:util';
import { playSuite, WIDE } from './echo-client';
import { startEchoServer, WIDE_LIMITS } from './echo-server';

const USAGE = `Usage: node test/conformance/echo/run.mjs server [--port N] [--deflate]
       node test/conformance/echo/run.mjs client URL [--agent NAME] [--deflate]
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', default: '9001' },
    agent: { type: 'string', default: 'webifi' },
    deflate: { type: 'boolean', default: false },
  },
});
const [role, suite] = positionals;
if (role === 'server') {
  const { url } = await startEchoServer(Number(values.port), WIDE_LIMITS, values.deflate ? {} : undefined);
  process.stdout.write(`echo server on ${url}\n`);
} else if (role === 'client' && suite !== undefined) {
  const options = values.deflate ? { ...WIDE, perMessageDeflate: { threshold: 0 } } : WIDE;
  process.stdout.write(`${await playSuite(suite, values.agent, options)} cases played\n`);
} else {
  process.stderr.write(USAGE);
  process.exitCode = 2;
}
