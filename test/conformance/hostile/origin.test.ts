import { describe, expect, it } from 'vitest';
import { loginBody } from '../raw/raw-client';
import { RawConnection } from '../raw/raw-connection';
import { headerValue, headerValues, send } from '../raw/raw-http';
import { RawWebSocket, WEBSOCKET_PATH, requestUpgrade } from '../raw/raw-websocket';
import { type Lab, useRelay } from '../raw/relay-under-test';
import { startOurRelay } from '../raw/start-our-relay';

const ALLOWED = 'https://app.example';

/** Eight shapes of Origin; only the last column is the allowed one, byte for byte. */
const ORIGINS: readonly [what: string, origin: string | undefined, isAllowed: boolean][] = [
  ['absent', undefined, true],
  ['null', 'null', false],
  ['a sub-domain', 'https://evil.app.example', false],
  ['a suffix trick', 'https://app.example.evil.test', false],
  ['another case', 'https://APP.example', false],
  ['a port', 'https://app.example:8443', false],
  ['http for https', 'http://app.example', false],
  ['a look-alike letter', 'https://\xd0\xb0pp.example', false],
  ['the allowed one', ALLOWED, true],
];

function originHeader(origin: string | undefined): [string, string][] {
  return origin === undefined ? [] : [['Origin', origin]];
}

async function loginFrom(lab: Lab, origin: string | undefined): Promise<boolean> {
  const body = loginBody(lab.account());
  const headers: [string, string][] = [['Content-Length', String(body.length)], ...originHeader(origin)];
  const response = await send(lab.address, { path: '/', body, headers });
  return response.status === 200 && response.body.startsWith('~e=0~id=');
}

/** Upgraded, and allowed to authenticate: the account is known only then. */
async function attachFrom(lab: Lab, origin: string | undefined): Promise<boolean> {
  const { connection, response } = await requestUpgrade(lab.address, { headers: originHeader(origin) });
  connection.destroy();
  if (response.status !== 101) return false;
  const { id } = await lab.login();
  const socket = await RawWebSocket.open(lab.address, { headers: originHeader(origin) });
  socket.sendText(`~id=${id}~t=1`);
  const answer = await socket.readFrame();
  return answer.payload.toString('latin1') === '~rt=a~e=0~t=1';
}

describe('origins by default', () => {
  const lab = useRelay(startOurRelay);

  it.each(ORIGINS)('SEC-1 P-45 %s is accepted on HTTP and on the upgrade', async (_what, origin) => {
    expect(await loginFrom(lab, origin)).toBe(true);
    expect(await attachFrom(lab, origin)).toBe(true);
  });

  it('SEC-2 P-44 allows every origin by an asterisk, and never with credentials', async () => {
    for (const [, origin] of ORIGINS) {
      for (const path of ['/', '/Upload', '/Download', '/CancelDownload']) {
        for (const method of ['OPTIONS', 'POST']) {
          const body = '~id=99sXx~z=0';
          const headers: [string, string][] = [
            ['Content-Length', String(body.length)],
            ...originHeader(origin),
          ];
          const response = await send(lab.address, { method, path, body, headers });
          expect(headerValues(response, 'access-control-allow-origin')).toEqual(['*']);
          expect(headerValue(response, 'access-control-allow-credentials')).toBeUndefined();
          expect(headerValue(response, 'set-cookie')).toBeUndefined();
        }
      }
    }
  });

  it.each(['/', '/Upload', '/Download', '/CancelDownload'])(
    'SEC-2 the preflight of %s may be cached',
    async (path) => {
      const headers: [string, string][] = [
        ['Origin', ALLOWED],
        ['Access-Control-Request-Method', 'POST'],
        ['Access-Control-Request-Headers', 'content-type'],
      ];
      const response = await send(lab.address, { method: 'OPTIONS', path, headers });
      expect(Number(headerValue(response, 'access-control-max-age'))).toBeGreaterThan(0);
    },
  );

  it('SEC-2 a preflight of any other path is no preflight', async () => {
    const headers = originHeader(ALLOWED);
    for (const path of ['/upload', '/Upload/', '/x', '/admin']) {
      const response = await send(lab.address, { method: 'OPTIONS', path, headers });
      expect([path, response.status]).toEqual([path, 404]);
    }
  });
});

describe('hosts by allow-list', () => {
  const lab = useRelay(startOurRelay, { allowedHosts: ['relay.example'] });

  /** First line of the answer to a login, or to an upgrade, that calls the relay by `host`. */
  async function statusLines(host: string): Promise<string[]> {
    const body = loginBody(lab.account());
    const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n';
    const key = 'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n';
    const requests = [
      `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      `GET ${WEBSOCKET_PATH} HTTP/1.1\r\nHost: ${host}\r\n${upgrade}${key}\r\n`,
    ];
    return Promise.all(requests.map(firstLineOf));
  }

  async function firstLineOf(request: string): Promise<string> {
    const connection = await RawConnection.open(lab.address);
    connection.write(request);
    return connection.readUntil('\r\n');
  }

  it.each(['relay.example', 'relay.example:9324', 'RELAY.example'])('SEC-1 %s is served', async (host) => {
    const [login, upgrade] = await statusLines(host);
    expect(login).toContain(' 200');
    expect(upgrade).toContain(' 101');
  });

  it.each(['evil.example', 'relay.example.evil.test', 'evil.relay.example', '', '127.0.0.1.evil.test'])(
    'SEC-1 SEC-23 a page that rebound the name %j gets neither a login nor an upgrade',
    async (host) => {
      for (const line of await statusLines(host)) expect(line).toMatch(/^HTTP\/1\.1 4\d\d/);
    },
  );
});

describe('origins by allow-list', () => {
  const lab = useRelay(startOurRelay, { allowedOrigins: [ALLOWED] });

  it.each(ORIGINS)(
    'SEC-1 SEC-23 %s is treated the same on HTTP and on the upgrade',
    async (_what, origin, isAllowed) => {
      expect(await loginFrom(lab, origin)).toBe(isAllowed);
      expect(await attachFrom(lab, origin)).toBe(isAllowed);
    },
  );
});
