import { afterAll, beforeAll, expect, it } from 'vitest';
import { environmentProxy, httpProxy } from '../../../src/frames';
import { describeWith, Part, usePart, type Place, type Plan } from '../../helpers/part';
import {
  deadPort,
  exchangeAll,
  exchangeMuch,
  makePems,
  startFront,
  useEcho,
  useSockets,
  type Front,
} from './echo';

const echo = useEcho();
const connect = useSockets();
let secureEcho: Front;
let ca: string;

beforeAll(async () => {
  const pems = await makePems();
  ca = pems.cert;
  secureEcho = await startFront(echo(), { tls: pems });
});

afterAll(() => secureEcho.stop());

const tinyproxy =
  (...more: string[]) =>
  ({ port }: Place): Plan => ({
    args: ['-d', '-c', 'tinyproxy.conf'],
    files: {
      'tinyproxy.conf': [
        'Listen 127.0.0.1',
        `Port ${port}`,
        'Timeout 600',
        'MaxClients 20',
        ...more,
        '',
      ].join('\n'),
    },
  });

describeWith('tinyproxy')('through tinyproxy', () => {
  const open = usePart('tinyproxy', tinyproxy());
  const locked = usePart('tinyproxy', tinyproxy('BasicAuth anna secret'));
  const auth = { username: 'anna', password: 'secret' };

  it.each([
    { scheme: 'ws', isLocked: false },
    { scheme: 'ws', isLocked: true },
    { scheme: 'wss', isLocked: false },
    { scheme: 'wss', isLocked: true },
  ])('W2, F-9: $scheme, with a password: $isLocked', async ({ scheme, isLocked }) => {
    const part = isLocked ? locked() : open();
    const port = scheme === 'ws' ? echo() : secureEcho.port;
    const connector = httpProxy({ url: `http://127.0.0.1:${part.port}`, ...(isLocked ? { auth } : {}) });
    await exchangeAll(await connect(`${scheme}://localhost:${port}/`, { connect: connector, tls: { ca } }));
    expect(part.log).toContain(`CONNECT localhost:${port} HTTP/1.1`);
  });

  it('W2: much on one connection', async () => {
    const connector = environmentProxy({ http_proxy: `http://127.0.0.1:${open().port}` });
    await exchangeMuch(await connect(`ws://localhost:${echo()}/`, { connect: connector }));
  });

  it.each([
    // This proxy tells the wrong password from none by its status.
    { credentials: 'anna:wrong@', status: 401 },
    { credentials: '', status: 407 },
  ])('F-9: credentials "$credentials" are refused with $status', async ({ credentials, status }) => {
    const connector = httpProxy({ url: `http://${credentials}127.0.0.1:${locked().port}` });
    const error: unknown = await connect(`ws://localhost:${echo()}/`, {
      connect: connector,
    }).catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'PROXY_UNAUTHORIZED', answer: { status } });
    expect(String(error)).not.toContain('wrong');
  });

  it('F-9: a server that the proxy cannot reach', async () => {
    const connector = httpProxy({ url: `http://127.0.0.1:${open().port}` });
    await expect(
      connect(`ws://127.0.0.1:${await deadPort()}/`, { connect: connector }),
    ).rejects.toMatchObject({
      code: 'PROXY_REFUSED',
      answer: { status: 500 },
    });
  });

  it('F-9: a port that the proxy does not allow', async () => {
    const strict = await Part.start('tinyproxy', tinyproxy('ConnectPort 443'));
    try {
      const connector = httpProxy({ url: `http://127.0.0.1:${strict.port}` });
      await expect(connect(`ws://localhost:${echo()}/`, { connect: connector })).rejects.toMatchObject({
        code: 'PROXY_REFUSED',
        answer: { status: 403 },
      });
    } finally {
      await strict.stop();
    }
  });

  it('F-53: the proxy ends with a connection open', async () => {
    const mortal = await Part.start('tinyproxy', tinyproxy());
    const connector = httpProxy({ url: `http://127.0.0.1:${mortal.port}` });
    const socket = await connect(`ws://localhost:${echo()}/`, { connect: connector });
    await socket.sendFrame('there?');
    expect((await socket.readFrame()).text()).toBe('there?');
    const [read] = await Promise.all([socket.tryReadFrame(), mortal.stop()]);
    expect(read).toMatchObject({ ok: false, error: { code: 'CONNECTION_LOST' } });
    expect([socket.isConnected, socket.wasClean]).toEqual([false, false]);
  });
});
