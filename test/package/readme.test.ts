import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type * as clientEntry from '../../src/index';
import type * as relayEntry from '../../src/relay';
import { startFramesPeer } from '../config/frames-peer';
import { startEchoServer } from '../conformance/echo/echo-server';
import { startHttpProxy } from '../conformance/frames-client/proxies';
import { useSshd } from '../conformance/real-parts/ssh';
import { hasChromium, launchChromium } from '../helpers/chromium';
import { describeWith, partUser } from '../helpers/part';
import { killPrograms, Program } from '../helpers/program';
import { consumerFolder, consumerRequire } from './tarball';

// The manual's examples as a reader would run them: copied out of README.md, against the packed package. What is
// changed: the port, since the usual one may be taken, and --host, since nothing here may be reached from outside.

const { Webifi } = consumerRequire('webifi') as typeof clientEntry;
const { createRelay } = consumerRequire('webifi/relay') as typeof relayEntry;
const manifest = consumerRequire('webifi/package.json') as { bin: { webifi: string } };
const program = join(consumerFolder, 'node_modules/webifi', manifest.bin.webifi);

const ACCOUNT = { connectName: 'home', connectPassword: 'correct horse' };
const NETWORK = 'network 1';

const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', code = '']) => ({
  language,
  code,
}));
/** Examples that are files, by the name in their first line. */
const files = new Map(
  blocks.flatMap(({ code }) => {
    const name = /^(?:\/\/|<!--) (\S+\.\w+)/.exec(code)?.[1];
    return name === undefined ? [] : [[name, code] as const];
  }),
);
const commands = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ code }) => code.trim().split('\n'));

let relay: relayEntry.Relay;
let url: string;
const devices: clientEntry.Webifi[] = [];
const servers: Server[] = [];

beforeAll(async () => {
  relay = createRelay({
    accounts: [{ connectName: ACCOUNT.connectName, password: ACCOUNT.connectPassword }],
  });
  ({ url } = await relay.listen({ host: '127.0.0.1', port: 0 }));
});

afterEach(async () => {
  await Promise.all(devices.splice(0).map((device) => device.close()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  killPrograms();
});

afterAll(() => relay.close());

/** A folder inside the consumers' one, from which the packed package is found. */
const freshFolder = (): string => mkdtempSync(join(consumerFolder, 'readme-'));

/** Writes one example into a folder. */
function example(name: string, folder: string, server = url): string {
  const code = files.get(name);
  if (code === undefined) throw new Error(`README.md has no example ${name}.`);
  const path = join(folder, name);
  writeFileSync(path, code.replaceAll('http://127.0.0.1:9324', server).replaceAll('9324', '0'));
  return path;
}

function runExample(name: string, { env = {}, server = url, folder = freshFolder() } = {}): Program {
  return new Program([example(name, folder, server)], env, folder);
}

async function openDevice(name: string, server = url): Promise<clientEntry.Webifi> {
  const device = new Webifi({ server, ...ACCOUNT, networkNames: [NETWORK], name });
  devices.push(device);
  device.start();
  await device.ready();
  return device;
}

/** Resolves with the session id of a device once it can be found. */
async function find(device: clientEntry.Webifi, name: string): Promise<string> {
  let sessionId: string | undefined;
  const look = async (): Promise<string | undefined> => {
    sessionId = (await device.discover({ waitMs: 100 })).find((found) => found.name === name)?.sessionId;
    return sessionId;
  };
  await expect.poll(look, { timeout: 20_000 }).toBeDefined();
  return sessionId ?? '';
}

/** Runs one command line of the manual, `npx webifi` being the packed program. */
function runCommand(
  line: string,
  folder: string,
  env: Record<string, string> = {},
  more: readonly string[] = [],
): Program {
  const words = (line.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replaceAll('"', ''));
  const start = words.indexOf('npx');
  const given = Object.fromEntries(words.slice(0, start).map((word) => word.split('=') as [string, string]));
  expect(words[start + 1]).toBe('webifi');
  return new Program([program, ...words.slice(start + 2), ...more], { ...given, ...env }, folder);
}

const commandsOf = (command: string): string[] =>
  commands.filter((line) => line.includes(`npx webifi ${command}`));
const onLoopback = ['--host', '127.0.0.1', '--port', '0'];

async function serve(files: ReadonlyMap<string, { type: string; body: string | Buffer }>): Promise<string> {
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    if (file === undefined) response.writeHead(404).end();
    else response.setHeader('content-type', file.type).end(file.body);
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('examples of README.md', () => {
  it('are all tested here', () => {
    const tested = [
      'page.html',
      'page.js',
      'sender.mjs',
      'listener.cjs',
      'relay.mjs',
      'own-server.mjs',
      'glance.mjs',
      'console.mjs',
      'careful.mjs',
      'frames.mjs',
      'ssh.mjs',
      'page-frames.js',
      'faults.mjs',
    ];
    expect([...files.keys()]).toEqual(tested);
    const others = blocks.filter(({ code }) => !/^(?:\/\/|<!--) /.test(code)).map(({ language }) => language);
    expect(new Set(others)).toEqual(new Set(['sh', 'nginx']));
    // What `npm start` does is in test/integration/start.test.ts; `npm test` runs this.
    expect(commands.filter((line) => !line.includes('npx webifi '))).toEqual(['npm start', 'npm test']);
  });

  it('sender.mjs and listener.cjs: a message goes from one to the other, and the sender ends', async () => {
    const listener = runExample('listener.cjs');
    await find(await openDevice('Finder'), 'Listener');
    const sender = runExample('sender.mjs');
    await listener.prints(/^\d+ {2}hello$/m);
    expect([await sender.exitCode(), sender.err]).toEqual([0, '']);
  });

  it('glance.mjs: states, discovery, a message to one device, code 2', async () => {
    const other = await openDevice('Lamp');
    const received = new Promise<string>((resolve) =>
      other.on('message', ({ dataType, data }) => resolve(`${dataType} ${data}`)),
    );
    const glance = runExample('glance.mjs');
    expect(await received).toBe('celsius 21.5');
    expect([await glance.exitCode(), glance.err]).toEqual([0, '']);
    const lines = [
      'idle -> connecting',
      'connecting -> connected',
      'sent to Lamp',
      'nobody is there',
      'connected -> closed',
    ];
    expect(glance.out.trim().split('\n')).toEqual(lines);
  });

  it('console.mjs: sends what is typed, prints what arrives, ends with quit', async () => {
    const other = await openDevice('Other');
    const received = new Promise<string>((resolve) => other.on('message', ({ data }) => resolve(data)));
    const started = runExample('console.mjs');
    started.type('typed\n');
    expect(await received).toBe('typed');
    await started.prints(/^connected$/m);
    await other.send('answer', { toSessionIds: [await find(other, 'Console')] });
    await started.prints(new RegExp(`^${other.getSessionId()}: answer$`, 'm'));
    started.endInput('quit\n');
    expect([await started.exitCode(), started.err]).toEqual([0, '']);
  });

  it('careful.mjs: a message that its receiver has acknowledged', async () => {
    // Sessions of programs that were killed would be receivers too.
    const own = createRelay({ accounts: [{ connectName: ACCOUNT.connectName, password: ACCOUNT.connectPassword }] });
    try {
      const server = (await own.listen({ host: '127.0.0.1', port: 0 })).url;
      const other = await openDevice('Other', server);
      const received = new Promise<string>((resolve) => other.on('message', ({ data }) => resolve(data)));
      const careful = runExample('careful.mjs', { server });
      expect(await received).toBe('the door is open');
      expect([await careful.exitCode(), careful.err]).toEqual([0, '']);
      expect(careful.out).toBe('all have it resume\n');
      await Promise.all(devices.splice(0).map((device) => device.close()));
    } finally {
      await own.close();
    }
  });

  it('frames.mjs: a message in two frames through a proxy, and back', async () => {
    const echo = await startEchoServer();
    const proxy = await startHttpProxy({ to: Number(new URL(echo.url).port) });
    try {
      const folder = freshFolder();
      const env = { http_proxy: `http://127.0.0.1:${proxy.port}`, no_proxy: '' };
      const started = new Program([example('frames.mjs', folder), 'ws://echo.example/'], env, folder);
      expect([await started.exitCode(), started.err]).toEqual([0, '']);
      expect(started.out).toBe('Text first part, last part\n');
      expect(proxy.asked.map(({ target }) => target)).toEqual(['echo.example:80']);
    } finally {
      await proxy.stop();
      await echo.stop();
    }
  });

  it('faults.mjs: a message in simulated time, and a link that comes back', async () => {
    const faults = runExample('faults.mjs');
    expect([await faults.exitCode(), faults.err]).toEqual([0, '']);
    expect(faults.out).toMatch(/^hello\nback at \d s\n$/);
  });

  it('relay.mjs: a relay that lets the account in and ends with SIGTERM', async () => {
    const started = runExample('relay.mjs');
    const [, server] = await started.prints(/^listening on (http:\/\/127\.0\.0\.1:\d+)$/m);
    await openDevice('Device', server);
    await Promise.all(devices.splice(0).map((device) => device.close()));
    started.process.kill('SIGTERM');
    expect([await started.exitCode(), started.err]).toEqual([0, '']);
  });

  it('own-server.mjs: the relay beside a page of its own, with the accounts of a file', async () => {
    const folder = freshFolder();
    const add = runCommand(commandsOf('account add home')[0] ?? '', folder, {
      WEBIFI_PASSWORD: ACCOUNT.connectPassword,
    });
    expect([await add.exitCode(), add.err]).toEqual([0, '']);
    const path = example('own-server.mjs', folder);
    writeFileSync(path, "server.on('listening', () => console.log(`port ${server.address().port}`));\n", {
      flag: 'a',
    });
    const started = new Program([path], {}, folder);
    const [, port] = await started.prints(/^port (\d+)$/m);
    const server = `http://127.0.0.1:${port}`;
    expect(await (await fetch(`${server}/anything`)).text()).toBe('my own page');
    const device = await openDevice('Device', server);
    device.setUseWebSocket(false);
    await device.send('over long polling');
    expect(started.err).toBe('');
  });
});

describeWith('sshd')('examples of README.md over SSH', () => {
  const sshd = useSshd();

  it('ssh.mjs: a message through the gate and back', async () => {
    const packages = join(consumerFolder, 'node_modules');
    const echo = await startEchoServer();
    try {
      const folder = freshFolder();
      const path = example('ssh.mjs', folder);
      const place = `host: '127.0.0.1', port: ${sshd.part().port},`;
      const code = readFileSync(path, 'utf8')
        .replace("host: 'gate.example',", place)
        .replace("'me'", `'${partUser}'`)
        .replace('ws://inside.example/', echo.url);
      writeFileSync(path, code);
      writeFileSync(join(folder, 'gate.pub'), sshd.hostKey);
      writeFileSync(join(folder, 'id_ed25519'), sshd.privateKey);
      symlinkSync(
        dirname(createRequire(import.meta.url).resolve('ssh2/package.json')),
        join(packages, 'ssh2'),
      );
      const started = new Program([path], {}, folder);
      expect([await started.exitCode(), started.err]).toEqual([0, '']);
      expect(started.out).toBe('hello\n');
    } finally {
      rmSync(join(packages, 'ssh2'), { force: true });
      await echo.stop();
    }
  });
});

describe('command lines of README.md', () => {
  it('relay: starts, lets the account in, serves the page', async () => {
    const started = runCommand(commandsOf('relay --account')[0] ?? '', freshFolder(), {}, onLoopback);
    const [, server = ''] = await started.prints(/^listening on (\S+)$/m);
    await openDevice('Device', server);
    expect(await (await fetch(server)).text()).toContain('<title>Webifi demo</title>');
    expect((await fetch(`${server}/webifi.umd.min.js`)).status).toBe(200);
    for (const path of ['healthz', 'readyz', 'metrics'])
      expect((await fetch(`${server}/${path}`)).status).toBe(200);
    await Promise.all(devices.splice(0).map((device) => device.close()));
    started.process.kill('SIGTERM');
    expect(await started.exitCode()).toBe(0);
  });

  it('account: each line does what it says, in this order', async () => {
    const folder = freshFolder();
    const outputs: string[] = [];
    for (const line of commandsOf('account')) {
      const done = runCommand(line, folder, { WEBIFI_PASSWORD: 'correct horse' });
      expect([line, await done.exitCode(), done.err]).toEqual([line, 0, '']);
      outputs.push(done.out);
    }
    expect(outputs).toEqual([
      'added "home" to webifi-accounts.json\n',
      'added "guest" to webifi-accounts.json\n',
      'home\t(all networks)\nguest\tlobby, network 1\n',
      'changed the password of "home" in webifi-accounts.json\n',
      'removed "guest" from webifi-accounts.json\n',
    ]);
    expect(readFileSync(join(folder, 'webifi-accounts.json'), 'utf8')).not.toContain('correct horse');
  });

  it('chat: joins, and ends with quit', async () => {
    const other = await openDevice('Other');
    const received = new Promise<string>((resolve) => other.on('message', ({ data }) => resolve(data)));
    const chat = runCommand(commandsOf('chat')[0] ?? '', freshFolder(), { WEBIFI_SERVER: url });
    chat.type('hello from the terminal\n');
    expect(await received).toBe('hello from the terminal');
    await other.send('hello back');
    await chat.prints(/hello back/);
    chat.endInput('quit\n');
    expect(await chat.exitCode()).toBe(0);
  });

  it('TLS: refuses plain clients, and serves those that trust the certificate', async () => {
    const folder = freshFolder();
    const extensions = [
      { name: 'subjectAltName' as const, altNames: [{ type: 7 as const, ip: '127.0.0.1' }] },
    ];
    const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
      extensions,
    });
    writeFileSync(join(folder, 'cert.pem'), cert);
    writeFileSync(join(folder, 'key.pem'), key);
    const add = runCommand(commandsOf('account add home')[0] ?? '', folder, {
      WEBIFI_PASSWORD: ACCOUNT.connectPassword,
    });
    expect(await add.exitCode()).toBe(0);
    const started = runCommand(
      commands.find((line) => line.includes('--tls-cert')) ?? '',
      folder,
      {},
      onLoopback,
    );
    const [, server = ''] = await started.prints(/^listening on (https:\S+)$/m);
    expect((await fetch(server.replace('https:', 'http:'), { method: 'POST', body: '~p=1' })).status).toBe(
      403,
    );
    const sender = runExample('sender.mjs', {
      server,
      env: { NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') },
    });
    expect([await sender.exitCode(), sender.err]).toEqual([0, '']);
  });
});

describe.skipIf(!hasChromium)('examples of README.md in Chromium', () => {
  const html = { type: 'text/html; charset=utf-8' };
  const script = { type: 'text/javascript; charset=utf-8' };

  async function expectMessageOn(page: string, name: string): Promise<void> {
    const browser = await launchChromium();
    try {
      const tab = await browser.newPage();
      const errors: string[] = [];
      tab.on('pageerror', (error) => errors.push(String(error)));
      await tab.goto(page, { waitUntil: 'load' });
      const device = await openDevice('Sender');
      await device.send('hello page', { toSessionIds: [await find(device, name)] });
      await tab.waitForFunction(() => document.body.textContent?.includes('hello page'));
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
    }
  }

  it('page.html: the script tag', async () => {
    const folder = freshFolder();
    copyFileSync(consumerRequire.resolve('webifi/umd'), join(folder, 'webifi.umd.min.js'));
    const page = await serve(
      new Map([
        ['/page.html', { ...html, body: readFileSync(example('page.html', folder)) }],
        ['/webifi.umd.min.js', { ...script, body: readFileSync(join(folder, 'webifi.umd.min.js')) }],
      ]),
    );
    await expectMessageOn(`${page}page.html`, 'Page');
  });

  it('page.js: the import of a bundler', async () => {
    const folder = freshFolder();
    const outfile = join(folder, 'bundle.js');
    await build({
      entryPoints: [example('page.js', folder)],
      outfile,
      bundle: true,
      platform: 'browser',
      format: 'iife',
    });
    const page = await serve(
      new Map([
        ['/', { ...html, body: '<!doctype html><body><script src="bundle.js"></script></body>' }],
        ['/bundle.js', { ...script, body: readFileSync(outfile) }],
      ]),
    );
    await expectMessageOn(page, 'App');
  });

  it('page-frames.js: a message there and back, over the build for browsers', async () => {
    const folder = freshFolder();
    const outfile = join(folder, 'bundle.js');
    const peer = await startFramesPeer();
    const source = example('page-frames.js', folder);
    const code = readFileSync(source, 'utf8');
    expect(code).toContain('wss://echo.example/');
    writeFileSync(source, code.replace('wss://echo.example/', `${peer.url}/echo`));
    await build({ entryPoints: [source], outfile, bundle: true, platform: 'browser', format: 'esm' });
    const address = await serve(
      new Map([
        ['/', { ...html, body: '<!doctype html><body><script type="module" src="bundle.js"></script></body>' }],
        ['/bundle.js', { ...script, body: readFileSync(outfile) }],
      ]),
    );
    const browser = await launchChromium();
    try {
      const tab = await browser.newPage();
      const printed = tab.waitForEvent('console', (message) => message.text() === 'Text hello');
      await tab.goto(address);
      await printed;
    } finally {
      await browser.close();
      await peer.stop();
    }
  });
});
