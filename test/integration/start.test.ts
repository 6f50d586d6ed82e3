import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { killPrograms, Program } from '../helpers/program';

const servers: Server[] = [];

afterEach(async () => {
  killPrograms();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** Takes a port for itself; undefined when another program has it already. */
async function occupy(port: number): Promise<number | undefined> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  const taken = await Promise.race([once(server, 'listening').then(() => true), once(server, 'error').then(() => false)]);
  if (!taken) return undefined;
  servers.push(server);
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : undefined;
}

function startDemo(...args: string[]): Program {
  return new Program(['scripts/start.mjs', ...args]);
}

/** What the demo has printed for a newcomer to use. */
async function announced(demo: Program) {
  await demo.prints(/Ctrl-C ends it\./);
  const [, address = ''] = /Page\s+(\S+)/.exec(demo.out) ?? [];
  const page = new URL(address);
  const [, password = ''] = /Connect password\s+(\S+)/.exec(demo.out) ?? [];
  const joins = [...demo.out.matchAll(/npm run chat -- (.*)/g)].map(([, join = '']) => join);
  return { page, password, joins };
}

/** The words of a printed command line as a shell would hand them over. */
function wordsOf(commandLine: string): string[] {
  return [...commandLine.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

describe('npm start', () => {
  it('serves the page and its parts, under rules that allow nothing inline (SEC-18)', async () => {
    const demo = startDemo('--port', '0');
    const { page } = await announced(demo);
    const answer = await fetch(page);
    expect(answer.status).toBe(200);
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/require-trusted-types-for 'script'/);
    expect(policy).not.toMatch(/unsafe-/);
    const html = await answer.text();
    const parts = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path = '']) => path);
    expect(parts).toEqual(expect.arrayContaining(['app.css', 'webifi.umd.min.js', 'app.js']));
    const script = await (await fetch(new URL('app.js', page))).text();
    const modules = [...script.matchAll(/from '\.\/([\w.]+)'/g)].map(([, path = '']) => path);
    for (const part of [...parts, ...modules]) expect((await fetch(new URL(part, page))).status, part).toBe(200);
  });

  it('prints lines to join with, over both transports, that work and find the simulated device', async () => {
    const demo = startDemo('--port', '0');
    const { joins } = await announced(demo);
    expect(joins).toHaveLength(2);
    expect(joins[1]).toBe(`${joins[0]} --transport polling`);
    for (const join of joins) {
      const chat = new Program(['dist/cli.cjs', 'chat', ...wordsOf(join)]);
      await chat.prints(/connected to/);
      chat.type('/list\n');
      await chat.prints(/Simulated thermometer {2}\(\d+\)/);
      chat.type('/to Simulated thermometer are you there\n');
      await chat.prints(/^Simulated thermometer \(echo\): are you there$/m);
      await chat.prints(/^Simulated thermometer \(temperature\): \d\d\.\d$/m);
      chat.endInput('quit\n');
      expect(await chat.exitCode()).toBe(0);
    }
  });

  it('SEC-29: has another random password each time, and refuses a wrong one', async () => {
    const demos = [startDemo('--port', '0'), startDemo('--port', '0')];
    const [one, two] = await Promise.all(demos.map(announced));
    expect(one?.password).toMatch(/^[0-9a-f]{20}$/);
    expect(two?.password).not.toBe(one?.password);
    expect(one?.page.hash).toContain(`connectPassword=${one?.password}`);
    const server = one?.page.origin ?? '';
    const chat = new Program(['dist/cli.cjs', 'chat', '--server', server, '--connect-name', 'demo', '--connect-password', two?.password ?? '']);
    expect(await chat.exitCode()).toBe(1);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends its relay and its device, with exit code 0, on %s', async (signal) => {
    const demo = startDemo('--port', '0');
    const { page } = await announced(demo);
    demo.process.kill(signal);
    expect(await demo.exitCode()).toBe(0);
    expect(demo.err).toBe('');
    await expect(fetch(page)).rejects.toThrow();
  });

  it('takes the next free port when 9324 is taken, and says so', async () => {
    await occupy(9324);
    const demo = startDemo();
    const { page } = await announced(demo);
    expect(Number(page.port)).toBeGreaterThan(9324);
    expect(demo.out).toContain(`Port 9324 is taken, so the relay listens on port ${page.port}.`);
  });

  it('ends with 1 and says what to do when the port that was asked for is taken', async () => {
    const port = await occupy(0);
    const demo = startDemo('--port', String(port));
    expect(await demo.exitCode()).toBe(1);
    expect(demo.err).toBe(`Port ${port} on 127.0.0.1 is taken; give another --port, or none.\n`);
  });

  it.each([
    ['a port that is none', ['--port', 'x'], /--port must be a number/],
    ['a port out of range', ['--port', '65536'], /--port must be a number/],
    ['an unknown option', ['--prot', '1'], /--prot.*\nUsage: npm start/s],
    ['a host that is not of this machine', ['--port', '0', '--host', '192.0.2.1'], /192\.0\.2\.1/],
  ])('ends with 1 for %s', async (_what, args, pattern) => {
    const demo = startDemo(...args);
    expect(await demo.exitCode()).toBe(1);
    expect(demo.err).toMatch(pattern);
  });

  it('honours --host, and prints an address that works on this machine', async () => {
    const demo = startDemo('--port', '0', '--host', '0.0.0.0');
    const { page } = await announced(demo);
    expect(page.hostname).toBe('127.0.0.1');
    expect((await fetch(page)).status).toBe(200);
    await demo.prints(/Other machines can reach this relay too/);
  });
});
