import { describe, expect, it } from 'vitest';
import { RawConnection } from '../raw/raw-connection';
import { type RawResponse, post, readResponse, send } from '../raw/raw-http';
import { requestUpgrade } from '../raw/raw-websocket';
import { useRelay } from '../raw/relay-under-test';
import { startOurRelay } from '../raw/start-our-relay';

const CANARY = 'canary-7c1f';

function everythingIn(response: RawResponse): string {
  return JSON.stringify([response.headers, response.body]);
}

describe('routing', () => {
  const lab = useRelay(startOurRelay);

  it.each([
    '/Upload/',
    '//Upload',
    '/Upload/x',
    '/Upload?',
    '/Upload?id=1',
    '/Upload%2f',
    '/Upload%2F',
    '/%2fUpload',
    '/Uploa%64',
    '/upload',
    '/UPLOAD',
    '/Upload;x',
    '/Upload%00',
    '/Upload#x',
    '/Upload\\',
    '/../Upload',
    '/./Upload',
    '/Download/../Upload',
    '/Upload/.',
    '/Upload%20',
    '/api/../Upload',
  ])('SEC-22 P-40 %s is not /Upload', async (path) => {
    const { id } = await lab.login();
    const response = await post(lab.address, path, `~id=${id}~d=x~z=0`);
    expect([400, 404]).toContain(response.status);
    expect(response.body).not.toContain('~e=');
  });

  it('SEC-22 an absolute target and an asterisk reach no route', async () => {
    const { id } = await lab.login();
    const { host, port } = lab.address;
    for (const path of [`http://${host}:${port}/Upload`, 'http://other.example/Upload', '*', 'Upload']) {
      const response = await post(lab.address, path, `~id=${id}~d=x~z=0`);
      expect([400, 404]).toContain(response.status);
    }
  });

  it.each([
    '/',
    '/Upload',
    '/Download',
    '/CancelDownload',
    '/api/websocket',
    '/api/WebSocket/',
    '/api/WebSocket?x=1',
    '/api',
    '//api/WebSocket',
    '/api//WebSocket',
    '/api/%57ebSocket',
    '/unknown',
    '*',
  ])('SEC-23 an upgrade on %s is refused and the connection closed', async (path) => {
    const { connection, response } = await requestUpgrade(lab.address, {
      path,
      headers: [['Origin', `http://${CANARY}.example`]],
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    await connection.waitForEnd();
    expect(everythingIn(response)).not.toContain(CANARY);
  });

  it('SEC-23 reflects nothing of the request in any answer', async () => {
    const headers: [string, string][] = [
      ['Origin', `http://${CANARY}.example`],
      ['X-Test', CANARY],
      ['Cookie', `a=${CANARY}`],
      ['Content-Length', '0'],
    ];
    const requests: [string, string][] = [
      ['GET', `/${CANARY}`],
      ['POST', `/${CANARY}?callback=${CANARY}`],
      ['POST', '/Upload'],
      ['OPTIONS', '/Upload'],
      ['OPTIONS', `/${CANARY}`],
      ['TRACE', '/Upload'],
    ];
    for (const [method, path] of requests) {
      const response = await send(lab.address, { method, path, headers });
      expect([method, path, everythingIn(response).includes(CANARY)]).toEqual([method, path, false]);
    }
    const posted = await post(lab.address, '/Upload', `~id=${CANARY}~d=${CANARY}~z=${CANARY}`);
    expect(everythingIn(posted)).not.toContain(CANARY);
  });

  it.each([
    ['no key', ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13']],
    [
      'a short key',
      ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: abc'],
    ],
    [
      'another version',
      [
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Version: 8',
        'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==',
      ],
    ],
    ['another protocol', ['Upgrade: h2c', 'Connection: Upgrade', 'HTTP2-Settings: AAMAAABk']],
    [
      'two keys',
      [
        'Upgrade: websocket',
        'Connection: Upgrade',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==',
        'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==',
      ],
    ],
  ])('SEC-23 an upgrade with %s is refused', async (_what, lines) => {
    const connection = await RawConnection.open(lab.address);
    connection.write(`GET /api/WebSocket HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    const response = await readResponse(connection, 'GET');
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
  });

  it('SEC-23 an upgrade by POST is refused', async () => {
    const connection = await RawConnection.open(lab.address);
    connection.write(
      'POST /api/WebSocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nContent-Length: 0\r\n\r\n',
    );
    expect((await readResponse(connection)).status).not.toBe(101);
  });
});
