import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Client, ClientChannel } from 'ssh2';
import type { Connector, FrameSocket } from '../../../src/frames';
import { describeWith } from '../../helpers/part';
import { deadPort, exchangeAll, exchangeMuch, startFront, useEcho, useSockets, type Front } from './echo';
import { openSsh, useSshd } from './ssh';

const echo = useEcho();
const connect = useSockets();
let front: Front;

beforeAll(async () => {
  front = await startFront(echo());
});

afterAll(() => front.stop());

/** Channels of one SSH connection, each to the server that the URL names. */
function channels(ssh: Client): Connector {
  return ({ host, port }) =>
    new Promise<ClientChannel>((resolve, reject) => {
      ssh.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
        if (error === undefined) resolve(channel);
        else reject(error);
      });
    });
}

describeWith('sshd')('over a channel of sshd', () => {
  const sshd = useSshd();
  let opened: Awaited<ReturnType<typeof openSsh>>;

  const open = (): Promise<FrameSocket> =>
    connect(`ws://localhost:${front.port}/`, { connect: channels(opened.ssh) });

  beforeEach(async () => {
    opened = await openSsh(sshd.part().port, sshd.privateKey);
  });

  afterEach(() => opened.ssh.end());

  it('carries everything, several sockets side by side, and closes in good order', async () => {
    await Promise.all([exchangeAll(await open()), exchangeAll(await open())]);
  });

  it('carries much', async () => {
    const socket = await open();
    await exchangeMuch(socket);
    await socket.close();
  });

  it.each([
    ['the server cuts', () => front.cut()],
    ['the network under SSH is cut', () => opened.tcp.destroy()],
    ['the SSH connection ends', () => opened.ssh.end()],
  ])('F-53: %s in the middle of a message', async (_, cut) => {
    const socket = await open();
    await socket.sendFrame('first part', { fin: false });
    await socket.sendPing('there?');
    socket.deliverPongs = true;
    expect((await socket.readFrame()).opcodeName).toBe('Pong');
    const read = socket.tryReadFrame();
    cut();
    expect(await read).toMatchObject({ ok: false, error: { code: 'CONNECTION_LOST' } });
    await expect(socket.sendFrame('second part')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect([socket.isConnected, socket.wasClean]).toEqual([false, false]);
  });

  it('a channel that sshd refuses', async () => {
    const refused = connect(`ws://127.0.0.1:${await deadPort()}/`, { connect: channels(opened.ssh) });
    await expect(refused).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      cause: { message: expect.stringContaining('refused') as string },
    });
  });
});
