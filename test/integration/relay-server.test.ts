import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createRelay, RelayError, type Relay, type RelayOptions } from '../../src/relay';
import { PollingDevice } from '../conformance/raw/polling-device';
import { fieldValue, login } from '../conformance/raw/raw-client';
import { type Address, closeAllConnections, RawConnection } from '../conformance/raw/raw-connection';
import { headerValue, post, send } from '../conformance/raw/raw-http';
import { requestUpgrade } from '../conformance/raw/raw-websocket';
import { WebSocketDevice } from '../conformance/raw/websocket-device';

const ACCOUNT = { connectName: 'home', password: 'word' };
const relays: Relay[] = [];

afterEach(async () => {
  closeAllConnections();
  await Promise.all(relays.splice(0).map((relay) => relay.close({ drainMs: 0 })));
});

async function start(options: RelayOptions = {}): Promise<Address & { relay: Relay; url: string }> {
  const relay = createRelay({ accounts: [ACCOUNT], ...options });
  relays.push(relay);
  const { host, port, url } = await relay.listen({ port: 0 });
  return { relay, host, port, url };
}

function get(address: Address, path: string, method = 'GET'): ReturnType<typeof send> {
  return send(address, { method, path, headers: [] });
}

describe('start-up', () => {
  it('SEC-29 needs accounts, and says so', () => {
    expect(() => createRelay({})).toThrow(RelayError);
    expect(() => createRelay({})).toThrow(/accounts/);
    expect(() => createRelay({ openAccess: false })).toThrow(RelayError);
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', ''])('SEC-29 open access does not listen on %j', async (host) => {
    const relay = createRelay({ openAccess: true });
    await expect(relay.listen({ host, port: 0 })).rejects.toMatchObject({ code: 'LOOPBACK_ONLY' });
    expect(() => relay.attach(createServer())).toThrow(RelayError);
  });

  it('SEC-29 open access lets any name and password in, on loopback', async () => {
    const relay = createRelay({ openAccess: true });
    relays.push(relay);
    const address = await relay.listen({ port: 0 });
    const one = await login(address, { connectName: 'anybody', password: 'anything' });
    expect(one.sessionId).toMatch(/^\d+$/);
  });

  it('tells where it listens; a taken port is an error with the code of the system', async () => {
    const { host, port, url } = await start();
    expect(url).toBe(`http://${host}:${port}`);
    const second = createRelay({ accounts: [ACCOUNT] });
    const failure = await second.listen({ port }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RelayError);
    expect(failure).toMatchObject({ code: 'EADDRINUSE', cause: { code: 'EADDRINUSE' } });
    expect((failure as Error).message).toContain(String(port));
    relays.push(second);
    expect((await second.listen({ port: 0 })).port).not.toBe(port);
  });

  it('listens once, and not after close', async () => {
    const { relay } = await start();
    await expect(relay.listen({ port: 0 })).rejects.toMatchObject({ code: 'WRONG_STATE' });
    await relay.close({ drainMs: 0 });
    await expect(relay.listen({ port: 0 })).rejects.toMatchObject({ code: 'WRONG_STATE' });
  });

  it.each([
    [{ accounts: [{ connectName: '', password: 'x' }] }, TypeError],
    [{ accounts: [ACCOUNT], idleLimitMs: -1 }, RangeError],
    [{ accounts: [ACCOUNT], headersDeadlineMs: 0 }, RangeError],
    [{ accounts: [ACCOUNT], tls: { cert: 'x', key: 'y' } }, Error],
  ])('refuses wrong options at once: %j', (options, type) => {
    expect(() => createRelay(options)).toThrow(type);
  });

  it('opens nothing before it listens, and leaves nothing open after close', () => {
    const script = `
      const { build } = require('esbuild');
      build({ entryPoints: ['src/relay.ts'], bundle: true, platform: 'node', format: 'cjs', write: false }).then(async ({ outputFiles }) => {
        const module = { exports: {} };
        new Function('module', 'exports', 'require', outputFiles[0].text)(module, module.exports, require);
        const relay = module.exports.createRelay({ accounts: [{ connectName: 'a', password: 'b' }] });
        const { url } = await relay.listen({ port: 0 });
        const answer = await fetch(url, { method: 'POST', body: '~p=1~cn=a~cp=b' });
        console.log((await answer.text()).slice(0, 8));
        await relay.close();
        console.log('closed');
        module.exports.createRelay({ accounts: [{ connectName: 'a', password: 'b' }] });
      });
      const esbuildEnds = setTimeout(() => {}, 0);
      process.on('exit', () => console.log('ended by itself'));
    `;
    const ended = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 15_000 });
    expect(ended.stderr).toBe('');
    expect(ended.stdout.split('\n')).toEqual(['~e=0~id=', 'closed', 'ended by itself', '']);
  });
});

describe('operation', () => {
  it('answers probes and gives its figures', async () => {
    const { relay, host, port } = await start({ allowedHosts: ['relay.example'] });
    const address = { host, port };
    expect(await get(address, '/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
    expect(await get(address, '/readyz')).toMatchObject({ status: 200, body: 'ready\n' });
    expect((await get(address, '/metrics')).status).toBe(403);
    expect(relay.stats()).toMatchObject({
      sessions: 0,
      transports: 0,
      counters: { logins: 0, socketWrites: 0 },
    });
  });

  it('counts in /metrics and stats what it does', async () => {
    const { relay, ...address } = await start();
    const { id } = await login(address, ACCOUNT);
    const device = await WebSocketDevice.attach(address, id);
    await device.send(`~s=${device.sessionId}~d=x`);
    const { body } = await get(address, '/metrics');
    expect(body).toMatch(/^webifi_sessions 1$/m);
    expect(body).toMatch(/^webifi_transports 1$/m);
    expect(body).toMatch(/^webifi_messages_delivered_total 1$/m);
    expect(body).toMatch(/^webifi_payload_decodes_total 0$/m);
    const stats = relay.stats();
    expect(stats).toMatchObject({
      sessions: 1,
      transports: 1,
      counters: { logins: 1, messagesDelivered: 1 },
    });
    stats.counters.logins = 99;
    expect(relay.stats().counters.logins).toBe(1);
  });

  it('P-49 tells clients the host they asked, or the configured ones', async () => {
    const hostsOf = async (address: Address): Promise<(string | undefined)[]> => {
      const { fields } = await login(address, ACCOUNT);
      return [fieldValue(fields, 'ip'), fieldValue(fields, 'dn')];
    };
    const asked = await start();
    expect(await hostsOf(asked)).toEqual([`127.0.0.1:${asked.port}`, `127.0.0.1:${asked.port}`]);
    expect(await hostsOf(await start({ publicHost: 'relay.example' }))).toEqual([
      'relay.example',
      'relay.example',
    ]);
    const both = await start({ publicHost: 'relay.example', publicIp: '192.0.2.1' });
    expect(await hostsOf(both)).toEqual(['192.0.2.1', 'relay.example']);
  });

  it('P-5 a Host that is none is not repeated: the address of the connection is told', async () => {
    const { host, port } = await start();
    const connection = await RawConnection.open({ host, port });
    const body = '~p=1~cn=home~cp=word';
    connection.write(
      `POST / HTTP/1.1\r\nHost: evil~ip=1.2.3.4\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const answer = (await connection.readToEnd()).toString('latin1');
    expect(answer).toContain(`~ip=127.0.0.1:${port}~ip=`);
    expect(answer).not.toContain('evil');
  });

  it('SEC-1 a Host that is not on the list gets 403, on requests and on the upgrade', async () => {
    const { host, port } = await start({ allowedHosts: ['relay.example'] });
    expect((await post({ host, port }, '/', '~p=1~cn=home~cp=word')).status).toBe(403);
    const { connection, response } = await requestUpgrade({ host, port });
    expect(response.status).toBe(403);
    await connection.waitForEnd();
  });
});

describe('stalled readers', () => {
  it('SEC-16 an answer that nobody reads ends its connection', async () => {
    const data = 'x'.repeat(200_000);
    const { relay, ...address } = await start({
      stalledWriteMs: 200,
      maxDownloadSize: 64 * 1_048_576,
      maxQueuedBytes: 64 * 1_048_576,
    });
    const { id, sessionId } = await login(address, ACCOUNT);
    for (let i = 0; i < 100; i++)
      expect((await post(address, '/Upload', `~id=${id}~s=${sessionId}~d=${data}`)).body).toBe('~e=0');
    expect(relay.stats().queuedBytes).toBeGreaterThan(20_000_000);
    const connection = await RawConnection.open(address);
    connection.setReading(false);
    const body = `~id=${id}~z=1`;
    connection.write(`POST /Download HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await expect.poll(() => relay.stats().queuedBytes).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 600));
    connection.setReading(true);
    await connection.waitForEnd();
    expect((await connection.readToEnd()).length).toBeLessThan(20_000_000);
  });
});

describe('page', () => {
  const page = new Map([
    ['/', { body: Buffer.from('<!doctype html><p>hello'), contentType: 'text/html; charset=utf-8' }],
    ['/app.js', { body: Buffer.from('0'), contentType: 'text/javascript' }],
  ]);

  it('SEC-18 serves exact paths, with a policy that allows the relay and nothing inline', async () => {
    const address = await start({ page });
    const index = await get(address, '/');
    expect(index).toMatchObject({ status: 200, body: '<!doctype html><p>hello' });
    expect(headerValue(index, 'content-type')).toBe('text/html; charset=utf-8');
    expect(headerValue(index, 'x-content-type-options')).toBe('nosniff');
    const policy = headerValue(index, 'content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|inline|\*/);
    const relay = `127.0.0.1:${address.port}`;
    expect(policy).toContain(
      `connect-src 'self' http://${relay} https://${relay} ws://${relay} wss://${relay};`,
    );
    expect((await get(address, '/app.js')).body).toBe('0');
  });

  it('SEC-22 nothing else of the page exists; HEAD has no body; the login is beside it', async () => {
    const address = await start({ page });
    for (const path of [
      '/index.html',
      '/app.js/',
      '/APP.js',
      '//app.js',
      '/app.js?x',
      '/../app.js',
      '/__proto__',
    ]) {
      expect([path, (await get(address, path)).status]).toEqual([path, 404]);
    }
    const head = await get(address, '/app.js', 'HEAD');
    expect([head.status, head.body, headerValue(head, 'content-length')]).toEqual([200, '', '1']);
    expect((await login(address, ACCOUNT)).sessionId).toMatch(/^\d+$/);
  });

  it('P-3 without a page GET / is 404', async () => {
    expect((await get(await start(), '/')).status).toBe(404);
  });
});

describe('attach', () => {
  it('serves the paths of the relay on a server of the user, and leaves the others alone', async () => {
    const server = createServer((request, response) =>
      response.end(`mine: ${request.method} ${request.url}`),
    );
    const relay = createRelay({ accounts: [ACCOUNT] });
    relays.push(relay);
    relay.attach(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    try {
      expect((await get(address, '/')).body).toBe('mine: GET /');
      expect((await get(address, '/healthz')).body).toBe('mine: GET /healthz');
      expect((await post(address, '/else', 'x')).body).toBe('mine: POST /else');
      const device = await WebSocketDevice.attach(address, (await login(address, ACCOUNT)).id);
      const polling = new PollingDevice(address, (await login(address, ACCOUNT)).id);
      expect(await polling.setNetworks('n')).toBe('4');
      expect(await device.send('~n=n~d=hello')).toBe('0');
      expect(await polling.poll()).toContain('~d=hello');
      expect((await requestUpgrade(address, { path: '/else' })).response.status).toBe(404);
      await relay.close({ drainMs: 0 });
      expect([1012, 1006]).toContain(await device.waitForClose());
      expect((await post(address, '/', '~p=1~cn=home~cp=word')).status).toBe(503);
      expect((await requestUpgrade(address)).response.status).toBe(503);
      expect((await get(address, '/')).body).toBe('mine: GET /');
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('leaves other upgrades to the listener of the user', async () => {
    const server = createServer();
    server.on('upgrade', (request, socket) => {
      if (request.url === '/mine') socket.end('HTTP/1.1 418 Mine\r\nContent-Length: 0\r\n\r\n');
    });
    const relay = createRelay({ accounts: [ACCOUNT] });
    relays.push(relay);
    relay.attach(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    try {
      expect((await requestUpgrade(address, { path: '/mine' })).response.status).toBe(418);
      expect((await requestUpgrade(address)).response.status).toBe(101);
    } finally {
      closeAllConnections();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('shutdown', () => {
  it('X-46 closes sockets with 1012 and a time to spread over, ends downloads with 15, then everything is gone', async () => {
    const { relay, ...address } = await start();
    const device = await WebSocketDevice.attach(address, (await login(address, ACCOUNT)).id);
    const polling = new PollingDevice(address, (await login(address, ACCOUNT)).id);
    await polling.setNetworks('n');
    const held = await polling.startPoll();
    await device.send('~n=nobody~d=x');
    const closed = relay.close();
    expect(await device.waitForClose()).toBe(1012);
    expect((await held.response).body).toBe('~e=15');
    await closed;
    expect(relay.stats()).toMatchObject({ transports: 0, pendingDownloads: 0 });
    await expect(RawConnection.open(address)).rejects.toThrow();
  });

  it('X-46 answers 20 to a login and 503 to a probe and an upgrade on connections that are still there', async () => {
    const { relay, ...address } = await start();
    const kept = await Promise.all([1, 2, 3].map(() => RawConnection.open(address)));
    const body = '~p=1~cn=home~cp=word';
    const requests = [
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      'GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n',
      'GET /api/WebSocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
    ];
    // A request that has begun keeps its connection open while the relay closes.
    for (const [i, connection] of kept.entries()) connection.write(requests[i]!.slice(0, 10));
    await expect.poll(() => get(address, '/healthz').then(({ status }) => status)).toBe(200);
    const closed = relay.close({ drainMs: 5_000 });
    for (const [i, connection] of kept.entries()) connection.write(requests[i]!.slice(10));
    const answers = await Promise.all(
      kept.map(async (connection) => (await connection.readToEnd()).toString('latin1')),
    );
    expect(answers[0]).toMatch(/^HTTP\/1\.1 200 [^]*~e=20$/);
    expect(answers[1]).toMatch(/^HTTP\/1\.1 503 /);
    expect(answers[2]).toMatch(/^HTTP\/1\.1 503 /);
    await closed;
  });

  it('cuts what does not leave in time; every further close gives the same promise', async () => {
    const { relay, ...address } = await start();
    const stubborn = await RawConnection.open(address);
    stubborn.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n~');
    await expect.poll(() => get(address, '/healthz').then(({ status }) => status)).toBe(200);
    const closed = relay.close({ drainMs: 50 });
    expect(relay.close()).toBe(closed);
    await closed;
    await stubborn.waitForEnd();
    await relay[Symbol.asyncDispose]();
  });
});
