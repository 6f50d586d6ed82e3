import { describe, expect, it } from 'vitest';
import { post, requestHead, startRequest } from '../raw/raw-http';
import { RawConnection } from '../raw/raw-connection';
import { Opcode, RawWebSocket, encodeFrame } from '../raw/raw-websocket';
import { newNetwork, useRelay } from '../raw/relay-under-test';
import { startOurRelay } from '../raw/start-our-relay';

const MIB = 1024 * 1024;
const DRIBBLERS = 200;

/** Starts something slow on every connection, one byte at a time until the relay has had enough. */
async function dribble(connections: RawConnection[], bytes: string): Promise<void> {
  let at = 0;
  const timer = setInterval(() => {
    const byte = bytes[at++ % bytes.length] ?? 'x';
    for (const connection of connections) if (!connection.isEnded) connection.write(byte);
  }, 20);
  try {
    for (const connection of connections) await connection.waitForEnd(15_000);
  } finally {
    clearInterval(timer);
  }
}

function openMany(address: { host: string; port: number }, count: number): Promise<RawConnection[]> {
  return Promise.all(Array.from({ length: count }, () => RawConnection.open(address)));
}

describe('dribbling clients', () => {
  const lab = useRelay(startOurRelay, {
    headersDeadlineMs: 700,
    bodyDeadlineMs: 900,
    authDeadlineMs: 700,
    maxUnauthenticatedPerAddress: 1_000,
  });

  it('SEC-14 200 sockets that dribble headers are closed, and a login works meanwhile', async () => {
    const connections = await openMany(lab.address, DRIBBLERS);
    for (const connection of connections) connection.write('POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const [, meanwhile] = await Promise.all([dribble(connections, 'x'), lab.login()]);
    expect(meanwhile.sessionId).toMatch(/^\d+$/);
  });

  it('SEC-14 200 sockets that say nothing at all are closed', async () => {
    const connections = await openMany(lab.address, DRIBBLERS);
    for (const connection of connections) await connection.waitForEnd(15_000);
  });

  it.each(['/', '/Upload', '/Download', '/CancelDownload'])(
    'SEC-14 200 sockets that dribble a body to %s are closed, and a login works meanwhile',
    async (path) => {
      const connections = await openMany(lab.address, DRIBBLERS);
      const head = requestHead(lab.address, { path, headers: [['Content-Length', '8000']] });
      for (const connection of connections) connection.write(head);
      const [, meanwhile] = await Promise.all([dribble(connections, '~id=99s~'), lab.login()]);
      expect(meanwhile.sessionId).toMatch(/^\d+$/);
    },
  );

  it('SEC-14 200 WebSockets that dribble their auth message are closed, and a login works meanwhile', async () => {
    const sockets = await Promise.all(
      Array.from({ length: DRIBBLERS }, () => RawWebSocket.open(lab.address)),
    );
    const oneByte = encodeFrame({ opcode: Opcode.text, payload: '~' }).toString('latin1');
    const connections = sockets.map(({ connection }) => connection);
    const [, meanwhile] = await Promise.all([dribble(connections, oneByte), lab.login()]);
    expect(meanwhile.sessionId).toMatch(/^\d+$/);
  });
});

describe('unauthenticated connections of one address', () => {
  const lab = useRelay(startOurRelay);

  it('SEC-14 are capped at 50; what is attached or polling does not count', async () => {
    const attached = await Promise.all(Array.from({ length: 30 }, () => lab.webSocket()));
    const polling = await Promise.all(Array.from({ length: 30 }, () => lab.polling()));
    const held = await Promise.all(polling.map((device) => device.startPoll()));
    expect((await attached[0]?.exchange('~t=1')) ?? '').toBe('~rt=k~t=1');

    const idle = await openMany(lab.address, 70);
    await Promise.race(idle.map((connection) => connection.waitForEnd()));
    await expect
      .poll(() => idle.filter((connection) => connection.isEnded).length)
      .toBeGreaterThanOrEqual(20);
    expect(idle.filter((connection) => !connection.isEnded).length).toBeGreaterThan(0);
    for (const device of attached) expect(await device.exchange('~t=1')).toBe('~rt=k~t=1');
    expect(held.filter((pending) => pending.isAnswered)).toEqual([]);

    for (const connection of idle) connection.destroy();
    await expect
      .poll(() =>
        lab.login().then(
          ({ sessionId }) => sessionId,
          () => 'refused',
        ),
      )
      .toMatch(/^\d+$/);
  });
});

describe('slow consumers', () => {
  const lab = useRelay(startOurRelay);

  it('SEC-16 a WebSocket that does not read is closed, memory stays bounded, others are served', async () => {
    const network = newNetwork();
    const reader = await lab.webSocket([network]);
    const stalled = await lab.webSocket([network]);
    const sender = await lab.webSocket();
    stalled.socket.connection.setReading(false);
    const before = process.memoryUsage().rss;
    const message = `~n=${network}~d=${'x'.repeat(64 * 1024)}`;
    const rounds = 512;
    for (let round = 0; round < rounds; round++) {
      expect(await sender.send(message)).toMatch(/^[02]$/);
      expect((await reader.delivery()).data).toHaveLength(64 * 1024);
      reader.received.length = 0;
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(96 * MIB);
    stalled.socket.connection.setReading(true);
    expect([4008, 1006]).toContain(await stalled.waitForClose());
    expect(stalled.received.length).toBeLessThan(rounds / 2);
  });

  it('SEC-16 P-94 the queue of a device that does not poll is bounded', async () => {
    const device = await lab.polling([newNetwork()]);
    const sender = await lab.webSocket();
    const before = process.memoryUsage().rss;
    const message = `~s=${device.sessionId}~d=${'x'.repeat(64 * 1024)}`;
    const codes = new Set<string>();
    for (let round = 0; round < 512; round++) codes.add(await sender.send(message));
    expect(process.memoryUsage().rss - before).toBeLessThan(96 * MIB);
    expect(codes).toContain('2');
    expect((await device.poll()).length).toBeLessThan(32 * MIB);
  });

  it('SEC-16 a client that never reads its HTTP answers does not hold up others', async () => {
    const { id } = await lab.login();
    const connection = await RawConnection.open(lab.address);
    connection.setReading(false);
    const body = `~id=${id}~d=x`;
    const request = requestHead(lab.address, { path: '/Upload', body }) + body;
    for (let i = 0; i < 5_000; i++) connection.write(request);
    expect((await post(lab.address, '/Upload', `~id=${id}~d=y`)).body).toBe('~e=0');
    connection.destroy();
    const dropped = await startRequest(lab.address, { path: '/Upload', body });
    expect((await dropped.response).body).toBe('~e=0');
  });
});
