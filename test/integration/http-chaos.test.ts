import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpChaosProxy, type HttpFaults } from '../../src/testing';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Target {
  readonly port: number;
  /** Bodies in the order in which they came. */
  readonly heard: string[];
  readonly upgrades: IncomingMessage['headers'][];
  aborted: number;
  /** Ends the upgraded connections. */
  end(): void;
}

/** Echoes bodies; `/never` is not answered. An upgrade becomes an echo of bytes. */
async function startTarget(name = ''): Promise<Target> {
  const sockets: Duplex[] = [];
  const server = createServer((incoming, response) => {
    response.once('close', () => (target.aborted += response.writableEnded ? 0 : 1));
    void text(incoming).then((body) => {
      target.heard.push(body);
      if (incoming.url !== '/never') response.setHeader('x-name', name).end(`${incoming.method} ${body}`);
    });
  });
  server.on('upgrade', (incoming: IncomingMessage, socket, head: Buffer) => {
    target.upgrades.push(incoming.headers);
    sockets.push(socket);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.write(head);
    socket.on('error', () => socket.destroy()).pipe(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  cleanUps.push(
    () => server.close(),
    () => server.closeAllConnections(),
  );
  const target: Target = {
    ...{ port: (server.address() as AddressInfo).port, heard: [], upgrades: [], aborted: 0 },
    end: () => sockets.forEach((socket) => socket.end()),
  };
  return target;
}

async function start(faults: HttpFaults, seed = 1): Promise<{ proxy: HttpChaosProxy; target: Target }> {
  const target = await startTarget();
  const proxy = await HttpChaosProxy.start({ target, faults, seed });
  cleanUps.push(() => proxy.close());
  return { proxy, target };
}

const post = async (url: string, body: string): Promise<string> => (await fetch(url, { method: 'POST', body })).text();

const bodies = (count: number): string[] => Array.from({ length: count }, (_, i) => `message ${i}`);

/** Everything that comes back on an upgrade, until `isEnough` or the end. */
async function upgrade(url: string, isEnough: (heard: string) => boolean, first = ''): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  cleanUps.push(() => socket.destroy());
  socket.write(`GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-Key: 1\r\n\r\n${first}`);
  let heard = '';
  for await (const bytes of socket as AsyncIterable<Buffer>) {
    heard += bytes.toString();
    if (isEnough(heard)) break;
  }
  return heard;
}

describe('HttpChaosProxy', () => {
  it('passes exchanges when nothing is wrong', async () => {
    const { proxy, target } = await start({});
    for (const body of ['', 'one', 'x'.repeat(100_000)]) expect(await post(proxy.url, body)).toBe(`POST ${body}`);
    expect(target.heard).toHaveLength(3);
    expect(proxy.counts).toMatchObject({ exchanges: 3, duplicated: 0, reordered: 0, lostRequests: 0, lostAnswers: 0 });
  });

  it('takes a request back when the client goes away', async () => {
    const { proxy, target } = await start({});
    const outgoing = request(`${proxy.url}/never`, { method: 'POST' }).on('error', () => undefined);
    outgoing.end('waits');
    await expect.poll(() => target.heard).toEqual(['waits']);
    outgoing.destroy();
    await expect.poll(() => target.aborted).toBe(1);
  });

  it('sends requests twice, and gives one answer', async () => {
    const { proxy, target } = await start({ duplicate: 0.5 });
    for (const body of bodies(40)) expect(await post(proxy.url, body)).toBe(`POST ${body}`);
    expect(proxy.counts.duplicated).toBeGreaterThan(5);
    await expect.poll(() => target.heard.length).toBe(40 + proxy.counts.duplicated);
    expect(new Set(target.heard)).toEqual(new Set(bodies(40)));
  });

  it('lets requests and answers pass each other', async () => {
    const { proxy, target } = await start({ reorder: 0.3, holdBackMs: 5000 });
    const answered: string[] = [];
    // One more after the others, not held back by then, lets the last go.
    const all = bodies(40).map(async (body) => answered.push(await post(proxy.url, body)));
    await expect.poll(() => answered.length).toBeGreaterThan(10);
    proxy.faults = {};
    await post(proxy.url, 'last');
    await Promise.all(all);
    expect(proxy.counts.reordered).toBeGreaterThan(5);
    expect(target.heard).not.toEqual([...bodies(40), 'last']);
    expect([...target.heard].sort()).toEqual([...bodies(40), 'last'].sort());
  });

  it('holds nothing back for longer than told when nothing passes', async () => {
    const { proxy } = await start({ reorder: 1, holdBackMs: 10 });
    expect(await post(proxy.url, 'alone')).toBe('POST alone');
    expect(proxy.counts.reordered).toBe(0);
  });

  it('loses requests before the target, and answers after it', async () => {
    const { proxy, target } = await start({ loseRequest: 1 });
    await expect(post(proxy.url, 'a')).rejects.toThrow('fetch failed');
    expect(target.heard).toEqual([]);
    proxy.faults = { loseAnswer: 1 };
    await expect(post(proxy.url, 'b')).rejects.toThrow('fetch failed');
    expect(target.heard).toEqual(['b']);
    expect(proxy.counts).toMatchObject({ lostRequests: 1, lostAnswers: 1 });
  });

  it('does the same to the same requests with the same seed', async () => {
    const run = async (seed: number): Promise<boolean[]> => {
      const { proxy } = await start({ loseRequest: 0.5 }, seed);
      const outcomes: boolean[] = [];
      for (const body of bodies(20)) {
        outcomes.push(await post(proxy.url, body).then(() => true, () => false));
      }
      return outcomes;
    };
    const first = await run(3);
    expect(await run(3)).toEqual(first);
    expect(await run(4)).not.toEqual(first);
  });

  it('leads each request to the next target', async () => {
    const targets = await Promise.all(['a', 'b'].map((name) => startTarget(name)));
    const proxy = await HttpChaosProxy.start({ target: targets });
    cleanUps.push(() => proxy.close());
    const names = await Promise.all(bodies(4).map(async () => (await fetch(proxy.url)).headers.get('x-name')));
    expect(names.sort()).toEqual(['a', 'a', 'b', 'b']);
  });

  it('passes an upgrade with its headers and all that follows', async () => {
    const { proxy, target } = await start({});
    const heard = await upgrade(proxy.url, (so) => so.endsWith('echo me'), 'echo me');
    expect(heard).toMatch(/^HTTP\/1\.1 101 /);
    expect(target.upgrades[0]).toMatchObject({ upgrade: 'echo', 'x-key': '1' });
    expect(proxy.counts).toMatchObject({ upgrades: 1, faultyUpgrades: 0 });
  });

  it.each([400, 403])('refuses an upgrade with %i', async (refusal) => {
    const { proxy, target } = await start({ upgrade: 'refuse', refusal });
    expect(await upgrade(proxy.url, () => false)).toMatch(new RegExp(`^HTTP/1\\.1 ${refusal} `));
    expect(target.upgrades).toEqual([]);
    expect(proxy.counts.faultyUpgrades).toBe(1);
  });

  it('strips an upgrade to an ordinary request', async () => {
    const { proxy, target } = await start({ upgrade: 'strip' });
    expect(await upgrade(proxy.url, () => false)).toMatch(/^HTTP\/1\.1 200 [^]*GET $/);
    expect([target.upgrades, target.heard]).toEqual([[], ['']]);
  });

  it('hangs on an upgrade until the client goes', async () => {
    const { proxy, target } = await start({ upgrade: 'hang' });
    const waits = upgrade(proxy.url, () => true);
    await expect.poll(() => proxy.counts.upgrades).toBe(1);
    // Exchanges go on meanwhile.
    expect(await post(proxy.url, 'b')).toBe('POST b');
    expect(target.upgrades).toEqual([]);
    await proxy.close();
    await expect(waits).rejects.toThrow('ECONNRESET').catch(async () => expect(await waits).toBe(''));
  });

  it('passes an upgrade, and nothing behind its answer before the end', async () => {
    const { proxy, target } = await start({ upgrade: 'mute' });
    let heardAtFirst = '';
    const note = (heard: string): boolean => {
      heardAtFirst ||= heard;
      target.end();
      return false;
    };
    const heard = await upgrade(proxy.url, note, 'early');
    expect(heardAtFirst).toMatch(/^HTTP\/1\.1 101 [^]*\r\n$/);
    expect(heard).toMatch(/\r\nearly$/);
    expect(proxy.counts.faultyUpgrades).toBe(1);
  });

  it('cuts an upgraded connection after its time', async () => {
    const { proxy } = await start({ upgradeLifetimeMs: 100 });
    expect(await upgrade(proxy.url, () => false, 'before')).toMatch(/before$/);
    expect(proxy.counts.faultyUpgrades).toBe(1);
  });

  it('wants a target', async () => {
    await expect(HttpChaosProxy.start({ target: [] })).rejects.toThrow('name where requests go');
  });
});
