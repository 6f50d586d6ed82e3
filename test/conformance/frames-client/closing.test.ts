import { describe, expect, it } from 'vitest';
import { FrameSocket, ReadFailReason } from '../../../src/frames';
import { binary, close, frame, text } from '../frames/frame-bytes';
import { withPair } from './lab';
import { onePeer } from './raw-server';

const failure = (code: string) => expect.objectContaining({ name: 'FrameSocketError', code }) as Error;

describe('FrameSocket: closing', () => {
  it('W6: closes by hand: Close out, no data after it, the peer\u2019s Close read, TCP ended', () =>
    withPair({}, async ({ socket, peer }) => {
      await socket.sendClose(1000, 'Closing');
      await expect(socket.sendFrame('x')).rejects.toEqual(failure('CLOSE_SENT'));
      await expect(socket.sendClose(1000)).rejects.toEqual(failure('CLOSE_SENT'));
      expect([socket.state, socket.closeReceived, socket.closeCode]).toEqual([
        'close-sent',
        false,
        undefined,
      ]);
      peer.write(text('still coming'), close(1000, 'Closing'));
      expect((await socket.readFrame()).text()).toBe('still coming');
      expect(await socket.readFrame()).toMatchObject({ opcode: 8, opcodeName: 'Close', fin: true });
      expect([socket.closeReceived, socket.closeCode, socket.closeReason]).toEqual([true, 1000, 'Closing']);
      expect([socket.isConnected, socket.state, socket.wasClean]).toEqual([false, 'closed', true]);
      await peer.ended();
      const frames = await peer.frames();
      expect(frames.map((one) => one.opcode)).toEqual([8]);
      expect(await socket.tryReadFrame()).toMatchObject({ ok: false, reason: ReadFailReason.LOST });
    }));

  it('W6: answers the server\u2019s Close with its code alone, without a read', () =>
    withPair({}, async ({ socket, peer }) => {
      peer.write(close(1001, 'bye'));
      expect(await peer.frames()).toMatchObject([{ opcode: 8, payload: Uint8Array.of(0x03, 0xe9) }]);
      expect(socket.isConnected).toBe(true);
      expect((await socket.readFrame()).opcodeName).toBe('Close');
      expect([socket.closeCode, socket.closeReason, socket.isConnected]).toEqual([1001, 'bye', false]);
    }));

  it('W6: with autoClose off the application answers, and data may go out before', () =>
    withPair({ autoClose: false }, async ({ socket, peer }) => {
      peer.write(close(1001, 'bye'));
      expect((await socket.readFrame()).opcodeName).toBe('Close');
      expect([socket.isConnected, socket.state]).toEqual([true, 'close-received']);
      await socket.sendFrame('last words');
      await socket.sendClose(1000);
      expect([socket.isConnected, socket.wasClean]).toEqual([false, true]);
      expect((await peer.frames()).map((one) => one.opcode)).toEqual([1, 8]);
    }));

  it('D-9: unsafeCloseCode lets every code to 16383 out, none beyond', () =>
    withPair({ unsafeCloseCode: true }, async ({ socket, peer }) => {
      for (const code of [-1, 16_384, 1.5]) await expect(socket.sendClose(code)).rejects.toThrow(RangeError);
      await socket.sendClose(1005, 'so');
      expect((await peer.frames(1))[0]?.payload).toEqual(Uint8Array.of(0x03, 0xed, 0x73, 0x6f));
    }));

  it('D-17, F-63: FIN right after both Closes; the socket ends even if the server never does', () =>
    withPair({}, async ({ socket, peer, server }) => {
      const closed = socket.close(1000);
      await peer.frames(1);
      peer.write(close(1000));
      await peer.ended();
      expect(server.open).toBe(1);
      await closed;
      expect(socket.wasClean).toBe(true);
    }));

  it('F-62: close() settles when the Close is never answered', () =>
    withPair({ closeTimeoutMs: 60 }, async ({ socket, peer }) => {
      await socket.close(1000);
      expect([socket.state, socket.wasClean, socket.closeReceived]).toEqual(['closed', false, false]);
      await peer.ended();
      await socket.close();
    }));

  it('close() ends the connection at once when its signal fires', () =>
    withPair({}, async ({ socket, peer }) => {
      const controller = new AbortController();
      const closing = socket.close(1000, '', { signal: controller.signal });
      await peer.frames(1);
      controller.abort();
      await closing;
      expect([socket.state, socket.wasClean]).toEqual(['closed', false]);
      await peer.ended();
      await socket.close(1000, '', { signal: controller.signal });
    }));

  it('close() gets past data that nobody reads', () =>
    withPair({}, async ({ socket, peer }) => {
      for (let i = 0; i < 200; i++) peer.write(binary(new Uint8Array(65_536)));
      const closed = socket.close(1000);
      await peer.frames(1);
      peer.write(close(1000));
      await peer.ended();
      peer.socket.end();
      await closed;
      expect([socket.wasClean, socket.closeCode]).toEqual([true, 1000]);
    }));

  it('F-61: both sides close at the same time', () =>
    withPair({}, async ({ socket, peer }) => {
      const closed = socket.close(1000, 'ours');
      peer.write(close(1001, 'theirs'));
      await peer.frames();
      peer.socket.end();
      await closed;
      expect([socket.closeCode, socket.wasClean]).toEqual([1001, true]);
    }));

  it('F-65: terminate settles a pending read and waiting sends, and ends TCP without a Close', () =>
    withPair({}, async ({ socket, peer }) => {
      peer.socket.pause();
      const reading = socket.readFrame();
      const sends = [socket.sendFrame(new Uint8Array(20_000_000)), socket.sendFrame('x')];
      const ended = Promise.allSettled([reading, ...sends]);
      socket.terminate();
      expect(await ended).toMatchObject([
        { reason: { code: 'TERMINATED', failReason: 3 } },
        { reason: { code: 'TERMINATED' } },
        { reason: { code: 'TERMINATED' } },
      ]);
      await expect(socket.sendFrame('y')).rejects.toEqual(failure('TERMINATED'));
      expect(socket.isConnected).toBe(false);
    }));

  it('D-13: a fault is reported once with its close code, after the frames before it', () =>
    withPair({}, async ({ socket, peer }) => {
      peer.write(text('fine'), frame({ opcode: 1, payload: 'masked', masked: true }));
      const [sent] = await peer.frames(1);
      expect(sent).toMatchObject({ opcode: 8, payload: Uint8Array.of(0x03, 0xea) });
      expect((await socket.readFrame()).text()).toBe('fine');
      await expect(socket.readFrame()).rejects.toMatchObject({
        code: 'INVALID_FRAME',
        failReason: ReadFailReason.INVALID,
        closeCode: 1002,
        cause: { name: 'FrameError' },
      });
      expect(socket.lastFailReason).toBe(4);
      await expect(socket.readFrame()).rejects.toMatchObject({ code: 'CONNECTION_LOST', failReason: 3 });
      await peer.ended();
    }));

  it('disposes by closing', async () => {
    const { server, peer } = await onePeer();
    const opening = FrameSocket.connect(server.url);
    const raw = await peer;
    raw.write(raw.answer());
    const socket = await opening;
    const disposed = socket[Symbol.asyncDispose]();
    await raw.frames(1);
    raw.write(close());
    raw.socket.end();
    await disposed;
    expect([socket.wasClean, socket.closeCode]).toEqual([true, undefined]);
    await server.stop();
  });
});
