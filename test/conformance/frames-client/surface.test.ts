import { describe, expect, it } from 'vitest';
import { FrameSocket, FrameSocketError, type Logger } from '../../../src/frames';
import { close, cut, frame, hex, pattern, ping, text } from '../frames/frame-bytes';
import { withPair } from './lab';
import { onePeer } from './raw-server';

const failure = (code: string) => expect.objectContaining({ name: 'FrameSocketError', code }) as Error;

describe('FrameSocket: members beside the walkthroughs', () => {
  it('tryReadFrame gives the frame, or the reason, and never rejects', () =>
    withPair({}, async ({ socket, peer }) => {
      peer.write(text('a'));
      const result = await socket.tryReadFrame();
      expect(result.ok && result.frame.text()).toBe('a');
      const signal = AbortSignal.abort();
      expect(await socket.tryReadFrame({ signal })).toMatchObject({ ok: false, reason: 2 });
      expect(await socket.tryReadFrame({ timeoutMs: -1 })).toMatchObject({ ok: false, reason: 99 });
    }));

  it('D-6: aborting a loop over frames or messages loses no byte and keeps the connection', () =>
    withPair({}, async ({ socket, peer }) => {
      for (const loop of ['frames', 'messages'] as const) {
        const whole = text(`in two halves, ${loop}`);
        peer.write(cut(whole, 4));
        const controller = new AbortController();
        const next = socket[loop]({ signal: controller.signal }).next();
        controller.abort();
        await expect(next).rejects.toEqual(failure('ABORTED'));
        peer.write(whole('client').slice(-4));
        expect((await socket.readFrame()).text()).toBe(`in two halves, ${loop}`);
      }
      expect(socket.state).toBe('open');
    }));

  it('D-9, F-66: unsafeCloseCode lets codes from 0 to 16383 out, and no others', async () => {
    for (const code of [0, 1006, 16_383]) {
      await withPair({ unsafeCloseCode: true }, async ({ socket, peer }) => {
        await expect(socket.sendClose(-1)).rejects.toThrow(RangeError);
        await expect(socket.close(16_384)).rejects.toThrow(RangeError);
        await socket.sendClose(code);
        expect((await peer.frames(1))[0]?.payload).toEqual(Uint8Array.of(code >> 8, code & 0xff));
      });
    }
  });

  it('autoClose can be turned while connected', () =>
    withPair({ autoClose: false }, async ({ socket, peer }) => {
      socket.autoClose = true;
      peer.write(close(1001));
      expect((await socket.readFrame()).opcodeName).toBe('Close');
      await peer.ended();
      expect([socket.autoClose, socket.wasClean]).toEqual([true, true]);
    }));

  it('D-14: text is checked as it comes; without validateUtf8 it is bytes', async () => {
    const bad = hex('61ff');
    await withPair({}, async ({ socket, peer }) => {
      peer.write(cut(text(Buffer.concat([bad, pattern(50)])), 50));
      await expect(socket.readFrame()).rejects.toMatchObject({ failReason: 4, closeCode: 1007 });
      expect(await peer.frames()).toMatchObject([{ opcode: 8, payload: Uint8Array.of(0x03, 0xef) }]);
    });
    await withPair({ validateUtf8: false }, async ({ socket, peer }) => {
      peer.write(text(bad));
      expect((await socket.readFrame()).payload).toEqual(bad);
    });
  });

  it('strictLength off: a length in more bytes than it needs is read', () =>
    withPair({ strictLength: false }, async ({ socket, peer }) => {
      peer.write(frame({ opcode: 1, payload: 'long', lengthBytes: 8 }));
      expect((await socket.readFrame()).text()).toBe('long');
    }));
});

describe('FrameSocket: back-pressure of streaming', () => {
  it('F-34: sendMessage asks its source for no more than the peer takes', () =>
    withPair({ idleTimeoutMs: 0 }, async ({ socket, peer }) => {
      peer.socket.pause();
      let asked = 0;
      const part = pattern(65_536);
      function* endless() {
        for (;;) {
          asked += 1;
          yield part;
        }
      }
      const sending = socket.sendMessage(endless()).catch((error: unknown) => error);
      await isStill(() => asked);
      const stalled = asked;
      // What the two kernels keep between them, beside at most two parts of ours.
      expect(stalled * part.length).toBeLessThan(32_000_000);
      expect(socket.bufferedAmount).toBeLessThan(3 * part.length);
      peer.socket.resume();
      while (asked < stalled + 500) await peer.next();
      socket.terminate();
      expect(await sending).toMatchObject({ code: 'TERMINATED' });
    }));

  it('sendMessage ends with its signal, between two parts', () =>
    withPair({}, async ({ socket, peer }) => {
      const controller = new AbortController();
      const parts = function* () {
        yield 'one';
        controller.abort();
        yield 'two';
      };
      await expect(socket.sendMessage(parts(), { signal: controller.signal })).rejects.toEqual(
        failure('ABORTED'),
      );
      await socket.sendFrame('the end');
      expect((await peer.frames(2)).map(({ opcode, fin }) => [opcode, fin])).toEqual([
        [1, false],
        [0, true],
      ]);
    }));
});

describe('FrameSocket: what it leaves behind', () => {
  it('F-63: no open socket, however the connection ended', async () => {
    await withPair({}, async ({ socket, peer }) => {
      const closed = socket.close(1000);
      peer.write(close(1000));
      await peer.ended();
      peer.socket.end();
      await closed;
    });
    await withPair({}, async ({ socket, peer }) => {
      peer.write(close(1001));
      await socket.readFrame();
    });
    await withPair({}, async ({ socket, peer }) => {
      peer.write(frame({ opcode: 3 }));
      await socket.tryReadFrame();
    });
    await withPair({}, async ({ socket }) => {
      socket.terminate();
      await socket.close();
    });
    await expect.poll(openSockets).toBe(0);
  });

  it('F-8: credentials are in no log and in no error', async () => {
    const told: unknown[] = [];
    const tell = (...all: unknown[]): void => void told.push(all);
    const logger: Logger = { debug: tell, info: tell, warn: tell, error: tell };
    const { server, peer } = await onePeer();
    const url = server.url.replace('ws://', 'ws://me:hunter2@');
    const opening = FrameSocket.connect(url, { logger, logLevel: 'debug', query: { token: 'hunter2' } });
    const raw = await peer;
    raw.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    const error = await opening.catch((caught: unknown) => caught as FrameSocketError);
    expect(raw.request.header('authorization')).toBe(`Basic ${btoa('me:hunter2')}`);
    expect(error).toBeInstanceOf(FrameSocketError);
    const { message, stack } = error as FrameSocketError;
    const all = JSON.stringify([told, message, stack, (error as FrameSocketError).toText()]);
    expect(all).not.toMatch(/hunter2|bWU6aHVudGVyMg/);
    await server.stop();
  });

  it('F-49, D-3: Pings are answered while nobody reads, also behind data that waits', () =>
    withPair({}, async ({ peer }) => {
      peer.write(text('unread'), ping('one'), text('unread'), ping('two'));
      expect((await peer.frames(2)).map(({ opcode, payload }) => [opcode, payload.length])).toEqual([
        [10, 3],
        [10, 3],
      ]);
    }));
});

const openSockets = () => process.getActiveResourcesInfo().filter((one) => one === 'TCPSocketWrap').length;

/** Waits until a number has not changed for many turns of the event loop. */
async function isStill(value: () => number): Promise<void> {
  for (let turns = 0, last = value(); turns < 200; turns++) {
    await new Promise(setImmediate);
    if (value() !== last) turns = 0;
    last = value();
  }
}
