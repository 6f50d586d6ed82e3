import { once } from 'node:events';
import { constants, inflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, type PerMessageDeflateOptions } from 'ws';
import { createRelay, type Relay, type RelayOptions } from '../../src/relay';
import { login } from '../conformance/raw/raw-client';
import { closeAllConnections, type Address } from '../conformance/raw/raw-connection';
import { headerValue } from '../conformance/raw/raw-http';
import { encodeFrame, Opcode, RawWebSocket, WEBSOCKET_PATH } from '../conformance/raw/raw-websocket';
import { deflated, prose } from '../helpers/compressible';
import { Devices } from '../helpers/devices';

const ACCOUNT = { connectName: 'home', password: 'word' };
const NAME = 'permessage-deflate';
const AGREED = `${NAME}; server_no_context_takeover; client_no_context_takeover`;
const NETWORK = 'one';
const RSV1 = 4;
const MIB = 1_048_576;
const relays: Relay[] = [];
const sockets: WebSocket[] = [];

afterEach(async () => {
  closeAllConnections();
  for (const socket of sockets.splice(0)) socket.terminate();
  await Promise.all(relays.splice(0).map((relay) => relay.close({ drainMs: 0 })));
});

async function start(
  options: RelayOptions = { perMessageDeflate: true },
): Promise<Address & { url: string }> {
  const relay = createRelay({ accounts: [ACCOUNT], ...options });
  relays.push(relay);
  const { host, port, url } = await relay.listen({ port: 0 });
  return { host, port, url };
}

/** A peer that does nothing by itself, upgraded with this offer. */
async function openRaw(address: Address, offer = NAME): Promise<RawWebSocket> {
  return RawWebSocket.open(address, { headers: [['Sec-WebSocket-Extensions', offer]] });
}

const compressed = (text: string | Uint8Array): Buffer =>
  encodeFrame({ opcode: Opcode.binary, payload: deflated(Buffer.from(text)), rsv: RSV1 });

/** The same, logged in and listening. */
async function attachRaw(address: Address, offer = NAME): Promise<RawWebSocket> {
  const { id } = await login(address, ACCOUNT);
  const socket = await openRaw(address, offer);
  if (offer.startsWith(NAME)) socket.connection.write(compressed(`~id=${id}~t=1`));
  else socket.sendText(`~id=${id}~t=1`);
  expect((await socket.readFrame()).payload.toString()).toBe('~rt=a~e=0~t=1');
  socket.sendText(`~nc=1~ns=${NETWORK}~t=1`);
  expect((await socket.readFrame()).payload.toString()).toBe('~rt=n~e=4~t=1');
  return socket;
}

/** The `ws` package, logged in and listening. */
async function attachForeign(
  address: Address,
  perMessageDeflate: PerMessageDeflateOptions,
): Promise<WebSocket> {
  const { id } = await login(address, ACCOUNT);
  const url = `ws://${address.host}:${address.port}${WEBSOCKET_PATH}`;
  const socket = new WebSocket(url, { perMessageDeflate });
  sockets.push(socket);
  await once(socket, 'open');
  for (const message of [`~id=${id}~t=1`, `~nc=1~ns=${NETWORK}~t=1`]) {
    socket.send(message);
    await once(socket, 'message');
  }
  return socket;
}

const restore = (payload: Buffer): string =>
  inflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).toString();

const sendTo = (text: string): string => `~n=${NETWORK}~d=${text}~t=1`;

describe('P-55: negotiation', () => {
  it.each([
    [true, NAME, AGREED],
    [true, `${NAME}; client_max_window_bits`, AGREED],
    [{ level: 1 }, `x-other, ${NAME}; server_max_window_bits=9`, `${AGREED}; server_max_window_bits=9`],
    [true, `${NAME}; bogus`, undefined],
    [true, 'x-other', undefined],
    [false, NAME, undefined],
    [undefined, NAME, undefined],
  ])('with perMessageDeflate %j, "%s" is answered with %s', async (perMessageDeflate, offer, answer) => {
    const address = await start(perMessageDeflate === undefined ? {} : { perMessageDeflate });
    const { response } = await openRaw(address, offer);
    expect(headerValue(response, 'sec-websocket-extensions')).toBe(answer);
  });

  it('refuses a threshold or level that is none', () => {
    for (const perMessageDeflate of [{ threshold: -1 }, { level: 10 }, { memLevel: 0 }]) {
      expect(() => createRelay({ accounts: [ACCOUNT], perMessageDeflate })).toThrow(RangeError);
    }
  });
});

describe('compressed messages of the relay', () => {
  const text = prose.slice(0, 20_000);

  it.each([
    ['nothing special', {}],
    ['no context takeover', { serverNoContextTakeover: true, clientNoContextTakeover: true }],
    ['windows of 9 bits', { serverMaxWindowBits: 9, clientMaxWindowBits: 9 }],
  ])('F-71: reach the ws package, which offers %s', async (_, offer) => {
    const address = await start();
    const sender = await attachForeign(address, { threshold: 0, ...offer });
    const receiver = await attachForeign(address, { threshold: 0, ...offer });
    expect(receiver.extensions).toBe(NAME);
    for (let round = 0; round < 20; round++) {
      const came = once(receiver, 'message') as Promise<[Buffer, boolean]>;
      sender.send(sendTo(`${round} ${text}`));
      const [message, isBinary] = await came;
      expect([isBinary, message.toString().includes(`~d=${round} ${text}`)]).toEqual([true, true]);
    }
  });

  it('F-68: have RSV1 and are short for those who agreed; the same message is whole for the others', async () => {
    const address = await start();
    const sender = await attachRaw(address);
    const receivers = [
      await attachRaw(address),
      await attachRaw(address),
      await attachRaw(address, `${NAME}; server_max_window_bits=10`),
      await attachRaw(address, 'x-other'),
    ];
    sender.connection.write(compressed(sendTo(text)));
    const frames = await Promise.all(receivers.map((receiver) => receiver.readFrame()));
    expect(frames.map(({ opcode, fin, rsv }) => [opcode, fin, rsv])).toEqual([
      [2, true, RSV1],
      [2, true, RSV1],
      [2, true, 0],
      [2, true, 0],
    ]);
    expect(frames.map(({ payload }) => payload.length < 6_000)).toEqual([true, true, false, false]);
    const restored = frames.map((frame) =>
      frame.rsv === RSV1 ? restore(frame.payload) : frame.payload.toString(),
    );
    expect(restored[0]).toContain(`~d=${text}~t=1`);
    expect(new Set(restored).size).toBe(1);
  });

  it('below the threshold go as they are', async () => {
    const address = await start({ perMessageDeflate: { threshold: 5_000 } });
    const [sender, receiver] = [await attachRaw(address), await attachRaw(address)];
    for (const length of [4_000, 6_000]) {
      sender.sendText(sendTo(prose.slice(0, length)));
      expect((await receiver.readFrame()).rsv).toBe(length > 5_000 ? RSV1 : 0);
    }
  });

  it('reach our own client, whose WebSocket in Node offers compression', async () => {
    const { url } = await start();
    const devices = new Devices({
      server: url,
      connectName: 'home',
      connectPassword: 'word',
      networkNames: [NETWORK],
    });
    try {
      const [sender, receiver] = [await devices.open(), await devices.open()];
      const came = new Promise((resolve) => receiver.on('message', ({ data }) => resolve(data)));
      await sender.send(text);
      expect(await came).toBe(text);
    } finally {
      await devices.close();
    }
  });
});

describe('SEC-15, F-70: hostile clients', () => {
  it.each([
    ['a reserved kind of block', Uint8Array.of(0x06, 0xff)],
    ['a message that ends inside a block', Uint8Array.of(0xf2, 0x48)],
    ['no bytes at all', new Uint8Array(0)],
  ])('%s is closed with 1007', async (_, payload) => {
    const socket = await attachRaw(await start());
    socket.sendFrame({ opcode: Opcode.binary, payload, rsv: RSV1 });
    expect(await socket.readCloseCode()).toBe(1007);
  });

  it.each([
    ['a Continuation', Opcode.continuation],
    ['a Ping', Opcode.ping],
    ['a Close', Opcode.close],
  ])('F-68: RSV1 on %s is closed with 1002', async (_, opcode) => {
    const socket = await attachRaw(await start());
    socket.sendFrame({ opcode: Opcode.binary, payload: '~', fin: opcode !== Opcode.continuation });
    socket.sendFrame({ opcode, payload: '', rsv: RSV1 });
    expect(await socket.readCloseCode()).toBe(1002);
  });

  it('bombs of 256 MiB are closed with 1009 and cost little more than the limit', async () => {
    const address = await start();
    const bomb = compressed(new Uint8Array(256 * MIB));
    expect(bomb.length).toBeLessThan(MIB);
    const attackers = [];
    for (let i = 0; i < 5; i++) attackers.push(await attachRaw(address));
    const before = process.memoryUsage().arrayBuffers;
    for (const attacker of attackers) attacker.connection.write(bomb);
    for (const attacker of attackers) expect(await attacker.readCloseCode()).toBe(1009);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(24 * MIB);
  });

  it('before the login nothing restores to more than a stranger may send, in one message or many', async () => {
    const address = await start();
    const single = await openRaw(address);
    single.connection.write(compressed('~'.repeat(9_000)));
    expect(await single.readCloseCode()).toBe(1009);
    const many = await openRaw(address);
    for (let i = 0; i < 10; i++) many.connection.write(compressed(`~id=${'x'.repeat(1_000)}`));
    expect(await many.readCloseCode()).toBe(1009);
  });

  it('a large message right behind the login, in one write with it, is taken', async () => {
    const address = await start();
    const { id } = await login(address, ACCOUNT);
    const receiver = await attachRaw(address);
    const sender = await openRaw(address);
    const text = prose.slice(0, 100_000);
    sender.connection.write(Buffer.concat([compressed(`~id=${id}~t=1`), compressed(sendTo(text))]));
    const { payload } = await receiver.readFrame();
    expect(restore(payload)).toContain(text);
  });
});
