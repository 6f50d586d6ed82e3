import { describe, expect, it } from 'vitest';
import { WebSocketDevice } from '../websocket-device';
import { headerValue } from '../raw-http';
import { Opcode, RawWebSocket, encodeFrame, requestUpgrade } from '../raw-websocket';
import { type Lab, type StartRelay, newNetwork, useRelay } from '../relay-under-test';

/** Frames, messages and their answers: sections 1, 2.3 and 5. */
export function webSocketRules(start: StartRelay): void {
  describe('WebSocket', () => {
    const lab = useRelay(start);
    upgradeRules(lab);
    authenticationRules(lab);
    messageRules(lab);
    splittingRules(lab);
    frameRules(lab);
  });
}

function upgradeRules(lab: Lab): void {
  it('P-52 P-55 upgrades without subprotocol and extension, though both are offered', async () => {
    const { response } = await requestUpgrade(lab.address, {
      headers: [
        ['Sec-WebSocket-Protocol', 'webifi'],
        ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits'],
      ],
    });
    expect(response.status).toBe(101);
    expect(headerValue(response, 'sec-websocket-protocol')).toBeUndefined();
    expect(headerValue(response, 'sec-websocket-extensions')).toBeUndefined();
  });

  it.each(['http://127.0.0.1', 'https://page.example', 'null', 'file://', 'not an origin'])(
    'P-45 takes the Origin %s',
    async (origin) => {
      expect((await requestUpgrade(lab.address, { headers: [['Origin', origin]] })).response.status).toBe(
        101,
      );
    },
  );
}

function authenticationRules(lab: Lab): void {
  it('V-27 P-4 P-1 authenticates with a binary frame', async () => {
    const { id } = await lab.login();
    const socket = await RawWebSocket.open(lab.address);
    socket.sendText(`~id=${id}~t=1`);
    const frame = await socket.readFrame();
    expect(frame.payload.toString('latin1')).toBe('~rt=a~e=0~t=1');
    expect([frame.fin, frame.rsv, frame.opcode, frame.isMasked]).toEqual([true, 0, Opcode.binary, false]);
  });

  it('P-1 P-54 answers binary frames to every message, whether it came as TEXT or BINARY', async () => {
    for (const opcode of [Opcode.text, Opcode.binary]) {
      const { id } = await lab.login();
      const messages = [`~id=${id}~t=1`, '~nc=1~ns=n~t=1', '~d=x~t=1', '~t=1', '~q=1~t=1', '~c=c~t=1'];
      const socket = await RawWebSocket.open(lab.address);
      for (const payload of messages) {
        socket.sendFrame({ opcode, payload });
        expect((await socket.readFrame()).opcode).toBe(Opcode.binary);
      }
      socket.connection.destroy();
    }
  });

  it('V-23 P-32 ignores an unknown key in the auth message', async () => {
    const { id } = await lab.login();
    const device = await WebSocketDevice.open(lab.address, id);
    expect(await device.exchange(`~id=${id}~q=9~t=1`)).toBe('~rt=a~e=0~t=1');
  });

  it('V-28 P-65 P-6 answers 12 to an unknown id and closes', async () => {
    const device = await WebSocketDevice.open(lab.address, '99sXx');
    expect(await device.exchange('~id=99sXx~t=1')).toBe('~rt=a~e=12~t=1');
    await device.waitForClose();
  });

  it('P-100 answers 12 to the right session id with a wrong secret', async () => {
    const { id, sessionId } = await lab.login();
    for (const wrong of [sessionId, `${sessionId}s`, `${id}x`, id.slice(0, -1), id.toUpperCase(), ` ${id}`]) {
      const device = await WebSocketDevice.open(lab.address, wrong);
      expect(await device.exchange(`~id=${wrong}~t=1`)).toBe('~rt=a~e=12~t=1');
    }
    await WebSocketDevice.attach(lab.address, id);
  });

  it('P-10 accepts the auth message again on the same socket, and goes on delivering', async () => {
    const device = await lab.webSocket([newNetwork()]);
    for (let i = 0; i < 3; i++) expect(await device.exchange(`~id=${device.id}~t=1`)).toBe('~rt=a~e=0~t=1');
    expect(await device.deliveriesSoFar()).toEqual([]);
  });

  it('P-11 P-109 serves data that came between the auth message and its answer, before any networks', async () => {
    const receiver = await lab.webSocket();
    const { id, sessionId } = await lab.login();
    const device = await WebSocketDevice.open(lab.address, id);
    device.socket.connection.write(
      Buffer.concat([
        encodeFrame({ opcode: Opcode.text, payload: `~id=${id}~t=1` }),
        encodeFrame({ opcode: Opcode.text, payload: `~s=${receiver.sessionId}~d=early~t=1` }),
      ]),
    );
    expect(await device.answer()).toBe('~rt=a~e=0~t=1');
    expect(await device.answer()).toBe('~rt=s~e=0~t=1');
    expect(await receiver.delivery()).toEqual({ from: sessionId, type: '', data: 'early' });
    expect(await device.exchange('~d=nobody listens yet~t=1')).toBe('~rt=s~e=0~t=1');
  });

  it('P-11 P-34 serves auth, networks and data of one single frame', async () => {
    const network = newNetwork();
    const receiver = await lab.webSocket([network]);
    const { id } = await lab.login();
    const device = await WebSocketDevice.open(lab.address, id);
    device.socket.sendText(`~id=${id}~t=1~nc=1~ns=${network}~t=1~d=all at once~t=1`);
    for (const answer of ['~rt=a~e=0~t=1', '~rt=n~e=4~t=1', '~rt=s~e=0~t=1']) {
      expect(await device.answer()).toBe(answer);
    }
    expect((await receiver.delivery()).data).toBe('all at once');
  });

  it('P-6 SEC-9 delivers nothing for a socket that never authenticated', async () => {
    const network = newNetwork();
    const receiver = await lab.webSocket([network]);
    const stranger = await WebSocketDevice.open(lab.address, '99sXx');
    const answer = await stranger.exchange(`~s=${receiver.sessionId}~n=${network}~d=x~t=1`);
    expect(['~rt=s~e=7~t=1', '~rt=s~e=12~t=1']).toContain(answer);
    if (answer.includes('e=12')) await stranger.waitForClose();
    expect(await receiver.deliveriesSoFar()).toEqual([]);
  });
}

function messageRules(lab: Lab): void {
  it.each([
    ['V-29', '~nc=1~ns=n1~ns=n2~t=1'],
    ['V-30', '~nc=1~t=1'],
    ['P-15', '~nc=1~ns=a~~b~-c=d~t=1'],
  ])('%s P-4 sets networks with %j and gets 4', async (_no, message) => {
    const device = await lab.webSocket();
    expect(await device.exchange(message)).toBe('~rt=n~e=4~t=1');
  });

  it('P-56 replaces the networks by each later set', async () => {
    const [first, second] = [newNetwork(), newNetwork()];
    const receiver = await lab.webSocket([first]);
    const sender = await lab.webSocket();
    expect(await receiver.setNetworks(second)).toBe('4');
    expect(await sender.send(`~n=${first}~d=old`)).toBe('0');
    expect(await sender.send(`~n=${second}~d=new`)).toBe('0');
    expect((await receiver.delivery()).data).toBe('new');
    expect(await receiver.setNetworks()).toBe('4');
    expect(await sender.send(`~n=${second}~d=none`)).toBe('0');
    expect(await receiver.deliveriesSoFar()).toEqual([]);
  });

  it('V-31 V-32 P-35 P-104 sends to the default networks; the receiver gets rt, f, dt and d', async () => {
    const network = newNetwork();
    const sender = await lab.webSocket([network]);
    const receiver = await lab.webSocket([network]);
    expect(await sender.exchange('~dt=t~d=hello~t=1')).toBe('~rt=s~e=0~t=1');
    await receiver.delivery();
    expect(receiver.received.at(-1)).toBe(`~rt=r~f=${sender.sessionId}~dt=t~d=hello~t=1`);
  });

  it('V-36 V-3 answers a keep-alive', async () => {
    expect(await (await lab.webSocket()).exchange('~t=1')).toBe('~rt=k~t=1');
  });

  it.each([
    ['V-41', '~q=1~t=1'],
    ['P-56', '~n=n1~t=1'],
    ['P-56', '~dt=t~t=1'],
    ['V-21 P-27', 'rt=a~e=0~t=1'],
    ['P-27', 'garbage~t=1'],
    ['V-22 P-28', '~a=1~rt~e=0~t=1'],
    ['V-23 P-34', '~rt=q~q=9~t=1'],
    ['V-23 P-34', '~rt=a~q=9~e=0~t=1'],
  ])('%s answers 7 to %j and goes on', async (_no, message) => {
    const device = await lab.webSocket();
    expect(await device.exchange(message)).toBe('~rt=s~e=7~t=1');
    expect(await device.exchange('~t=1')).toBe('~rt=k~t=1');
  });

  it('P-28 acts on the fields in front of a broken key', async () => {
    const device = await lab.webSocket();
    expect(await device.exchange(`~id=${device.id}~rt~e=0~t=1`)).toBe('~rt=a~e=0~t=1');
  });

  it('V-39 P-8 answers a terminate, then closes, and the session is over', async () => {
    const device = await lab.webSocket([newNetwork()]);
    expect(await device.exchange('~c=t~t=1')).toBe('~rt=c~e=0~t=1');
    await device.waitForClose();
    const late = await WebSocketDevice.open(lab.address, device.id);
    expect(await late.exchange(`~id=${device.id}~t=1`)).toBe('~rt=a~e=12~t=1');
  });

  it('V-40 P-7 answers a restart and leaves the closing to the client', async () => {
    const device = await lab.webSocket([newNetwork()]);
    expect(await device.exchange('~c=c~t=1')).toBe('~rt=c~e=0~t=1');
    for (let i = 0; i < 5; i++) expect(await device.ping()).toBe('still there');
    device.socket.sendClose(1000);
    expect(await device.waitForClose()).toBe(1000);
  });
}

function splittingRules(lab: Lab): void {
  it('P-22 P-34 V-17 serves several messages of one frame, in order', async () => {
    const device = await lab.webSocket();
    device.socket.sendText(`~t=1~q=1~t=1~nc=1~t=1~s=${device.sessionId}~d=x~t=1~t=1`);
    const expected = ['~rt=k~t=1', '~rt=s~e=7~t=1', '~rt=n~e=4~t=1', '~rt=s~e=0~t=1', '~rt=k~t=1'];
    for (const answer of expected) expect(await device.answer()).toBe(answer);
    expect((await device.delivery()).data).toBe('x');
  });

  it('V-18 P-22 joins one message out of several frames, cut at every place', async () => {
    const device = await lab.webSocket();
    const message = `~s=${device.sessionId}~dt=a~~b~d=x~~t=1y~-z~~~t=1`;
    for (let cut = 1; cut < message.length; cut++) {
      device.socket.sendText(message.slice(0, cut));
      device.socket.sendBinary(message.slice(cut));
      expect(await device.answer()).toBe('~rt=s~e=0~t=1');
      expect(await device.delivery()).toEqual({ from: device.sessionId, type: 'a~b', data: 'x~t=1y\0z~' });
    }
  });

  it('P-22 P-53 joins WebSocket fragments, with a Ping between them', async () => {
    const device = await lab.webSocket();
    device.socket.sendFrame({ opcode: Opcode.text, payload: `~s=${device.sessionId}~d=o`, fin: false });
    expect(await device.ping('between')).toBe('between');
    device.socket.sendFrame({ opcode: Opcode.continuation, payload: '', fin: false });
    device.socket.sendFrame({ opcode: Opcode.continuation, payload: 'ne~t=1' });
    expect(await device.answer()).toBe('~rt=s~e=0~t=1');
    expect((await device.delivery()).data).toBe('one');
  });

  it('P-22 reads the same when TCP brings one byte at a time', async () => {
    const device = await lab.webSocket();
    const frames = ['~t=1', `~s=${device.sessionId}~d=slow`, '~t=1'].map((payload) =>
      encodeFrame({ opcode: Opcode.text, payload }),
    );
    for (const byte of Buffer.concat(frames)) device.socket.connection.write(Uint8Array.of(byte));
    expect(await device.answer()).toBe('~rt=k~t=1');
    expect(await device.answer()).toBe('~rt=s~e=0~t=1');
    expect((await device.delivery()).data).toBe('slow');
  });

  it('V-16 P-21 waits for the rest when an escaped tilde only looks like the terminator', async () => {
    const device = await lab.webSocket();
    device.socket.sendText(`~s=${device.sessionId}~d=~~t=1`);
    await device.ping();
    expect(device.received).toEqual(['~rt=a~e=0~t=1']);
    expect(await device.exchange('~t=1')).toBe('~rt=s~e=0~t=1');
    expect((await device.delivery()).data).toBe('~t=1');
  });
}

function frameRules(lab: Lab): void {
  it('F-32 answers a Ping with the same bytes, also before authentication', async () => {
    const device = await WebSocketDevice.open(lab.address, '0s0');
    for (const payload of ['', 'x', '\xff\0'.repeat(62)]) expect(await device.ping(payload)).toBe(payload);
  });

  it('F-50 ignores an unsolicited Pong', async () => {
    const device = await lab.webSocket();
    device.socket.sendFrame({ opcode: Opcode.pong, payload: 'unasked' });
    expect(await device.exchange('~t=1')).toBe('~rt=k~t=1');
  });

  it.each([
    ['F-24 an unmasked frame', { opcode: Opcode.text, payload: '~t=1', isMasked: false }, 1002],
    ['F-36 RSV2', { opcode: Opcode.text, payload: '~t=1', rsv: 2 }, 1002],
    ['F-36 RSV3', { opcode: Opcode.text, payload: '~t=1', rsv: 1 }, 1002],
    ['F-37 opcode 3', { opcode: 3, payload: '~t=1' }, 1002],
    ['F-37 opcode 11', { opcode: 11, payload: '' }, 1002],
    ['F-38 a fragmented Ping', { opcode: Opcode.ping, payload: 'x', fin: false }, 1002],
    ['F-38 a Ping of 126 bytes', { opcode: Opcode.ping, payload: 'x'.repeat(126) }, 1002],
    ['F-39 a continuation of nothing', { opcode: Opcode.continuation, payload: '~t=1' }, 1002],
    [
      'F-41 a length that is not in its shortest form',
      { opcode: Opcode.text, payload: '~t=1', declaredLength: 4n },
      1002,
    ],
    ['F-55 a Close body of one byte', { opcode: Opcode.close, payload: 'x' }, 1002],
    ['F-56 a Close with code 1005', { opcode: Opcode.close, payload: '\x03\xed' }, 1002],
  ])('%s fails the connection', async (_name, frame, code) => {
    const device = await lab.webSocket();
    device.socket.sendFrame(frame);
    expect(await device.waitForClose()).toBe(code);
  });

  it('F-54 F-57 echoes a Close', async () => {
    const device = await lab.webSocket();
    device.socket.sendClose(3_000);
    expect(await device.waitForClose()).toBe(3_000);
    const silent = await lab.webSocket();
    silent.socket.sendFrame({ opcode: Opcode.close });
    expect(await silent.waitForClose()).toBe(1_005);
  });

  it('F-63 ends the TCP connection after the close handshake', async () => {
    const device = await lab.webSocket();
    device.socket.sendClose(1_000);
    await device.waitForClose();
    await device.socket.connection.waitForEnd();
  });
}
