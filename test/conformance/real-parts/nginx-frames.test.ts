import { beforeAll, expect, it } from 'vitest';
import type { ConnectOptions, FrameSocket } from '../../../src/frames';
import { describeWith, usePart } from '../../helpers/part';
import { deadPort, exchangeAll, exchangeMuch, makePems, useEcho, useSockets, type Pems } from './echo';
import { manualSnippet, nginx } from './nginx';

const echo = useEcho();
const connectTo = useSockets();
let pems: Pems;
let unusedPort: number;

beforeAll(async () => {
  pems = await makePems();
  unusedPort = await deadPort();
});

/** Locations of one server, each with a trait of its own. */
function locations(): string {
  const behaved = manualSnippet(`http://127.0.0.1:${echo()}`);
  return `
    ${behaved}
    ${behaved.replace('/ {', '/impatient {').replace('660s', '1s')}
    location /plain { proxy_pass http://127.0.0.1:${echo()}; }
    location /dead { proxy_pass http://127.0.0.1:${unusedPort}; }
    location /moved { return 308 /; }
    ${behaved.replace('/ {', '/locked { auth_basic "here"; auth_basic_user_file users;')}`;
}

describeWith('nginx')('FrameSocket through nginx with TLS', () => {
  const proxy = usePart('nginx', (place) => {
    const plan = nginx(pems, locations())(place);
    return { ...plan, files: { ...plan.files, users: 'anna:{PLAIN}secret\n' } };
  });

  const connect = (path: string, options: ConnectOptions = {}): Promise<FrameSocket> =>
    connectTo(`wss://localhost:${proxy().port}${path}`, { tls: { ca: pems.cert }, ...options });

  it('carries everything, and closes in good order', async () => {
    await exchangeAll(await connect('/'));
  });

  it('carries much', async () => {
    await exchangeMuch(await connect('/'));
  });

  it('F-53: an idle connection that proxy_read_timeout cuts', async () => {
    const socket = await connect('/impatient');
    await socket.sendFrame('there?');
    expect((await socket.readFrame()).text()).toBe('there?');
    expect(await socket.tryReadFrame()).toMatchObject({ ok: false, error: { code: 'CONNECTION_LOST' } });
    expect([socket.isConnected, socket.wasClean]).toEqual([false, false]);
  });

  it.each([
    { path: '/plain', status: 426, why: 'Upgrade is not passed on' },
    { path: '/dead', status: 502, why: 'nobody is behind it' },
    { path: '/locked', status: 401, why: 'a password is wanted' },
    { path: '/moved', status: 308, why: 'a redirect is not followed' },
  ])('F-11: $status where $why', async ({ path, status }) => {
    await expect(connect(path)).rejects.toMatchObject({ code: 'HANDSHAKE_REJECTED', answer: { status } });
  });

  it('a password, and a redirect that is followed', async () => {
    await exchangeAll(
      await connect('/locked', { auth: { basic: { username: 'anna', password: 'secret' } } }),
    );
    await exchangeAll(await connect('/moved', { maxRedirects: 1 }));
  });

  it('F-7: a certificate that nobody trusts', async () => {
    await expect(connect('/', { tls: {} })).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID' });
  });
});
