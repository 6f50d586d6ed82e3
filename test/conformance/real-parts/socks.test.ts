import { expect, it } from 'vitest';
import { socks } from '../../../src/frames';
import { describeWith, partUser, usePart, type Place, type Plan } from '../../helpers/part';
import { deadPort, exchangeAll, exchangeMuch, useEcho, useSockets } from './echo';
import { useSshd } from './ssh';

const echo = useEcho();
const connect = useSockets();

const microsocks =
  (...more: string[]) =>
  ({ port }: Place): Plan => ({ args: ['-i', '127.0.0.1', '-p', String(port), ...more] });

describeWith('microsocks')('through microsocks', () => {
  const open = usePart('microsocks', microsocks());
  const locked = usePart('microsocks', microsocks('-u', 'anna', '-P', 'sec:ret'));
  const auth = { username: 'anna', password: 'sec:ret' };

  it.each([{ isLocked: false }, { isLocked: true }])(
    'W5: a name that the proxy looks up, with a password: $isLocked',
    async ({ isLocked }) => {
      const part = isLocked ? locked() : open();
      const connector = socks({ url: `socks5://127.0.0.1:${part.port}`, ...(isLocked ? { auth } : {}) });
      await exchangeAll(await connect(`ws://localhost:${echo()}/`, { connect: connector }));
      await expect.poll(() => part.log).toContain(`connected to localhost:${echo()}`);
    },
  );

  it('W5: much on one connection, to an address', async () => {
    const connector = socks({ url: `socks5://127.0.0.1:${open().port}` });
    await exchangeMuch(await connect(`ws://127.0.0.1:${echo()}/`, { connect: connector }));
  });

  it.each(['anna:wrong@', ''])('credentials "%s" are refused', async (credentials) => {
    const connector = socks({ url: `socks5://${credentials}127.0.0.1:${locked().port}` });
    const error: unknown = await connect(`ws://localhost:${echo()}/`, {
      connect: connector,
    }).catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'PROXY_UNAUTHORIZED' });
    expect(String(error)).not.toContain('wrong');
  });

  it('a server that refuses', async () => {
    const connector = socks({ url: `socks5://127.0.0.1:${open().port}` });
    await expect(
      connect(`ws://127.0.0.1:${await deadPort()}/`, { connect: connector }),
    ).rejects.toMatchObject({
      code: 'PROXY_REFUSED',
      message: expect.stringContaining('connection refused') as string,
    });
  });
});

describeWith('danted')('through danted', () => {
  const open = usePart('danted', ({ port }) => ({
    args: ['-f', 'danted.conf'],
    files: {
      'danted.conf': [
        'logoutput: stderr',
        `internal: 127.0.0.1 port = ${port}`,
        'external: 127.0.0.1',
        'clientmethod: none',
        'socksmethod: none',
        'client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }',
        'socks block { from: 0.0.0.0/0 to: 127.0.0.1/32 port = 9 }',
        'socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 log: connect }',
        '',
      ].join('\n'),
    },
  }));

  it.each([4, 5] as const)('version %s carries everything', async (version) => {
    const connector = socks({ url: `socks://127.0.0.1:${open().port}`, version });
    await exchangeAll(await connect(`ws://127.0.0.1:${echo()}/`, { connect: connector }));
  });

  it('version 4 with a name that is looked up here', async () => {
    const connector = socks({ url: `socks4://someone@127.0.0.1:${open().port}` });
    await exchangeAll(await connect(`ws://localhost:${echo()}/`, { connect: connector }));
  });

  it.each([
    { version: 4, port: deadPort, says: '91', of: 'nobody listens' },
    { version: 4, port: () => 9, says: '91', of: 'its rules forbid' },
    { version: 5, port: deadPort, says: 'connection refused', of: 'nobody listens' },
    { version: 5, port: () => 9, says: 'not allowed by its rules', of: 'its rules forbid' },
  ] as const)('version $version: a port where $of', async ({ version, port, says }) => {
    const connector = socks({ url: `socks://127.0.0.1:${open().port}`, version });
    await expect(connect(`ws://127.0.0.1:${await port()}/`, { connect: connector })).rejects.toMatchObject({
      code: 'PROXY_REFUSED',
      message: expect.stringContaining(says) as string,
    });
  });
});

describeWith('sshd', 'ssh')('through ssh -D', () => {
  const sshd = useSshd();
  const open = usePart('ssh', ({ folder, port }) => ({
    args: [
      ...['-N', '-F', 'none', '-D', `127.0.0.1:${port}`, '-i', `${folder}/key`],
      ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
      ...['-p', String(sshd.part().port), `${partUser}@127.0.0.1`],
    ],
    files: { key: sshd.privateKey },
  }));

  it.each([
    { version: 4, host: '127.0.0.1' },
    { version: '4a', host: 'localhost' },
    { version: 5, host: 'localhost' },
  ] as const)('version $version to $host', async ({ version, host }) => {
    const connector = socks({ url: `socks://127.0.0.1:${open().port}`, version });
    await exchangeAll(await connect(`ws://${host}:${echo()}/`, { connect: connector }));
  });

  it.each(['4a', 5] as const)('version %s: it breaks off where it cannot connect', async (version) => {
    const connector = socks({ url: `socks://127.0.0.1:${open().port}`, version });
    await expect(
      connect(`ws://localhost:${await deadPort()}/`, { connect: connector }),
    ).rejects.toMatchObject({ code: 'PROXY_FAILED' });
  });
});
