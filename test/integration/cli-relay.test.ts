import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { generate } from 'selfsigned';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { codeOf, login, loginBody } from '../conformance/raw/raw-client';
import { type Address, closeAllConnections, RawConnection } from '../conformance/raw/raw-connection';
import { post, send } from '../conformance/raw/raw-http';
import { RawWebSocket } from '../conformance/raw/raw-websocket';
import { WebSocketDevice } from '../conformance/raw/websocket-device';
import { createRelay } from '../../src/relay';
import { killPrograms, Program } from '../helpers/program';

const CLI = resolve(import.meta.dirname, '../../dist/cli.cjs');
const ACCOUNT = { connectName: 'lamp', password: 'CaNaRy-8812-sesame' };
const INLINE = { WEBIFI_ACCOUNT: `${ACCOUNT.connectName}:${ACCOUNT.password}` };
const NO_ACCOUNT = { WEBIFI_ACCOUNT: '', WEBIFI_PASSWORD: '' };

// Some of these start half a dozen processes, which takes a while on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webifi-cli-'));
});

afterEach(async () => {
  closeAllConnections();
  killPrograms();
  await rm(folder, { recursive: true });
});

function webifi(args: string[], env: Record<string, string> = {}): Program {
  return new Program([CLI, ...args], { ...NO_ACCOUNT, ...env }, folder);
}

/** A relay that is ready. */
async function startRelay(args: string[], env = INLINE) {
  const program = webifi(['relay', '--port', '0', ...args], env);
  const [, url = ''] = await program.prints(/^listening on (\S+)\n/);
  const { hostname, port } = new URL(url);
  const address: Address = { host: hostname.replace(/[[\]]/g, ''), port: Number(port) };
  return { program, url, address };
}

/** Runs to the end. */
async function finish(program: Program) {
  const code = await program.exitCode();
  return { code, out: program.out, err: program.err };
}

describe('webifi relay as a process', () => {
  it('says where it listens, lets an account in, refuses others and ends with 0 on SIGTERM', async () => {
    const { program, url, address } = await startRelay(['--no-page']);
    expect(url).toBe(`http://127.0.0.1:${address.port}`);
    expect((await login(address, ACCOUNT)).sessionId).toMatch(/^\d+$/);
    expect(codeOf((await post(address, '/', loginBody({ ...ACCOUNT, password: 'x' }))).body)).toBe('8');
    program.process.kill('SIGTERM');
    expect(await program.exitCode()).toBe(0);
    expect(program.out).toBe(`listening on ${url}\n`);
  });

  it('SEC-1 SEC-23: keeps to the hosts and origins that it is told', async () => {
    const { address } = await startRelay(['--allowed-host=127.0.0.1', '--allowed-origin=https://example.org']);
    const elsewhere = await startRelay(['--allowed-host', 'relay.example']);
    const statusOf = async (place: Address, origin: string) =>
      (await send(place, { method: 'GET', path: '/', headers: [['Origin', origin]] })).status;
    expect(await statusOf(address, 'https://example.org')).toBe(200);
    expect(await statusOf(address, 'https://example.com')).toBe(403);
    expect(await statusOf(elsewhere.address, 'https://example.org')).toBe(403);
  });

  it('serves the demo page unless told not to, and says where', async () => {
    const { program, url, address } = await startRelay([]);
    await program.prints(/\ndemo page on (\S+)\n$/);
    expect(program.out).toBe(`listening on ${url}\ndemo page on ${url}/\n`);
    const page = await send(address, { method: 'GET', path: '/' });
    expect(page.status).toBe(200);
    expect(page.body).toContain('<script');
    for (const path of ['/app.js', '/app.css', '/webifi.umd.min.js']) {
      expect((await send(address, { method: 'GET', path })).status).toBe(200);
    }
    const without = await startRelay(['--no-page']);
    expect((await send(without.address, { method: 'GET', path: '/' })).status).toBe(404);
  });

  it('tells attached devices with close code 1012 and ends with 0 on SIGINT', async () => {
    const { program, address } = await startRelay(['--no-page']);
    const { id } = await login(address, ACCOUNT);
    const device = await WebSocketDevice.attach(address, id);
    program.process.kill('SIGINT');
    expect(await device.closed).toBe(1012);
    expect(await program.exitCode()).toBe(0);
    await expect(RawConnection.open(address)).rejects.toThrow();
  });

  it('ends at once with 1 on a second signal, though a client has not answered the close yet', async () => {
    const { program, address } = await startRelay(['--no-page']);
    const { id } = await login(address, ACCOUNT);
    const socket = await RawWebSocket.open(address);
    socket.sendText(`~id=${id}~t=1`);
    await socket.readFrame();
    program.process.kill('SIGTERM');
    expect(await socket.readCloseCode()).toBe(1012);
    program.process.kill('SIGTERM');
    expect(await program.exitCode()).toBe(1);
  });

  it('SEC-19: no password, device id or payload gets into the log or the output', async () => {
    const { program, address } = await startRelay(['--no-page', '--log', 'json']);
    const { id } = await login(address, ACCOUNT);
    const device = await WebSocketDevice.attach(address, id);
    expect(await device.setNetworks('garden')).toBe('4');
    expect(await device.send('~n=garden~d=CaNaRy-payload')).toBe('0');
    for (const body of [
      '~p=1~cn=lamp~cp=CaNaRy-wrong',
      '~cp=CaNaRy~cp=CaNaRy',
      `~id=${id}~cp=CaNaRy`,
      'CaNaRy',
    ]) {
      for (const path of ['/', '/Upload', '/CancelDownload', '/CaNaRy', '/?cp=CaNaRy'])
        await post(address, path, body);
    }
    program.process.kill('SIGTERM');
    expect(await program.exitCode()).toBe(0);
    const secret = id.slice(id.indexOf('s') + 1);
    expect(program.err).not.toBe('');
    for (const output of [program.err, program.out]) {
      expect(output).not.toContain(secret);
      expect(output).not.toMatch(/CaNaRy-|cp=CaNaRy|=CaNaRy/);
    }
    for (const line of program.err.trim().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ event: expect.any(String) as string });
    }
  });

  it('a port that is taken is one line and code 1', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const result = await finish(webifi(['relay', '--no-page', '--port', String(port)], INLINE));
    expect(result).toEqual({
      code: 1,
      out: '',
      err: `webifi relay: port ${port} on 127.0.0.1 is in use; give another --port, or 0 for a free one\n`,
    });
    server.close();
  });

  it.each([
    [
      ['--host', '192.0.2.1'],
      1,
      /^webifi relay: 192\.0\.2\.1 is no address of this machine; give another --host\n$/,
    ],
    [
      ['--tls-cert', 'no.pem', '--tls-key', 'no.key'],
      1,
      /^webifi relay: --tls-cert no\.pem cannot be read \(ENOENT\)\n$/,
    ],
    [['--accounts', 'no.json'], 1, /^webifi relay: Account file no\.json: there is no such file; [^\n]+\n$/],
    [['--frobnicate'], 2, /^webifi relay: there is no option --frobnicate\nSee "webifi relay --help"\.\n$/],
    [['--account', 'CaNaRy'], 2, /^webifi relay: --account must be name:password(?![^]*CaNaRy)/],
  ])('%j ends with %d and one clear line', async (args, code, text) => {
    const env = args.some((arg) => arg.startsWith('--account')) ? {} : INLINE;
    const result = await finish(webifi(['relay', '--port', '0', '--no-page', ...args], env));
    expect(result).toMatchObject({ code, out: '' });
    expect(
      result.err
        .split('\n')
        .filter((line) => !line.includes(' warn '))
        .join('\n'),
    ).toMatch(text);
  });
});

describe('webifi relay and who may come in (SEC-29)', () => {
  it('does not start without accounts', async () => {
    const result = await finish(webifi(['relay', '--port', '0', '--no-page']));
    expect(result).toMatchObject({ code: 2, out: '' });
    expect(result.err).toMatch(
      /^webifi relay: no accounts: make one with "webifi account add NAME", or give/,
    );
  });

  it.each(['0.0.0.0', '::', '192.0.2.1'])('does not start with --open-access on %s', async (host) => {
    const result = await finish(
      webifi(['relay', '--port', '0', '--no-page', '--open-access', '--host', host]),
    );
    expect(result).toMatchObject({ code: 2, out: '' });
    expect(result.err).toMatch(/loopback/);
  });

  it('with --open-access on loopback everybody comes in, and meets who has the same name and password', async () => {
    const { address } = await startRelay(['--no-page', '--open-access'], NO_ACCOUNT);
    const attach = async (connectName: string, password: string) => {
      const device = await WebSocketDevice.attach(
        address,
        (await login(address, { connectName, password })).id,
      );
      expect(await device.setNetworks('garden')).toBe('4');
      return device;
    };
    const lamp = await attach('anna', 'one');
    const friend = await attach('anna', 'one');
    const stranger = await attach('anna', 'two');
    expect(await lamp.send('~n=garden~d=hello')).toBe('0');
    expect((await friend.delivery()).data).toBe('hello');
    expect(await stranger.deliveriesSoFar()).toEqual([]);
  });

  it('takes webifi-accounts.json in its folder when told nothing else', async () => {
    const env = { WEBIFI_PASSWORD: ACCOUNT.password };
    expect(await webifi(['account', 'add', 'lamp'], env).exitCode()).toBe(0);
    const { address } = await startRelay(['--no-page'], NO_ACCOUNT);
    expect((await login(address, ACCOUNT)).sessionId).toMatch(/^\d+$/);
  });
});

describe('createRelay and who may come in (SEC-29)', () => {
  it('is not made without accounts, and without them does not listen beyond loopback', async () => {
    expect(() => createRelay({})).toThrow(expect.objectContaining({ code: 'NO_ACCOUNTS' }) as Error);
    expect(() => createRelay({ openAccess: false })).toThrow(
      expect.objectContaining({ code: 'NO_ACCOUNTS' }) as Error,
    );
    for (const host of ['0.0.0.0', '::', '192.0.2.1']) {
      const relay = createRelay({ openAccess: true });
      await expect(relay.listen({ host, port: 0 })).rejects.toMatchObject({ code: 'LOOPBACK_ONLY' });
      await relay.close();
    }
  });

  it('listens on loopback when it is open', async () => {
    const relay = createRelay({ openAccess: true });
    const { port } = await relay.listen({ host: '127.0.0.1', port: 0 });
    expect((await login({ host: '127.0.0.1', port }, ACCOUNT)).sessionId).toMatch(/^\d+$/);
    await relay.close();
  });
});

describe('webifi account as a process, beside a running relay', () => {
  it('adds, changes and removes accounts that the relay follows at the next login', async () => {
    const account = async (args: string[], input?: string) => {
      const program = webifi([
        'account',
        ...args,
        '--accounts',
        'a.json',
        ...(input === undefined ? [] : ['--password-stdin']),
      ]);
      program.endInput(input);
      const result = await finish(program);
      expect(result).toMatchObject({ code: 0, err: '' });
      return result.out;
    };
    const codeFor = async (connectName: string, password: string) =>
      codeOf((await post(relay.address, '/', loginBody({ connectName, password }))).body);
    expect(await account(['add', 'lamp', '--networks', 'garden'], 'first\n')).toBe(
      'added "lamp" to a.json\n',
    );
    const relay = await startRelay(['--no-page', '--accounts', 'a.json'], NO_ACCOUNT);
    expect(await codeFor('lamp', 'first')).toBe('0');
    await account(['passwd', 'lamp'], 'second\n');
    expect(await codeFor('lamp', 'first')).toBe('8');
    expect(await codeFor('lamp', 'second')).toBe('0');
    await account(['add', '__proto__'], 'third\n');
    expect(await codeFor('__proto__', 'third')).toBe('0');
    expect(await account(['list'])).toBe('lamp\tgarden\n__proto__\t(all networks)\n');
    await account(['remove', 'lamp']);
    expect(await codeFor('lamp', 'second')).toBe('8');
    relay.program.process.kill('SIGTERM');
    expect(await relay.program.exitCode()).toBe(0);
  });

  it('refuses to ask for a password when nobody is at the terminal', async () => {
    const program = webifi(['account', 'add', 'lamp']);
    program.endInput();
    const result = await finish(program);
    expect(result).toMatchObject({ code: 2, out: '' });
    expect(result.err).toMatch(/--password-stdin or set WEBIFI_PASSWORD/);
  });
});

describe('webifi relay with TLS (SEC-3)', () => {
  it('with --require-tls it answers over TLS only', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }]);
    await writeFile(join(folder, 'cert.pem'), cert);
    await writeFile(join(folder, 'key.pem'), key);
    const { url, address } = await startRelay([
      '--no-page',
      '--tls-cert',
      'cert.pem',
      '--tls-key',
      'key.pem',
      '--require-tls',
    ]);
    expect(url).toBe(`https://127.0.0.1:${address.port}`);
    expect(await postOverTls(address, loginBody(ACCOUNT), cert)).toMatch(/^~e=0~id=\d+s/);
    const plain = await post(address, '/', loginBody(ACCOUNT)).then(
      ({ body }) => body,
      () => 'no answer',
    );
    expect(plain).not.toContain('~id=');
  });
});

describe('webifi relay with TLS files that do not work', () => {
  it('says so in one line', async () => {
    await writeFile(join(folder, 'cert.pem'), 'no certificate');
    await writeFile(join(folder, 'key.pem'), 'no key');
    const args = ['relay', '--port', '0', '--no-page', '--tls-cert', 'cert.pem', '--tls-key', 'key.pem'];
    const result = await finish(webifi(args, INLINE));
    expect(result).toMatchObject({ code: 1, out: '' });
    expect(result.err).toMatch(/^webifi relay: --tls-cert and --tls-key do not work together: [^\n]+\n$/);
  });
});

async function postOverTls(address: Address, body: string, ca: string): Promise<string> {
  const options = { ...address, ca, servername: 'localhost', checkServerIdentity: () => undefined };
  const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': Buffer.byteLength(body) };
  const sent = request({ ...options, method: 'POST', path: '/', headers });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [AsyncIterable<Buffer>];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
