import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { type Address, DeadlineMissed, RawConnection, closeAllConnections } from './raw-connection';
import { headerValues, post, send, startRequest } from './raw-http';
import { Opcode, RawWebSocket, UpgradeRefused, encodeFrame } from './raw-websocket';
import { PollingDevice } from './polling-device';
import { login } from './raw-client';
import { WebSocketDevice } from './websocket-device';
import { decodeFields, encodeFields, splitMessages } from './tilde';

let server: Server | undefined;
const sockets = new Set<Socket>();

/** A server whose whole behaviour is what it does with the bytes received so far on one socket. */
async function scripted(onBytes: (socket: Socket, received: string) => void): Promise<Address> {
  server = createServer((socket) => {
    let received = '';
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => onBytes(socket, (received += chunk.toString('latin1'))));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

function answering(body: string): (socket: Socket, received: string) => void {
  return (socket, received) => {
    if (received.includes('\r\n\r\n~')) {
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`, 'latin1');
    }
  };
}

/** Accepts the upgrade, then writes `bytes` and gives all later bytes to `onFrames`. */
function upgrading(bytes: Buffer, onFrames: (socket: Socket, bytes: string) => void = () => undefined) {
  let upgradedAt = 0;
  return (socket: Socket, received: string): void => {
    if (upgradedAt > 0) return onFrames(socket, received.slice(upgradedAt));
    const key = /Sec-WebSocket-Key: (.+)\r\n/.exec(received)?.[1];
    if (key === undefined || !received.endsWith('\r\n\r\n')) return;
    upgradedAt = received.length;
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.write(bytes);
  };
}

function relayFrame(payload: string, opcode: number = Opcode.binary): Buffer {
  return encodeFrame({ opcode, payload, isMasked: false });
}

afterEach(async () => {
  closeAllConnections();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  server = undefined;
});

describe('tilde encoding of the test side', () => {
  it('V-1 escapes tilde and NUL and reads them back', () => {
    const text = encodeFields([['d', 'tilde~ nul\0 eq= end~']]);
    expect(text).toBe('~d=tilde~~ nul~- eq= end~~');
    expect(decodeFields(text)).toEqual([['d', 'tilde~ nul\0 eq= end~']]);
  });

  it('V-13 V-15 V-16 V-24 reads the edge cases', () => {
    expect(decodeFields('~d=~~')).toEqual([['d', '~']]);
    expect(decodeFields('~d=~~-')).toEqual([['d', '~-']]);
    expect(decodeFields('~d=~~t=1')).toEqual([['d', '~t=1']]);
    expect(decodeFields('~d=a=b==~z=0')).toEqual([
      ['d', 'a=b=='],
      ['z', '0'],
    ]);
  });

  it('V-20 V-21 V-22 rejects what the protocol rejects', () => {
    expect(() => decodeFields('~e=0~')).toThrow();
    expect(() => decodeFields('rt=a')).toThrow();
    expect(() => decodeFields('~a=1~rt~e=0')).toThrow();
  });

  it('V-4 V-12 V-16 P-21 splits at terminators only', () => {
    const stream = '~rt=k~t=1~d=x~~t=1y~t=1~d=a~~~t=1~t=1~d=~~t=1';
    const expected = ['~rt=k~t=1', '~d=x~~t=1y~t=1', '~d=a~~~t=1', '~t=1'];
    expect(splitMessages(stream)).toEqual({ messages: expected, rest: '~d=~~t=1' });
    for (let cut = 0; cut < stream.length; cut++) {
      const { messages, rest } = splitMessages(stream.slice(0, cut));
      const second = splitMessages(rest + stream.slice(cut));
      expect([...messages, ...second.messages]).toEqual(expected);
    }
  });
});

describe('HTTP of the test side', () => {
  it('P-39 writes one POST with Content-Length and reads a sized body', async () => {
    let seen = '';
    const address = await scripted((socket, received) => {
      seen = received;
      answering('~e=\xff')(socket, received);
    });
    expect((await post(address, '/Upload', '~d=\xe9')).body).toBe('~e=\xff');
    expect(seen).toBe(
      `POST /Upload HTTP/1.1\r\nHost: 127.0.0.1:${address.port}\r\n` +
        'Content-Type: application/octet-stream\r\nContent-Length: 4\r\n\r\n~d=\xe9',
    );
  });

  it('reads chunked bodies, bodies that end with the connection, and repeated headers', async () => {
    const answers = [
      'Transfer-Encoding: chunked\r\nA: 1\r\nA: 2\r\n\r\n3\r\n~e=\r\n1\r\n0\r\n0\r\n\r\n',
      '\r\n~e=0',
    ];
    const address = await scripted((socket) => void socket.end(`HTTP/1.1 200 OK\r\n${answers.shift()}`));
    const chunked = await send(address, { method: 'GET', path: '/', headers: [] });
    expect(chunked.body).toBe('~e=0');
    expect(headerValues(chunked, 'a')).toEqual(['1', '2']);
    expect((await send(address, { method: 'GET', path: '/', headers: [] })).body).toBe('~e=0');
  });

  it('misses its deadline, or fails, when no answer comes', async () => {
    const address = await scripted((socket, received) => {
      if (received.includes('hang up')) socket.destroy();
    });
    await expect(send(address, { path: '/', body: 'wait' }, 30)).rejects.toThrow(DeadlineMissed);
    await expect(post(address, '/', 'hang up')).rejects.toThrow('connection ended');
    const pending = await startRequest(address, { path: '/', body: 'wait' });
    pending.drop();
    await expect(pending.response).rejects.toThrow('connection ended');
    expect(pending.isAnswered).toBe(true);
  });
});

describe('WebSocket of the test side', () => {
  it('writes and reads each length form', async () => {
    for (const size of [0, 125, 126, 65_535, 65_536]) {
      const payload = 'x'.repeat(size);
      const address = await scripted(upgrading(relayFrame(payload)));
      const socket = await RawWebSocket.open(address);
      const frame = await socket.readFrame();
      expect([frame.fin, frame.opcode, frame.isMasked, frame.payload.length]).toEqual([true, 2, false, size]);
    }
  });

  it('masks what it sends', async () => {
    const address = await scripted(
      upgrading(Buffer.alloc(0), (socket, bytes) => void socket.write(Buffer.from(bytes, 'latin1'))),
    );
    const socket = await RawWebSocket.open(address);
    socket.sendFrame({ opcode: Opcode.text, payload: 'hello', fin: false, rsv: 4 });
    const frame = await socket.readFrame();
    expect(frame).toEqual({ fin: false, rsv: 4, opcode: 1, isMasked: true, payload: Buffer.from('hello') });
  });

  it('refuses a wrong accept value and any status but 101', async () => {
    const wrong = await scripted(
      (socket) => void socket.write('HTTP/1.1 101 S\r\nSec-WebSocket-Accept: AAAA\r\n\r\n'),
    );
    await expect(RawWebSocket.open(wrong)).rejects.toThrow('Sec-WebSocket-Accept');
    const refusing = await scripted(
      (socket) => void socket.end('HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n'),
    );
    await expect(RawWebSocket.open(refusing)).rejects.toThrow(UpgradeRefused);
  });

  it('reads the close code, or none when the connection just ends', async () => {
    const closing = await scripted(upgrading(relayFrame('\x03\xf1', Opcode.close)));
    expect(await (await RawWebSocket.open(closing)).readCloseCode()).toBe(1009);
    const ending = await scripted((socket, received) => {
      upgrading(relayFrame('~rt=k~t=1'))(socket, received);
      socket.end();
    });
    expect(await (await RawWebSocket.open(ending)).readCloseCode()).toBeUndefined();
  });
});

describe('devices of the test side', () => {
  it('P-1 accepts binary frames and fails on a text frame', async () => {
    const binary = await scripted(upgrading(relayFrame('~rt=a~e=0~t=1')));
    await WebSocketDevice.attach(binary, '7sAb');
    const text = await scripted(upgrading(relayFrame('~rt=a~e=0~t=1', Opcode.text)));
    const device = await WebSocketDevice.open(text, '7sAb');
    await expect(device.answer()).rejects.toThrow('P-1');
    await expect(device.closed).rejects.toThrow('P-1');
  });

  it('P-35 V-19 reads several deliveries of one message, split over frames, apart from answers', async () => {
    const frames = ['~rt=r~f=7~dt=a~d=1~f', '=8~d=2~t=1~rt=k~t', '=1'].map((part) => relayFrame(part));
    const device = await WebSocketDevice.open(await scripted(upgrading(Buffer.concat(frames))), '7sAb');
    expect(await device.answer()).toBe('~rt=k~t=1');
    expect(await device.delivery()).toEqual({ from: '7', type: 'a', data: '1' });
    expect(await device.delivery()).toEqual({ from: '8', type: '', data: '2' });
    expect(device.received).toEqual(['~rt=r~f=7~dt=a~d=1~f=8~d=2~t=1', '~rt=k~t=1']);
  });

  it('P-3 refuses an empty answer, another body and another status', async () => {
    const account = { connectName: 'home', password: 'pass' };
    await expect(login(await scripted(answering('')), account)).rejects.toThrow('no leading tilde');
    await expect(login(await scripted(answering('<html>')), account)).rejects.toThrow('no leading tilde');
    await expect(login(await scripted(answering('~e=8')), account)).rejects.toThrow('login refused: ~e=8');
    const failing = await scripted(
      (socket) => void socket.end('HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n'),
    );
    await expect(login(failing, account)).rejects.toThrow('status 500');
  });

  it('logs in and polls with a rising z', async () => {
    const bodies: string[] = [];
    const address = await scripted((socket, received) => {
      const body = received.split('\r\n\r\n')[1] ?? '';
      if (body !== '') bodies.push(body);
      answering(bodies.length === 1 ? '~e=0~id=9sZ' : '~e=4')(socket, received);
    });
    const { id } = await login(address, { connectName: 'a~b', password: 'p' });
    const device = new PollingDevice(address, id);
    expect(await device.setNetworks('n~1')).toBe('4');
    expect(await device.poll('~t=18')).toBe('~e=4');
    expect(bodies).toEqual(['~p=1~cn=a~~b~cp=p~ec=1', '~id=9sZ~n=n~~1~z=0', '~id=9sZ~t=18~z=1']);
  });

  it('closes every connection that a test left open', async () => {
    const address = await scripted(() => undefined);
    const connection = await RawConnection.open(address);
    closeAllConnections();
    await connection.waitForEnd();
    expect(connection.isEnded).toBe(true);
  });
});
