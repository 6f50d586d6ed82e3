import { describe, expect, it } from 'vitest';
import { WebSocket as UndiciWebSocket } from 'undici';
import { WebSocket as WsWebSocket } from 'ws';
import { Queue } from '../raw/queue';
import { within } from '../raw/raw-connection';
import { WEBSOCKET_PATH } from '../raw/raw-websocket';
import { newNetwork, useRelay } from '../raw/relay-under-test';
import { startOurRelay } from '../raw/start-our-relay';
import { splitMessages } from '../raw/tilde';

/** What the exchange needs of a foreign WebSocket, bytes as Latin-1. */
interface ForeignSocket {
  send(data: string | Uint8Array): void;
  /** The next message: several may have come in one frame. */
  next(): Promise<string>;
  close(): Promise<number>;
}

function pushMessages(messages: Queue<string>, frame: Buffer): void {
  const { messages: found, rest } = splitMessages(frame.toString('latin1'));
  for (const message of found) messages.push(message);
  if (rest !== '') messages.fail(new Error('a message over several frames'));
}

async function openWs(url: string): Promise<ForeignSocket> {
  const socket = new WsWebSocket(url);
  const messages = new Queue<string>();
  socket.on('error', (error) => messages.fail(error));
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) pushMessages(messages, data);
    else messages.fail(new Error('P-1: a text message'));
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await within(new Promise((resolve) => socket.once('open', resolve)), 'open');
  return {
    send: (data) => socket.send(data),
    next: () => messages.next('message'),
    close: () => (socket.close(1000), within(closed, 'close')),
  };
}

async function openUndici(url: string): Promise<ForeignSocket> {
  const socket = new UndiciWebSocket(url);
  socket.binaryType = 'arraybuffer';
  const messages = new Queue<string>();
  socket.addEventListener('error', () => messages.fail(new Error('socket error')));
  socket.addEventListener('message', ({ data }: { data: unknown }) => {
    if (data instanceof ArrayBuffer) pushMessages(messages, Buffer.from(data));
    else messages.fail(new Error('P-1: a text message'));
  });
  const closed = new Promise<number>((resolve) =>
    socket.addEventListener('close', ({ code }) => resolve(code)),
  );
  await within(new Promise((resolve) => socket.addEventListener('open', resolve)), 'open');
  return {
    send: (data) => socket.send(data),
    next: () => messages.next('message'),
    close: () => (socket.close(1000), within(closed, 'close')),
  };
}

describe.each([
  ['ws', openWs],
  ['undici', openUndici],
])('WebSocket of %s', (_name, open) => {
  const lab = useRelay(startOurRelay);

  async function attach(networks: string[]): Promise<{ socket: ForeignSocket; sessionId: string }> {
    const { id, sessionId } = await lab.login();
    const socket = await open(`ws://${lab.address.host}:${lab.address.port}${WEBSOCKET_PATH}`);
    socket.send(`~id=${id}~t=1`);
    expect(await socket.next()).toBe('~rt=a~e=0~t=1');
    socket.send(`~nc=1${networks.map((name) => `~ns=${name}`).join('')}~t=1`);
    expect(await socket.next()).toBe('~rt=n~e=4~t=1');
    return { socket, sessionId };
  }

  it('V-27 V-29 V-31 V-32 V-36 P-54 attaches, sets networks, sends and receives, as text and as bytes', async () => {
    const network = newNetwork();
    const [one, two] = [await attach([network]), await attach([network])];
    one.socket.send('~dt=t~d=hello~t=1');
    expect(await one.socket.next()).toBe('~rt=s~e=0~t=1');
    expect(await two.socket.next()).toBe(`~rt=r~f=${one.sessionId}~dt=t~d=hello~t=1`);
    two.socket.send(Buffer.from(`~s=${one.sessionId}~d=\xff\xfe~~~-~t=1`, 'latin1'));
    expect(await two.socket.next()).toBe('~rt=s~e=0~t=1');
    expect(await one.socket.next()).toBe(`~rt=r~f=${two.sessionId}~d=\xff\xfe~~~-~t=1`);
    one.socket.send('~t=1');
    expect(await one.socket.next()).toBe('~rt=k~t=1');
    expect(await one.socket.close()).toBe(1000);
    expect(await two.socket.close()).toBe(1000);
  });

  it('P-53 carries a large message both ways', async () => {
    const { socket, sessionId } = await attach([]);
    const data = 'x'.repeat(200_000);
    socket.send(`~s=${sessionId}~d=${data}~t=1`);
    const received = [await socket.next(), await socket.next()];
    expect(received.sort()).toEqual([`~rt=r~f=${sessionId}~d=${data}~t=1`, '~rt=s~e=0~t=1']);
    expect(await socket.close()).toBe(1000);
  });

  it('V-39 P-8 sees the relay close after a terminate', async () => {
    const { socket } = await attach([]);
    socket.send('~c=t~t=1');
    expect(await socket.next()).toBe('~rt=c~e=0~t=1');
    expect(await socket.close()).toBeTypeOf('number');
  });
});
