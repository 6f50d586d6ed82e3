import { describe, expect, it } from 'vitest';
import { WebSocketDevice } from '../raw/websocket-device';
import { RawConnection } from '../raw/raw-connection';
import { post, requestHead } from '../raw/raw-http';
import { Opcode, RawWebSocket, encodeFrame } from '../raw/raw-websocket';
import { useRelay } from '../raw/relay-under-test';
import { startOurRelay } from '../raw/start-our-relay';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('declared sizes', () => {
  const lab = useRelay(startOurRelay);

  it.each([
    ['the limit + 1', BigInt(MIB) + 1n, [1009]],
    ['2^31', 2n ** 31n, [1009]],
    ['2^53', 2n ** 53n, [1009]],
    ['2^63 - 1', 2n ** 63n - 1n, [1009]],
    ['2^63', 2n ** 63n, [1002, 1009]],
    ['2^64 - 1', 2n ** 64n - 1n, [1002, 1009]],
  ])(
    'SEC-13 F-42 a frame that declares %s is closed before its payload',
    async (_what, declaredLength, codes) => {
      const device = await lab.webSocket();
      device.socket.sendFrame({ opcode: Opcode.binary, declaredLength, payload: '~d=' });
      expect(codes).toContain(await device.waitForClose());
    },
  );

  it('SEC-13 F-42 a frame that declares the limit is waited for', async () => {
    const device = await lab.webSocket();
    device.socket.sendFrame({ opcode: Opcode.binary, declaredLength: BigInt(MIB), payload: '~s=99~d=' });
    device.socket.connection.write(Buffer.alloc(1));
    const other = await lab.webSocket();
    expect(await other.exchange('~t=1')).toBe('~rt=k~t=1');
    expect(device.socket.connection.isEnded).toBe(false);
  });

  it('SEC-13 declared sizes on 40 connections reserve no memory', async () => {
    const before = process.memoryUsage().rss;
    const { id } = await lab.login();
    const sockets: RawWebSocket[] = [];
    for (let i = 0; i < 40; i++) {
      const socket = await RawWebSocket.open(lab.address);
      socket.sendFrame({ opcode: Opcode.binary, declaredLength: BigInt(MIB), payload: '~' });
      sockets.push(socket);
    }
    expect((await post(lab.address, '/Upload', `~id=${id}~d=x`)).body).toBe('~e=0');
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * MIB);
  });

  it.each([
    '2147483648',
    '9007199254740992',
    '9223372036854775808',
    '18446744073709551616',
    '-1',
    '1e3',
    '0x10',
    '1, 1',
    '',
  ])('SEC-13 a Content-Length of %j never hangs the relay', async (length) => {
    const connection = await RawConnection.open(lab.address);
    connection.write(requestHead(lab.address, { path: '/Upload', headers: [['Content-Length', length]] }));
    connection.write('~d=x');
    connection.end();
    const answer = (await connection.readToEnd()).toString('latin1');
    expect(answer).not.toContain('~e=0');
    expect(await (await lab.webSocket()).exchange('~t=1')).toBe('~rt=k~t=1');
  });

  it('SEC-13 conflicting lengths are refused', async () => {
    const conflicts = [
      'Content-Length: 4\r\nContent-Length: 5\r\n',
      'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n',
      'Transfer-Encoding: chunked, identity\r\n',
    ];
    for (const lines of conflicts) {
      const connection = await RawConnection.open(lab.address);
      connection.write(`POST /Upload HTTP/1.1\r\nHost: x\r\n${lines}\r\n~d=xy`);
      connection.end();
      expect((await connection.readToEnd()).toString('latin1')).not.toMatch(/^HTTP\/1\.1 200/);
    }
  });

  it('SEC-13 a chunked body is counted, not trusted', async () => {
    const connection = await RawConnection.open(lab.address);
    const headers: [string, string][] = [['Transfer-Encoding', 'chunked']];
    connection.write(requestHead(lab.address, { path: '/Upload', headers }));
    const chunk = `${MIB.toString(16)}\r\n${'x'.repeat(MIB)}\r\n`;
    for (let sent = 0; sent < 18 && !connection.isEnded; sent++) connection.write(chunk);
    expect((await connection.readToEnd()).toString('latin1')).not.toMatch(/^HTTP\/1\.1 200/);
  });

  it('SEC-13 the body of a login is bounded before anybody is known', async () => {
    const response = await post(lab.address, '/', `~p=1~cn=${'x'.repeat(64 * KIB)}~cp=y~ec=1`);
    expect(response.status).toBe(200);
    expect(response.body).toMatch(/^~e=(2|7|8)(~|$)/);
  });

  it('SEC-13 a message before authentication is bounded to less than an ordinary one', async () => {
    const device = await WebSocketDevice.open(lab.address, '0s0');
    device.socket.sendText(`~id=${'x'.repeat(64 * KIB)}`);
    device.socket.sendText('~t=1');
    const code = await device.waitForClose();
    expect([1008, 1009]).toContain(code);
  });

  it('SEC-13 a header block above 8 KiB is refused', async () => {
    const connection = await RawConnection.open(lab.address);
    const headers: [string, string][] = [
      ['X-Big', 'x'.repeat(9 * KIB)],
      ['Content-Length', '0'],
    ];
    connection.write(requestHead(lab.address, { path: '/Upload', headers }));
    expect((await connection.readToEnd()).toString('latin1')).not.toMatch(/^HTTP\/1\.1 200/);
  });
});

describe('compression', () => {
  const lab = useRelay(startOurRelay);

  it.each(['authenticated', 'not authenticated'])(
    'SEC-15 F-36 RSV1 is rejected with 1002 when %s',
    async (state) => {
      const device =
        state === 'authenticated' ? await lab.webSocket() : await WebSocketDevice.open(lab.address, '0s0');
      device.socket.sendFrame({ opcode: Opcode.text, payload: '\xca\x03\x00', rsv: 4 });
      expect(await device.waitForClose()).toBe(1002);
    },
  );
});

describe('pieces', () => {
  const lab = useRelay(startOurRelay);

  it('SEC-13 SEC-25 16,000 one-byte fragments on each of 10 connections are closed with 1008', async () => {
    const before = process.memoryUsage().rss;
    const start = encodeFrame({ opcode: Opcode.text, payload: '~', fin: false });
    const piece = encodeFrame({ opcode: Opcode.continuation, payload: 'x', fin: false });
    const flood = Buffer.concat([start, ...Array.from({ length: 16_000 }, () => piece)]);
    const devices: WebSocketDevice[] = [];
    for (let i = 0; i < 10; i++) devices.push(await lab.webSocket());
    for (const device of devices) device.socket.connection.write(flood);
    for (const device of devices) expect(await device.waitForClose()).toBe(1008);
    expect(process.memoryUsage().rss - before).toBeLessThan(48 * MIB);
  });

  it('SEC-13 one message in thousands of one-byte frames is bounded, and its pieces cost no more than its bytes', async () => {
    const device = await lab.webSocket();
    for (const byte of `~s=${device.sessionId}~d=${'y'.repeat(2_000)}~t=1`) device.socket.sendText(byte);
    const outcome = await Promise.race([device.answer(), device.closed]);
    expect([1008, '~rt=s~e=0~t=1']).toContain(outcome);
  });

  it('SEC-13 a flood of Pings is answered or closed, never piled up', async () => {
    const device = await lab.webSocket();
    device.socket.connection.setReading(false);
    for (let i = 0; i < 20_000; i++)
      device.socket.sendFrame({ opcode: Opcode.ping, payload: 'x'.repeat(125) });
    const other = await lab.webSocket();
    expect(await other.exchange('~t=1')).toBe('~rt=k~t=1');
    device.socket.connection.setReading(true);
    await Promise.race([device.ping('last'), device.waitForClose()]);
  });
});
