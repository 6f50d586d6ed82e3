import { describe, expect, it } from 'vitest';
import { loginBody } from '../raw/raw-client';
import { RawConnection, within } from '../raw/raw-connection';
import { post, send } from '../raw/raw-http';
import { RawWebSocket, WEBSOCKET_PATH, encodeFrame } from '../raw/raw-websocket';
import { type Lab, newNetwork, useRelay } from '../raw/relay-under-test';
import { startOurRelay } from '../raw/start-our-relay';

/** A small generator with a seed, so that a failure can be repeated. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const PIECES = [
  '~',
  '=',
  '~~',
  '~-',
  '~t=1',
  '~d=',
  '~d=x',
  '~dt=Discovery',
  '~n=n1',
  '~s=99',
  '~s=',
  '~c=t',
  '~c=c',
  '~c=',
  '~nc=1',
  '~ns=',
  '~id=',
  '~id=99sXx',
  '~z=0',
  '~z=',
  '~r=1',
  '~ts=1',
  '~t=',
  '~t=0',
  '~t=-1',
  '~rt=r',
  '~rt=s',
  '~e=0',
  '~f=1',
  '~__proto__=x',
  '\0',
  '\xff',
  '\r\n',
  'x',
  '~p=1',
  '~cn=home',
  '~cp=',
  '~xm=1',
  '~0=text',
];

function hostileText(random: (below: number) => number, id: string): string {
  let text = random(3) === 0 ? `~id=${id}` : '';
  for (let n = random(12); n > 0; n--) {
    text += random(5) === 0 ? String.fromCharCode(random(256)) : (PIECES[random(PIECES.length)] ?? '');
  }
  return text;
}

/** The relay still does its job: the process is alive, and no table is broken. */
async function expectAlive(lab: Lab): Promise<void> {
  const network = newNetwork();
  const receiver = await lab.webSocket([network]);
  const sender = await lab.polling([network]);
  expect(await sender.send('~d=alive')).toBe('0');
  expect((await receiver.delivery()).data).toBe('alive');
}

/** Sends bytes, waits until the relay closes or has served somebody else, and forgets the connection. */
async function throwAt(lab: Lab, bytes: Uint8Array | string): Promise<void> {
  const connection = await RawConnection.open(lab.address);
  connection.write(bytes);
  connection.end();
  await connection.readToEnd().catch(() => undefined);
  connection.destroy();
}

describe('endpoint fuzz', () => {
  const lab = useRelay(startOurRelay, { maxUnauthenticatedPerAddress: 10_000 });

  it.each([1, 2, 3])(
    'SEC-25 P-3 P-9 random bodies, seed %i: 200 with a code from every path',
    async (seed) => {
      const random = randomNumbers(seed);
      for (let n = 0; n < 150; n++) {
        const { id } = n % 10 === 0 ? await lab.login() : { id: '99sXx' };
        const body = hostileText(random, id);
        for (const path of ['/', '/Upload', '/CancelDownload']) {
          const response = await post(lab.address, path, body);
          expect([body, path, response.status]).toEqual([body, path, 200]);
          expect(response.body).toMatch(/^~e=\d+/);
        }
      }
      await expectAlive(lab);
    },
  );

  it.each([4, 5, 6])('SEC-25 random messages over WebSocket, seed %i', async (seed) => {
    const random = randomNumbers(seed);
    for (let n = 0; n < 60; n++) {
      const device = await lab.webSocket();
      for (let m = 0; m < 8; m++) device.socket.sendText(`${hostileText(random, device.id)}~t=1`);
      device.socket.sendClose(1000);
      await within(device.closed, 'close');
    }
    await expectAlive(lab);
  });

  it.each([7, 8, 9])('SEC-25 random frames over WebSocket, seed %i', async (seed) => {
    const random = randomNumbers(seed);
    for (let n = 0; n < 60; n++) {
      const { id } = await lab.login();
      const socket = await RawWebSocket.open(lab.address);
      if (random(2) === 0) socket.sendText(`~id=${id}~t=1`);
      for (let m = 0; m < 5; m++) {
        const frame = encodeFrame({
          opcode: random(16),
          rsv: random(4) === 0 ? random(8) : 0,
          fin: random(3) !== 0,
          isMasked: random(5) !== 0,
          payload: hostileText(random, id),
          ...(random(6) === 0 ? { declaredLength: BigInt(random(70_000)) } : {}),
        });
        socket.connection.write(frame.subarray(0, 1 + random(frame.length)));
      }
      socket.connection.end();
      await socket.connection.readToEnd();
    }
    await expectAlive(lab);
  });

  it('SEC-25 random bytes where a request should be', async () => {
    const random = randomNumbers(10);
    for (let n = 0; n < 150; n++) {
      await throwAt(
        lab,
        Uint8Array.from({ length: random(300) }, () => random(256)),
      );
    }
    await expectAlive(lab);
  });

  it('SEC-25 transports mixed up: frames on HTTP paths, requests on a WebSocket, halves of each', async () => {
    const { id } = await lab.login();
    const request = `POST /Upload HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n~d=`;
    const upgrade =
      `GET ${WEBSOCKET_PATH} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n';
    const frame = encodeFrame({ opcode: 1, payload: `~id=${id}~t=1` }).toString('latin1');
    const mixtures = [
      frame,
      request + frame,
      `${upgrade}\r\n${request}`,
      `${upgrade}Content-Length: 5\r\n\r\n~d=xy`,
      `${upgrade}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `${upgrade}\r\n${frame}${frame}`,
      upgrade + upgrade,
      upgrade.replace('GET', 'POST'),
      upgrade.replace(WEBSOCKET_PATH, '/Download'),
      `${request}${upgrade}\r\n`,
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'GET / HTTP/0.9\r\n\r\n',
      'POST / HTTP/1.0\r\n\r\n~p=1',
      'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n',
      'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
    ];
    for (const mixture of mixtures) await throwAt(lab, mixture);
    const body = loginBody(lab.account());
    const asUpgrade: [string, string][] = [
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Content-Length', String(body.length)],
    ];
    expect((await send(lab.address, { path: '/', body, headers: asUpgrade })).status).not.toBe(101);
    await expectAlive(lab);
  });

  it('SEC-25 2,000 headers with an upgrade behind them', async () => {
    const many = Array.from({ length: 2_000 }, (_, n) => `a${n}:\r\n`).join('');
    const upgrade =
      'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n';
    for (const lines of [
      many + upgrade,
      upgrade + many,
      upgrade.replace('\r\n', '\r\na:\r\n'.repeat(1_500)),
    ]) {
      const connection = await RawConnection.open(lab.address);
      connection.write(`GET ${WEBSOCKET_PATH} HTTP/1.1\r\nHost: x\r\n${lines}\r\n`);
      const answer = (await connection.readToEnd()).toString('latin1');
      expect(answer).not.toMatch(/^HTTP\/1\.1 101/);
    }
    await expectAlive(lab);
  });

  it('SEC-25 connections that end in the middle of anything', async () => {
    const { id } = await lab.login();
    const body = `~id=${id}~d=x~z=0`;
    const whole = `POST /Upload HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    for (let cut = 0; cut < whole.length; cut += 3) {
      const connection = await RawConnection.open(lab.address);
      connection.write(whole.slice(0, cut));
      if (cut % 2 === 0) connection.reset();
      else connection.destroy();
    }
    const device = await lab.webSocket();
    device.socket.connection.write(encodeFrame({ opcode: 1, payload: 'x'.repeat(300) }).subarray(0, 50));
    device.socket.connection.reset();
    await expectAlive(lab);
  });
});
