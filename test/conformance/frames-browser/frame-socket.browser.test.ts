import { afterEach, describe, expect, inject, it } from 'vitest';
import { FrameSocket, FrameSocketError, ReadFailReason, type ConnectOptions } from '../../../src/frames-browser';

const server = inject('framesUrl');
const sockets: FrameSocket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
});

async function connect(path: string, options: ConnectOptions = {}): Promise<FrameSocket> {
  const socket = await FrameSocket.connect(`${server}${path}`, options);
  sockets.push(socket);
  return socket;
}

const failure = async (work: Promise<unknown>): Promise<unknown> => work.then(() => 'no failure', (error: unknown) => error);

const hasCode = (code: string): unknown => expect.objectContaining({ name: 'FrameSocketError', code });

describe('FrameSocket on the WebSocket of a browser: messages as frames', () => {
  it('D-3: a text and bytes come back as one frame each, empty ones too', async () => {
    const socket = await connect('/echo');
    const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) & 0xff);
    for (const data of ['grüße \u{1f600} \ufeff', '', bytes, new Uint8Array(0)]) {
      await socket.sendFrame(data);
      const frame = await socket.readFrame();
      const isText = typeof data === 'string';
      expect(frame).toMatchObject({ fin: true, opcodeName: isText ? 'Text' : 'Binary', opcode: isText ? 1 : 2 });
      expect(isText ? frame.text() : frame.payload).toEqual(data);
    }
    expect(socket.state).toBe('open');
    expect(socket.isConnected).toBe(true);
  });

  it('W3, D-5: fragments are collected and sent as one message, a split pair of surrogates whole', async () => {
    const socket = await connect('/echo');
    await socket.sendFrame('a\ud83d', { fin: false });
    await socket.sendFrame('\ude00b', { fin: false });
    await socket.sendFrame('c');
    expect((await socket.readFrame()).text()).toBe('a\u{1f600}bc');
    const part = Uint8Array.of(1, 2);
    await socket.sendFrame(part, { fin: false });
    part.fill(9);
    await expect(socket.sendFrame('text')).rejects.toThrow(TypeError);
    await socket.sendFrame(Uint8Array.of(3));
    expect((await socket.readFrame()).payload).toEqual(Uint8Array.of(1, 2, 3));
    await socket.sendMessage(['x', 'y']);
    expect((await socket.readFrame()).text()).toBe('xy');
  });

  it('D-15: a message that is collected is bounded, and can still be ended', async () => {
    const socket = await connect('/echo', { maxBuffered: 10 });
    await socket.sendFrame('12345678', { fin: false });
    expect(await failure(socket.sendFrame('90!'))).toEqual(hasCode('MESSAGE_TOO_LARGE'));
    await socket.sendFrame('90');
    expect((await socket.readFrame()).text()).toBe('1234567890');
  });

  it('fragments and a Ping of the server come as one message', async () => {
    const socket = await connect('/fragments');
    const messages = socket.messages();
    expect((await messages.next()).value?.text()).toBe('one two');
    await messages.return();
    await socket.close(1000);
    expect(socket.wasClean).toBe(true);
  });

  it('offers subprotocols, adds query parameters, and wants a choice unless told otherwise', async () => {
    const socket = await connect('/query?a=1', { protocols: ['other', 'chat'], query: { 'b&': 'ü' } });
    expect(socket.protocol).toBe('chat');
    expect((await socket.readFrame()).text()).toBe('a=1&b%26=%C3%BC');
    expect((await connect('/echo')).protocol).toBeUndefined();
    expect(await failure(connect('/echo', { protocols: 'other' }))).toBeInstanceOf(FrameSocketError);
  });

  it('bufferedAmount counts what the browser has not sent, and drain waits for it', async () => {
    const socket = await connect('/echo');
    const data = new Uint8Array(4_194_304);
    const sending = socket.sendFrame(data);
    expect(socket.bufferedAmount).toBeGreaterThan(0);
    await Promise.all([sending, socket.drain(), socket.readFrame()]);
    expect(socket.bufferedAmount).toBe(0);
  });
});

describe('reading in a browser', () => {
  it('D-6: a read that is aborted or out of time loses nothing, and dataAvailable tells', async () => {
    const socket = await connect('/echo');
    expect(socket.dataAvailable).toBe(false);
    const abort = new AbortController();
    const reading = socket.readFrame({ signal: abort.signal });
    expect(await failure(socket.readFrame())).toEqual(hasCode('READ_IN_PROGRESS'));
    abort.abort();
    expect(await failure(reading)).toEqual(hasCode('ABORTED'));
    expect(socket.lastFailReason).toBe(ReadFailReason.ABORTED);
    expect(await socket.tryReadFrame({ timeoutMs: 1 })).toMatchObject({ ok: false, reason: ReadFailReason.TIMEOUT });
    await socket.sendFrame('still there');
    await expect.poll(() => socket.dataAvailable).toBe(true);
    expect((await socket.readFrame()).text()).toBe('still there');
    expect(socket.lastFrame?.text()).toBe('still there');
  });

  it('W6: the idle timeout ends the read and not the connection', async () => {
    const socket = await connect('/echo', { idleTimeoutMs: 20 });
    expect(await failure(socket.readFrame())).toEqual(hasCode('READ_TIMEOUT'));
    socket.idleTimeoutMs = 10_000;
    await socket.sendFrame('x');
    expect((await socket.readFrame()).text()).toBe('x');
    expect(() => (socket.idleTimeoutMs = -1)).toThrow(RangeError);
  });

  it.each([
    ['count', '/flood?count=10001&size=0', 10_000],
    ['bytes', '/flood?count=20&size=1000', 10],
  ])('D-15: what is not read is bounded by %s; what was kept is read, then a clear error', async (_what, path, kept) => {
    const socket = await connect(path, { maxBuffered: 10_000 });
    await expect.poll(() => socket.state).toBe('closed');
    for (let i = 0; i < kept; i++) await socket.readFrame();
    expect(await failure(socket.readFrame())).toEqual(hasCode('READ_OVERFLOW'));
    expect(await failure(socket.readFrame())).toEqual(hasCode('CONNECTION_LOST'));
    expect(await failure(socket.sendFrame('x'))).toEqual(hasCode('CONNECTION_LOST'));
  });

  it('D-15: a message above maxFrameSize fails the connection', async () => {
    const socket = await connect('/flood?count=1&size=11', { maxFrameSize: 10 });
    expect(await failure(socket.readFrame())).toEqual(hasCode('MESSAGE_TOO_LARGE'));
    expect(socket.isConnected).toBe(false);
  });
});

describe('closing in a browser', () => {
  it.each([
    ['code=1001&reason=bye', 1001, 'bye'],
    ['code=4999&reason=', 4999, ''],
    ['', undefined, ''],
  ])('W6: the Close of the server (%s) is a frame, and the loop ends behind it', async (query, code, reason) => {
    const socket = await connect(`/close?${query}`);
    const names: string[] = [];
    for await (const frame of socket) names.push(frame.opcodeName);
    expect(names).toEqual(['Text', 'Close']);
    expect(socket).toMatchObject({ state: 'closed', closeReceived: true, closeCode: code, closeReason: reason });
    expect(socket).toMatchObject({ wasClean: true, isConnected: false });
    expect(await failure(socket.readFrame())).toEqual(hasCode('CLOSED'));
    expect(await failure(socket.sendFrame('x'))).toEqual(hasCode('CLOSED'));
  });

  it('W6: a connection that breaks off is lost, behind what came before', async () => {
    const socket = await connect('/drop');
    expect((await socket.readFrame()).text()).toBe('last words');
    expect(await failure(socket.readFrame())).toEqual(hasCode('CONNECTION_LOST'));
    expect(socket).toMatchObject({ wasClean: false, closeReceived: false, closeCode: undefined });
  });

  it.each([[undefined], [1000], [3000], [4999]])('D-9: close with %s is answered', async (code) => {
    const socket = await connect('/echo');
    await socket.close(code, code === undefined ? '' : 'bye');
    expect(socket).toMatchObject({ wasClean: true, closeCode: code, state: 'closed' });
  });

  it('D-9, D-10: other codes and a reason of more than 123 bytes are refused, and nothing is sent', async () => {
    const socket = await connect('/echo');
    for (const code of [1001, 1005, 1008, 2999, 5000]) await expect(socket.sendClose(code)).rejects.toThrow(RangeError);
    await expect(socket.close(1001)).rejects.toThrow('A browser does not send close code 1001');
    await expect(socket.sendClose(1000, 'ü'.repeat(62))).rejects.toThrow('124 bytes');
    await socket.sendFrame('open');
    expect((await socket.readFrame()).text()).toBe('open');
    await socket.sendClose(1000, 'x'.repeat(123));
    expect(socket.state).toBe('close-sent');
    expect(await failure(socket.sendFrame('x'))).toEqual(hasCode('CLOSE_SENT'));
    expect((await socket.readFrame()).opcodeName).toBe('Close');
  });

  it('W6: a Close that is not answered ends within closeTimeoutMs', async () => {
    const socket = await connect('/mute', { closeTimeoutMs: 50 });
    await socket.close(1000);
    expect(socket).toMatchObject({ state: 'closed', wasClean: false });
    expect(await failure(socket.readFrame())).toEqual(hasCode('CONNECTION_LOST'));
  });

  it('terminate ends it for the application at once', async () => {
    const socket = await connect('/echo');
    const reading = failure(socket.readFrame());
    socket.terminate();
    expect(await reading).toEqual(hasCode('TERMINATED'));
    expect(socket.isConnected).toBe(false);
    await socket.close();
  });
});

describe('what a browser cannot do', () => {
  it('is told by capabilities', async () => {
    const socket = await connect('/echo');
    expect(socket.capabilities).toBe(FrameSocket.capabilities);
    const { closeCodes, ...abilities } = socket.capabilities;
    expect(closeCodes).toBe('application');
    expect(new Set(Object.values(abilities))).toEqual(new Set([false]));
  });

  it('Ping and Pong reject with UNSUPPORTED and leave the connection as it is', async () => {
    const socket = await connect('/echo');
    for (const sending of [socket.sendPing('x'), socket.sendPong()]) {
      expect(await failure(sending)).toEqual(hasCode('UNSUPPORTED'));
    }
    expect(socket.lastError?.code).toBe('UNSUPPORTED');
    expect(socket).toMatchObject({ autoPong: true, autoClose: true, deliverPongs: false, pongPending: false });
    expect(() => (socket.autoPong = false)).toThrow('it answers every Ping');
    expect(() => (socket.autoClose = false)).toThrow('it answers every Close');
    expect(() => (socket.deliverPongs = true)).toThrow('it keeps Pongs to itself');
    expect(() => (socket.onPong = () => undefined)).toThrow('it keeps Pongs to itself');
    socket.autoPong = true;
    await socket.sendFrame('x');
    expect((await socket.readFrame()).text()).toBe('x');
  });

  it.each([
    ['headers', { Cookie: 'a' }],
    ['auth', { bearer: 'canary-token' }],
    ['connect', () => undefined],
    ['tls', { insecure: true }],
    ['maxRedirects', 1],
    ['perMessageDeflate', true],
    ['throttle', {}],
    ['onPong', () => undefined],
    ['autoPong', false],
    ['autoClose', false],
    ['deliverPongs', true],
    ['controlFrames', 'onRead'],
    ['unsafeCloseCode', true],
    ['validateUtf8', false],
    ['strictLength', false],
  ])('the option %s rejects with UNSUPPORTED and says what there is instead', async (option, value) => {
    const error = await failure(connect('/echo', { [option]: value }));
    expect(error).toEqual(hasCode('UNSUPPORTED'));
    expect(String(error)).toMatch(new RegExp(`A browser cannot do this: ${option}: it .+`));
    expect(String(error)).not.toContain('canary');
  });

  it('options that ask for what a browser does anyhow are taken', async () => {
    // As code that was written for Node gives them.
    const usual: object = { autoPong: true, deliverPongs: false, perMessageDeflate: false, maxRedirects: 0 };
    await expect(connect('/echo', usual)).resolves.toBeInstanceOf(FrameSocket);
  });
});

describe('connecting in a browser', () => {
  it.each([
    ['no URL', 'INVALID_URL', 'it is no absolute URL'],
    ['ftp://host/', 'INVALID_URL', 'the scheme is ftp:'],
    ['ws://host/#part', 'INVALID_URL', 'it has a fragment'],
    ['ws://me:canary-word@host/', 'INVALID_URL', 'it has credentials'],
  ])('%s gives %s', async (url, code, text) => {
    const error = await failure(FrameSocket.connect(url));
    expect(error).toEqual(hasCode(code));
    expect(String(error)).toContain(text);
    expect(String(error)).not.toContain('canary');
  });

  it('refusals, subprotocols that are none, wrong times and signals have their errors', async () => {
    expect(await failure(connect('/refuse'))).toEqual(hasCode('CONNECT_FAILED'));
    expect(await failure(FrameSocket.connect('ws://127.0.0.1:9/'))).toEqual(hasCode('CONNECT_FAILED'));
    expect(await failure(connect('/echo', { protocols: 'a b' }))).toEqual(hasCode('INVALID_REQUEST'));
    await expect(connect('/echo', { connectTimeoutMs: -1 })).rejects.toThrow(RangeError);
    expect(await failure(connect('/echo', { signal: AbortSignal.abort() }))).toEqual(hasCode('ABORTED'));
    const abort = new AbortController();
    const connecting = failure(connect('/echo', { signal: abort.signal }));
    abort.abort();
    expect(await connecting).toEqual(hasCode('ABORTED'));
  });

  it('a server that does not answer is given up', async () => {
    const error = await failure(connect('/hang', { connectTimeoutMs: 20, handshakeTimeoutMs: 30 }));
    expect(error).toEqual(hasCode('CONNECT_TIMEOUT'));
    expect(String(error)).toContain('the limit is 50 ms');
  });
});
