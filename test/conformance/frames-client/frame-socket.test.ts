import { describe, expect, it } from 'vitest';
import { FrameSocket, FrameSocketError, ReadFailReason } from '../../../src/frames';
import { binary, close, more, pattern, ping, pong, text, utf8 } from '../frames/frame-bytes';
import { withPair } from './lab';
import { onePeer } from './raw-server';

const shown = (payload: Uint8Array) => new TextDecoder().decode(payload);
const failure = (code: string) => expect.objectContaining({ name: 'FrameSocketError', code }) as Error;

describe('FrameSocket: reading', () => {
  it('gives one frame per read, with its place in the message', () =>
    withPair({}, async ({ socket, peer }) => {
      peer.write(text('one', false), more('two', false), more('three', true), binary(pattern(3)));
      const frames = [];
      for (let i = 0; i < 4; i++) frames.push(await socket.readFrame());
      expect(frames.map((one) => [one.opcodeName, one.opcode, one.fin, one.messageType])).toEqual([
        ['Text', 1, false, 'Text'],
        ['Continuation', 0, false, 'Text'],
        ['Continuation', 0, true, 'Text'],
        ['Binary', 2, true, 'Binary'],
      ]);
      expect(frames.slice(0, 3).map((one) => one.text())).toEqual(['one', 'two', 'three']);
      expect(frames[3]?.payload).toEqual(pattern(3));
    }));

  it('F-23, D-18: frames glued to the answer, and the answer byte by byte', async () => {
    const { server, peer } = await onePeer();
    const opening = FrameSocket.connect(server.url);
    const raw = await peer;
    const answer = [...Buffer.from(raw.answer(), 'latin1')];
    for (const byte of answer.slice(0, -1)) {
      raw.write(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
    raw.write(Buffer.concat([Buffer.from('\n'), text('glued')('client'), text('more')('client')]));
    const socket = await opening;
    expect((await socket.readFrame()).text()).toBe('glued');
    expect((await socket.readFrame()).text()).toBe('more');
    socket.terminate();
    await server.stop();
  });

  it('D-6: a read that ran out of time or was aborted loses no byte, and the next goes on', () =>
    withPair({}, async ({ socket, peer }) => {
      const whole = text('in two halves')('client');
      peer.write(whole.slice(0, 5));
      await expect(socket.readFrame({ timeoutMs: 20 })).rejects.toEqual(failure('READ_TIMEOUT'));
      expect(socket.lastFailReason).toBe(ReadFailReason.TIMEOUT);
      await expect(socket.readFrame({ timeoutMs: NaN })).rejects.toThrow(RangeError);
      const controller = new AbortController();
      const reading = socket.readFrame({ signal: controller.signal });
      controller.abort(new Error('changed my mind'));
      await expect(reading).rejects.toMatchObject({
        code: 'ABORTED',
        failReason: 2,
        cause: { message: 'changed my mind' },
      });
      await expect(socket.readFrame({ signal: controller.signal })).rejects.toEqual(failure('ABORTED'));
      expect(socket.isConnected).toBe(true);
      peer.write(whole.slice(5));
      expect((await socket.readFrame()).text()).toBe('in two halves');
      expect(socket.lastFailReason).toBe(ReadFailReason.NONE);
    }));

  it('W6: the idle timeout begins anew with every byte, and leaves the connection usable', () =>
    withPair({ idleTimeoutMs: 500 }, async ({ socket, peer }) => {
      await expect(socket.readFrame()).rejects.toEqual(failure('READ_TIMEOUT'));
      const bytes = text('dripped')('client');
      const reading = socket.readFrame();
      for (const byte of bytes) {
        peer.write(Uint8Array.of(byte));
        await new Promise((resolve) => setTimeout(resolve, 80));
      }
      expect((await reading).text()).toBe('dripped');
    }));

  it('D-16: a second read is refused at once and does not disturb the first', () =>
    withPair({}, async ({ socket, peer }) => {
      const first = socket.readFrame();
      await expect(socket.readFrame()).rejects.toEqual(failure('READ_IN_PROGRESS'));
      expect(await socket.tryReadFrame()).toMatchObject({ ok: false, reason: ReadFailReason.OTHER });
      peer.write(text('for the first'));
      expect((await first).text()).toBe('for the first');
    }));

  it('D-7: dataAvailable tells whether a read would settle at once', () =>
    withPair({}, async ({ socket, peer }) => {
      expect(socket.dataAvailable).toBe(false);
      peer.write(text('a'), ping('now'));
      await peer.frames(1);
      expect(socket.dataAvailable).toBe(true);
      await socket.readFrame();
      expect(socket.dataAvailable).toBe(false);
      peer.socket.destroy();
      await expect(socket.readFrame()).rejects.toEqual(failure('CONNECTION_LOST'));
      expect(socket.dataAvailable).toBe(true);
    }));

  it('D-3: an unread socket answers Pings, reads ahead within its bound, and then stops reading', () =>
    withPair({}, async ({ socket, peer }) => {
      peer.write(ping('prompt'));
      const [answer] = await peer.frames(1);
      expect([answer?.opcode, shown(answer?.payload ?? new Uint8Array(0))]).toEqual([10, 'prompt']);
      const chunk = binary(pattern(65_536))('client');
      let sent = 0;
      while (peer.socket.write(chunk) || peer.socket.writableLength < 4_000_000) sent += 1;
      expect(peer.socket.writableLength).toBeGreaterThan(1_000_000);
      const blocked = peer.socket.writableLength;
      await socket.readFrame();
      for (let i = 0; i < sent; i++) expect((await socket.readFrame()).payload).toHaveLength(65_536);
      expect(peer.socket.writableLength).toBeLessThan(blocked);
    }));

  it('control frames only within reads, when asked for', () =>
    withPair({ controlFrames: 'onRead' }, async ({ socket, peer }) => {
      peer.write(ping('later'), text('a'), ping('latest'));
      await socket.sendFrame('mark');
      expect((await peer.frames(1)).map((one) => one.opcode)).toEqual([1]);
      expect((await socket.readFrame()).text()).toBe('a');
      expect((await peer.frames(2)).map((one) => one.opcode)).toEqual([1, 10]);
    }));

  it('iterates until a clean close, Close frame included, and stays connected when the loop is left', () =>
    withPair({}, async ({ socket, peer }) => {
      peer.write(text('a'), text('b'), text('c'));
      for await (const one of socket) {
        expect(one.text()).toBe('a');
        break;
      }
      peer.write(close(1000, 'done'));
      const names: string[] = [];
      for await (const one of socket.frames()) names.push(one.opcodeName);
      expect(names).toEqual(['Text', 'Text', 'Close']);
      expect(socket.wasClean).toBe(true);
    }));

  it('an iteration over a lost connection throws after the frames that came', () =>
    withPair({}, async ({ socket, peer }) => {
      peer.write(text('a'));
      peer.socket.end();
      const seen: string[] = [];
      const loop = async () => {
        for await (const one of socket) seen.push(one.text());
      };
      await expect(loop()).rejects.toEqual(failure('CONNECTION_LOST'));
      expect(seen).toEqual(['a']);
    }));

  it('messages() joins fragments, characters that are split between them too', () =>
    withPair({}, async ({ socket, peer }) => {
      const euro = utf8('€');
      peer.write(
        text(euro.slice(0, 1), false),
        ping(),
        more(euro.slice(1), true),
        binary(pattern(200)),
        close(1000),
      );
      const seen: [string, string | number][] = [];
      for await (const message of socket.messages()) {
        seen.push([
          message.messageType,
          message.messageType === 'Text' ? message.text() : message.payload.length,
        ]);
      }
      expect(seen).toEqual([
        ['Text', '€'],
        ['Binary', 200],
      ]);
    }));

  it.each([
    { title: 'bytes', options: { maxBuffered: 10 }, frames: [text('123456', false), more('789012', true)] },
    {
      title: 'frames',
      options: { maxFragments: 2 },
      frames: [text('', false), more('', false), more('', false)],
    },
  ])(
    'D-15, F-43: messages() fails the connection with 1009 above its limit of $title',
    ({ options, frames }) =>
      withPair(options, async ({ socket, peer }) => {
        peer.write(...frames);
        await expect(socket.messages().next()).rejects.toMatchObject({
          code: 'MESSAGE_TOO_LARGE',
          closeCode: 1009,
        });
        const [last] = await peer.frames(1);
        expect([last?.opcode, last?.payload]).toEqual([8, Uint8Array.of(0x03, 0xf1)]);
        await peer.ended();
      }),
  );

  it('D-1: with the switches off, Pings and Pongs are frames of their own', () =>
    withPair({ autoPong: false, deliverPongs: true }, async ({ socket, peer }) => {
      peer.write(text('a', false), ping('who?'), pong('me'), more('b', true));
      const frames = [];
      for (let i = 0; i < 4; i++) frames.push(await socket.readFrame());
      expect(frames.map((one) => [one.opcodeName, one.text(), one.messageType])).toEqual([
        ['Text', 'a', 'Text'],
        ['Ping', 'who?', undefined],
        ['Pong', 'me', undefined],
        ['Continuation', 'b', 'Text'],
      ]);
      expect(socket.pongPending).toBe(true);
      await socket.sendPong();
      expect(socket.pongPending).toBe(false);
      const [answer] = await peer.frames(1);
      expect([answer?.opcode, shown(answer?.payload ?? new Uint8Array(0))]).toEqual([10, 'who?']);
      await socket.sendPong();
      expect((await peer.frames(2))[1]).toMatchObject({ opcode: 10, payload: new Uint8Array(0) });
    }));

  it('switches can be turned while connected', () =>
    withPair({}, async ({ socket, peer }) => {
      socket.autoPong = false;
      socket.deliverPongs = true;
      socket.idleTimeoutMs = 0;
      peer.write(ping('p'));
      expect((await socket.readFrame()).opcodeName).toBe('Ping');
      expect([socket.autoPong, socket.deliverPongs, socket.idleTimeoutMs, socket.autoClose]).toEqual([
        false,
        true,
        0,
        true,
      ]);
      expect(() => (socket.idleTimeoutMs = -1)).toThrow(RangeError);
    }));
});

describe('FrameSocket: sending', () => {
  it('F-24 to F-26: fragments, masked with keys that differ, and a Ping between them', () =>
    withPair({}, async ({ socket, peer }) => {
      await socket.sendFrame('line 1', { fin: false });
      await socket.sendPing('hello');
      await socket.sendFrame('line 2', { fin: false });
      await socket.sendFrame('line 3');
      const frames = await peer.frames(4);
      expect(frames.map((one) => [one.opcode, one.fin, one.masked, shown(one.payload)])).toEqual([
        [1, false, true, 'line 1'],
        [9, true, true, 'hello'],
        [0, false, true, 'line 2'],
        [0, true, true, 'line 3'],
      ]);
      const bytes = peer.received;
      const keys = [2, 14, 25].map((at) => Buffer.from(bytes.slice(at, at + 4)).toString('hex'));
      expect(new Set(keys).size).toBe(3);
    }));

  it('D-4, D-5, F-33: empty fragments, and a surrogate pair that is split between two', () =>
    withPair({}, async ({ socket, peer }) => {
      const [high, low] = ['\ud83d', '\ude00'];
      await socket.sendFrame('', { fin: false });
      await socket.sendFrame(`a${high}`, { fin: false });
      await socket.sendFrame(`${low}b`, { fin: false });
      await socket.sendFrame('');
      await socket.sendFrame(`x${high}`);
      expect((await peer.frames(5)).map((one) => [one.opcode, shown(one.payload)])).toEqual([
        [1, ''],
        [0, 'a'],
        [0, '\u{1f600}b'],
        [0, ''],
        [1, 'x\ufffd'],
      ]);
    }));

  it('refuses a message of two types, other data, and control frames that are too long', () =>
    withPair({}, async ({ socket, peer }) => {
      await socket.sendFrame('text', { fin: false });
      await expect(socket.sendFrame(pattern(1))).rejects.toThrow(TypeError);
      await expect(socket.sendFrame(5 as unknown as string)).rejects.toThrow(TypeError);
      await expect(socket.sendPing('x'.repeat(126))).rejects.toThrow(RangeError);
      await expect(socket.sendClose(1005)).rejects.toThrow(RangeError);
      await expect(socket.sendClose(1000, 'x'.repeat(124))).rejects.toThrow(RangeError);
      await expect(socket.close(1000, 'x'.repeat(124))).rejects.toThrow(RangeError);
      await socket.sendFrame(' goes on');
      expect((await peer.frames(2)).map((one) => one.opcode)).toEqual([1, 0]);
    }));

  it('F-30: leaves the caller\u2019s bytes as they are', () =>
    withPair({}, async ({ socket, peer }) => {
      const data = pattern(70_000);
      await socket.sendFrame(data);
      expect(data).toEqual(pattern(70_000));
      expect((await peer.frames(1))[0]?.payload).toEqual(data);
    }));

  it('F-34: sends wait for a peer who does not read, are counted, and go on in order', () =>
    withPair({}, async ({ socket, peer }) => {
      peer.socket.pause();
      const data = new Uint8Array(1_000_000);
      const sends = Array.from({ length: 30 }, (_, i) => socket.sendFrame(data.fill(i)));
      await sends[0];
      const waiting = socket.bufferedAmount;
      expect(waiting).toBeGreaterThan(10_000_000);
      let isDrained = false;
      const drained = socket.drain().then(() => (isDrained = true));
      expect(isDrained).toBe(false);
      peer.socket.resume();
      await Promise.all(sends);
      await drained;
      expect(socket.bufferedAmount).toBe(0);
      while (peer.received.length < 30 * 1_000_014) await peer.next();
    }));

  it('F-34: a peer who takes nothing for the idle timeout ends the connection', () =>
    withPair({ idleTimeoutMs: 150 }, async ({ socket, peer }) => {
      peer.socket.pause();
      const sends = Array.from({ length: 30 }, () => socket.sendFrame(new Uint8Array(1_000_000)));
      const outcomes = await Promise.allSettled([...sends, socket.drain()]);
      expect(outcomes.at(-2)).toMatchObject({
        status: 'rejected',
        reason: { code: 'SEND_TIMEOUT', failReason: 3 },
      });
      expect(outcomes.at(-1)).toMatchObject({ status: 'rejected' });
      expect(socket.state).toBe('closed');
      expect(socket.bufferedAmount).toBe(0);
    }));

  it('a waiting frame can be taken back; one that may be on the wire takes the connection with it', () =>
    withPair({}, async ({ socket, peer }) => {
      peer.socket.pause();
      const data = new Uint8Array(20_000_000);
      const first = new AbortController();
      const large = socket.sendFrame(data, { signal: first.signal });
      const second = new AbortController();
      const waiting = socket.sendFrame('taken back', { fin: false, signal: second.signal });
      second.abort();
      await expect(waiting).rejects.toEqual(failure('ABORTED'));
      // The message that it began is not open: one of the other type can follow.
      const other = socket.sendFrame(pattern(1)).catch((error: unknown) => error);
      expect(socket.isConnected).toBe(true);
      first.abort();
      await expect(large).rejects.toMatchObject({ code: 'SEND_ABORTED', failReason: 3 });
      expect(await other).toMatchObject({ code: 'SEND_ABORTED' });
      expect(socket.isConnected).toBe(false);
      const { signal } = first;
      await expect(socket.sendFrame('x', { signal })).rejects.toBeInstanceOf(FrameSocketError);
    }));

  it('control frames that wait can be taken back too, and with them what they did', () =>
    withPair({ autoPong: false }, async ({ socket, peer }) => {
      peer.write(ping('p'));
      await socket.readFrame();
      peer.socket.pause();
      const large = socket.sendFrame(new Uint8Array(20_000_000), { fin: false });
      const controller = new AbortController();
      const { signal } = controller;
      const waiting = [socket.sendPing('x', { signal }), socket.sendPong({ signal }), socket.drain({ signal })];
      waiting.push(socket.sendClose(1000, '', { signal }));
      expect(socket.pongPending).toBe(false);
      controller.abort();
      expect(await Promise.allSettled(waiting)).toMatchObject(Array(4).fill({ reason: { code: 'ABORTED' } }));
      expect([socket.isConnected, socket.pongPending]).toEqual([true, true]);
      await expect(socket.drain({ signal })).rejects.toEqual(failure('ABORTED'));
      const drained = socket.drain({ signal: new AbortController().signal });
      peer.socket.resume();
      await Promise.all([large, drained]);
      await socket.sendPong();
      await socket.sendFrame(new Uint8Array(0));
      await socket.sendClose(1001);
      expect((await peer.frames(4)).map(({ opcode }) => opcode)).toEqual([2, 10, 0, 8]);
      await expect(socket.sendPing('', { signal })).rejects.toEqual(failure('ABORTED'));
    }));

  it('a fragment with more of its message behind it cannot be taken back', () =>
    withPair({}, async ({ socket, peer }) => {
      peer.socket.pause();
      const outcomes = [socket.sendFrame(new Uint8Array(20_000_000))];
      const controller = new AbortController();
      outcomes.push(socket.sendFrame('a', { fin: false, signal: controller.signal }), socket.sendFrame('b'));
      controller.abort();
      expect(await Promise.allSettled(outcomes)).toMatchObject([
        { reason: { code: 'SEND_ABORTED' } },
        { reason: { code: 'SEND_ABORTED' } },
        { reason: { code: 'SEND_ABORTED' } },
      ]);
    }));

  it('a flood of Pings from a peer who does not read is not read on without end', () =>
    withPair({ idleTimeoutMs: 0 }, async ({ socket, peer }) => {
      peer.socket.pause();
      const pings = Buffer.concat(Array.from({ length: 500 }, () => ping(pattern(125))('client')));
      let written = 0;
      while (written < 100_000_000 && peer.socket.writableLength < 8_000_000) {
        peer.socket.write(pings);
        written += pings.length;
        await new Promise(setImmediate);
      }
      expect(peer.socket.writableLength).toBeGreaterThanOrEqual(8_000_000);
      expect(socket.bufferedAmount).toBeLessThan(2_000_000);
    }));
});
