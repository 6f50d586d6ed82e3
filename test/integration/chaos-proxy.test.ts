import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ChaosProxy, type ConnectionFaults } from '../../src/testing';
import { isListening } from '../helpers/ports';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A socket and all that it has heard. */
interface End {
  readonly socket: Socket;
  text: string;
  ended: boolean;
  /** Code of the error that it ended with, `closed` when it ended without. */
  closed: string | undefined;
}

function watch(socket: Socket): End {
  const end: End = { socket, text: '', ended: false, closed: undefined };
  socket.on('data', (bytes: Buffer) => (end.text += bytes.toString('latin1')));
  socket.on('end', () => (end.ended = true));
  let code: string | undefined;
  socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code));
  socket.on('close', () => (end.closed = code ?? 'closed'));
  return end;
}

interface Lab {
  readonly proxy: ChaosProxy;
  readonly servers: readonly (readonly End[])[];
  open: () => Promise<{ client: End; server: End }>;
}

async function lab(faults: ConnectionFaults = {}, targets = 1, seed = 1): Promise<Lab> {
  const servers: End[][] = [];
  const listening: Server[] = [];
  for (let i = 0; i < targets; i++) {
    const ends: End[] = [];
    servers.push(ends);
    const server = createServer({ allowHalfOpen: true }, (socket) => ends.push(watch(socket)));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    listening.push(server);
    cleanUps.push(() => server.close(), () => ends.forEach(({ socket }) => socket.destroy()));
  }
  const target = listening.map((server) => ({ port: (server.address() as AddressInfo).port }));
  const proxy = await ChaosProxy.start({ target, faults, seed });
  cleanUps.push(() => proxy.close());
  const count = (): number => servers.flat().length;
  const open = async (): Promise<{ client: End; server: End }> => {
    const before = count();
    const client = watch(connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true }));
    cleanUps.push(() => client.socket.destroy());
    await once(client.socket, 'connect');
    await expect.poll(count).toBe(before + 1);
    const server = servers.map((ends) => ends.at(-1)).find((end) => end?.socket.bytesRead === 0 && !end.ended);
    return { client, server: server! };
  };
  return { proxy, servers, open };
}

const text = (length: number): string => Array.from({ length }, (_, i) => String(i % 10)).join('');

describe('ChaosProxy', () => {
  it('passes everything when nothing is wrong, with its ends', async () => {
    const { open, proxy } = await lab();
    const { client, server } = await open();
    client.socket.end(text(300_000));
    await expect.poll(() => server.ended).toBe(true);
    expect(server.text).toBe(text(300_000));
    server.socket.end('answer');
    await expect.poll(() => client.closed).toBe('closed');
    expect(client.text).toBe('answer');
    expect(proxy.counts).toMatchObject({ connections: 1, cuts: 0, bytesUp: 300_000, bytesDown: 6 });
    expect(proxy.connections).toBe(0);
  });

  it('delays each direction by itself, with jitter, and keeps the order', async () => {
    const { open } = await lab({ up: { delayMs: 80, jitterMs: 40 } });
    const { client, server } = await open();
    const start = performance.now();
    for (const letter of 'abcdefgh') {
      client.socket.write(letter);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(() => server.text).toBe('abcdefgh');
    expect(performance.now() - start).toBeGreaterThanOrEqual(80);
  });

  it('lets no more through than the rate', async () => {
    const { open } = await lab({ down: { bytesPerSecond: 100_000 } });
    const { client, server } = await open();
    const start = performance.now();
    server.socket.write(text(30_000));
    await expect.poll(() => client.text.length).toBe(30_000);
    expect(performance.now() - start).toBeGreaterThanOrEqual(280);
    expect(client.text).toBe(text(30_000));
  });

  it.each(['reset', 'end'] as const)('cuts after byte N, at every N, with %s', async (how) => {
    const { open, proxy } = await lab();
    for (let bytes = 0; bytes < 12; bytes++) {
      const { client, server } = await open();
      const happened = proxy.cutAfterBytes('up', bytes, how);
      // In pieces, so that the cut falls inside and between them.
      for (const part of ['0123', '456', '789ab']) client.socket.write(part);
      await happened;
      await expect.poll(() => server.ended || server.closed !== undefined).toBe(true);
      expect(server.text).toBe('0123456789ab'.slice(0, bytes));
      if (how === 'reset') await expect.poll(() => [client.closed, server.closed]).toEqual(['ECONNRESET', 'ECONNRESET']);
      for (const { socket } of [client, server]) socket.destroy();
    }
    expect(proxy.counts.cuts).toBe(12);
  });

  it('resets both sides', async () => {
    const { open, proxy } = await lab();
    const { client, server } = await open();
    proxy.cut('reset');
    await expect.poll(() => [client.closed, server.closed]).toEqual(['ECONNRESET', 'ECONNRESET']);
  });

  it('hands a reset of one side on to the other', async () => {
    const { open } = await lab();
    const { client, server } = await open();
    client.socket.resetAndDestroy();
    await expect.poll(() => server.closed).toBe('ECONNRESET');
  });

  it('closes one direction while the other goes on', async () => {
    const { open, proxy } = await lab();
    const { client, server } = await open();
    proxy.halfClose('down');
    await expect.poll(() => client.ended).toBe(true);
    client.socket.write('still up');
    await expect.poll(() => server.text).toBe('still up');
    expect([server.ended, server.closed, client.closed]).toEqual([false, undefined, undefined]);
  });

  it('refuses for a time, on the same port, and keeps what is open', async () => {
    const { open, proxy } = await lab();
    const { client, server } = await open();
    const { port } = proxy;
    proxy.refuse(200);
    expect(await isListening(port)).toBe(false);
    client.socket.write('still here');
    await expect.poll(() => server.text).toBe('still here');
    await expect.poll(() => isListening(port)).toBe(true);
    expect(proxy.port).toBe(port);
  });

  it('swallows what comes while the connection stays open, on the side that is closed too', async () => {
    const { open, proxy } = await lab();
    const { client, server } = await open();
    client.socket.write('before');
    await expect.poll(() => server.text).toBe('before');
    proxy.set('swallow');
    client.socket.write('lost');
    server.socket.write('lost too');
    await expect.poll(() => proxy.swallowed).toBe(12);
    // What is swallowed cannot pass any more.
    proxy.set('pass');
    client.socket.resetAndDestroy();
    await expect.poll(() => client.closed).toBeDefined();
    const other = await open();
    other.client.socket.write('a new connection');
    await expect.poll(() => other.server.text).toBe('a new connection');
    expect([client.text, server.text, server.ended, server.closed]).toEqual(['', 'before', false, undefined]);
  });

  it('holds bytes until they may pass, or until their sender closes', async () => {
    const { open, proxy } = await lab({ up: { mode: 'hold' } });
    const { client, server } = await open();
    client.socket.write('held');
    server.socket.write('not held');
    await expect.poll(() => [client.text, proxy.counts.bytesUp]).toEqual(['not held', 4]);
    expect(server.text).toBe('');
    proxy.set('pass');
    await expect.poll(() => server.text).toBe('held');
    proxy.set('hold', 'up');
    client.socket.end(', then closed');
    await expect.poll(() => server.ended).toBe(true);
    expect(server.text).toBe('held, then closed');
  });

  it('lets a sender feel a receiver that does not read', async () => {
    const { open, proxy } = await lab({ down: { mode: 'stall' } });
    const { client, server } = await open();
    const piece = Buffer.alloc(1_048_576);
    for (let i = 0; i < 64; i++) server.socket.write(piece);
    await expect.poll(() => server.socket.writableLength).toBeGreaterThan(16 * piece.length);
    expect(client.text).toBe('');
    proxy.set('pass');
    await expect.poll(() => client.text.length).toBe(64 * piece.length);
  });

  it('keeps a bounded number of bytes when the receiver does not read', async () => {
    const { open, proxy } = await lab();
    const { client, server } = await open();
    client.socket.pause();
    for (let i = 0; i < 64; i++) server.socket.write(Buffer.alloc(1_048_576));
    const taken: number[] = [];
    await expect
      .poll(() => {
        taken.push(proxy.counts.bytesDown);
        return taken.length > 3 && taken.at(-1) === taken.at(-3);
      })
      .toBe(true);
    expect(server.socket.writableLength).toBeGreaterThan(16 * 1_048_576);
  });

  it('cuts what is silent, but not while bytes come, and what is old', async () => {
    const { open, proxy } = await lab({ idleMs: 150 });
    const { client, server } = await open();
    for (let i = 0; i < 5; i++) {
      client.socket.write('x');
      await expect.poll(() => server.text.length, { interval: 60 }).toBe(i + 1);
    }
    await expect.poll(() => client.closed).toBe('ECONNRESET');
    proxy.faults = { lifetimeMs: 50, cutHow: 'end' };
    const old = await open();
    await expect.poll(() => old.client.ended).toBe(true);
    expect(old.client.closed ?? 'closed').toBe('closed');
    expect(proxy.counts.timeCuts).toBe(2);
  });

  it('leads each connection to the next target', async () => {
    const { open, servers } = await lab({}, 3);
    for (let i = 0; i < 7; i++) await open();
    expect(servers.map((ends) => ends.length)).toEqual([3, 2, 2]);
  });

  it('wants a target', async () => {
    await expect(ChaosProxy.start({ target: [] })).rejects.toThrow('name where connections go');
  });
});
