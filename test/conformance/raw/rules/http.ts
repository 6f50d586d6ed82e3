import { describe, expect, it } from 'vitest';
import { RawConnection } from '../raw-connection';
import { headerValue, headerValues, post, readResponse, requestHead, send } from '../raw-http';
import { type StartRelay, useRelay } from '../relay-under-test';

const PATHS = ['/', '/Upload', '/Download', '/CancelDownload'];

/** What holds for all four HTTP paths: section 3. */
export function httpRules(start: StartRelay): void {
  describe('HTTP', () => {
    const lab = useRelay(start);

    it.each(PATHS)('P-3 %s answers 200 and a tilde to an unknown id', async (path) => {
      const response = await post(lab.address, path, '~id=99sXx~d=x~z=0');
      expect(response.status).toBe(200);
      expect(response.body).toMatch(/^~e=\d+/);
    });

    it.each(['/Upload', '/Download'])('P-65 V-28 %s answers 12 to an unknown id', async (path) => {
      expect((await post(lab.address, path, '~id=99sXx~d=x~z=0')).body).toBe('~e=12');
    });

    it.each(PATHS)('P-44 %s answers OPTIONS and sends the CORS headers', async (path) => {
      const preflight = await send(lab.address, {
        method: 'OPTIONS',
        path,
        headers: [
          ['Origin', 'http://page.example'],
          ['Access-Control-Request-Method', 'POST'],
          ['Access-Control-Request-Headers', 'content-type'],
        ],
      });
      expect([200, 204]).toContain(preflight.status);
      expect(headerValues(preflight, 'access-control-allow-origin')).toEqual(['*']);
      expect(headerValue(preflight, 'access-control-allow-headers')?.toLowerCase()).toContain('content-type');
      const answer = await post(lab.address, path, '~id=99sXx~d=x~z=0');
      expect(headerValues(answer, 'access-control-allow-origin')).toEqual(['*']);
      expect(headerValue(answer, 'access-control-allow-headers')?.toLowerCase()).toContain('content-type');
    });

    it.each([
      '/upload',
      '/UPLOAD',
      '/Upload/',
      '//Upload',
      '/Upload/x',
      '/Upload?',
      '/Upload?x=1',
      '/%55pload',
      '/Upload%2f',
      '/download',
      '/Download/',
      '/canceldownload',
      '/CancelDownload/',
      '/GetCredentials',
      '//',
      '/./Upload',
      '/x/../Upload',
      '/index.html',
      '/api/WebSocket',
      '/?',
      '/?x=1',
    ])('P-40 P-51 POST %s is 404', async (path) => {
      const { id } = await lab.login();
      expect((await post(lab.address, path, `~id=${id}~d=x~z=0`)).status).toBe(404);
    });

    it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'post'])(
      'P-39 P-40 %s is no way to upload',
      async (method) => {
        const { id } = await lab.login();
        const body = `~id=${id}~d=x~z=0`;
        const { status } = await send(lab.address, { method, path: '/Upload', body });
        expect([400, 404, 405]).toContain(status);
      },
    );

    it('P-39 takes requests without content type, with another one, and with a lower-case header name', async () => {
      const { id } = await lab.login();
      const body = `~id=${id}~d=x`;
      const length: [string, string] = ['content-length', String(body.length)];
      const type: [string, string] = ['content-type', 'text/plain'];
      expect((await send(lab.address, { path: '/Upload', body, headers: [length] })).body).toBe('~e=0');
      expect((await send(lab.address, { path: '/Upload', body, headers: [type, length] })).body).toBe('~e=0');
    });

    it('P-39 takes several requests on one connection, and one request byte by byte', async () => {
      const { id } = await lab.login();
      const body = `~id=${id}~d=x`;
      const connection = await RawConnection.open(lab.address);
      for (let i = 0; i < 3; i++) {
        connection.write(requestHead(lab.address, { path: '/Upload', body }) + body);
        expect((await readResponse(connection)).body).toBe('~e=0');
      }
      for (const byte of requestHead(lab.address, { path: '/Upload', body }) + body) connection.write(byte);
      expect((await readResponse(connection)).body).toBe('~e=0');
    });

    it('P-39 P-94 answers requests that were sent together in their order, a held Download included', async () => {
      const { id, sessionId } = await lab.login();
      const bodies = [
        ['/Upload', `~id=${id}~s=99~d=x`],
        ['/Download', `~id=${id}~n=n1~z=0`],
        ['/Upload', `~id=${id}~s=${sessionId}~d=x`],
        ['/Download', `~id=${id}~z=1`],
      ] as const;
      const connection = await RawConnection.open(lab.address);
      connection.write(
        bodies.map(([path, body]) => requestHead(lab.address, { path, body }) + body).join(''),
      );
      for (const expected of ['~e=2', '~e=4', '~e=0', `~e=0~f=${sessionId}~d=x`]) {
        expect((await readResponse(connection)).body).toBe(expected);
      }
    });

    it.each(['', 'x', '~', '~~', '~d', '~=', '~=x', '~id', '\0', '~id=1~', '~t=1', '\xff\xfe'])(
      'P-3 P-9 every path but a held Download answers 200 and a tilde to the body %j',
      async (body) => {
        for (const path of ['/', '/Upload', '/CancelDownload']) {
          const response = await post(lab.address, path, body);
          expect([path, response.status]).toEqual([path, 200]);
          expect(response.body).toMatch(/^~e=\d+/);
        }
      },
    );
  });
}
