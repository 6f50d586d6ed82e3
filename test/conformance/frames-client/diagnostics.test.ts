import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileLogger, FrameSocket, FrameSocketError, VERSION, type Logger } from '../../../src/frames';
import { binary, close, frame, pattern, pong, text } from '../frames/frame-bytes';
import { withPair } from './lab';

/** A logger that keeps what it is told. */
function listLogger(): { logger: Logger; lines: [level: string, event: string, fields: unknown][] } {
  const lines: [string, string, unknown][] = [];
  const at = (level: string) => (event: string, fields?: Record<string, unknown>) =>
    void lines.push([level, event, fields]);
  return { logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines };
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('FrameSocket: logger, logLevel, fileLogger', () => {
  it('logLevel debug tells of each frame, never what is in it', async () => {
    const { logger, lines } = listLogger();
    await withPair({ logger, logLevel: 'debug' }, async ({ socket, peer }) => {
      await socket.sendFrame('hunter2', { fin: false });
      await socket.sendFrame('');
      await socket.sendPing('hunter2');
      peer.write(text('hunter2'), close(1001, 'hunter2'));
      await socket.readFrame();
      await socket.readFrame();
    });
    expect(lines).toEqual([
      ['info', 'open', {}],
      ['debug', 'frame to send', { data: 'Text', fin: false, numBytes: 7 }],
      ['debug', 'frame to send', { data: 'Text', fin: true, numBytes: 0 }],
      ['debug', 'frame to send', { opcode: 'Ping', fin: true, numBytes: 7 }],
      ['debug', 'frame received', { opcode: 'Text', fin: true, numBytes: 7 }],
      ['info', 'closed', { code: 'CLOSED', clean: true, closeCode: 1001 }],
      ['debug', 'frame received', { opcode: 'Close', fin: true, numBytes: 9 }],
    ]);
  });

  it('logLevel warn tells of what failed alone; info is the default', async () => {
    const [quiet, usual] = [listLogger(), listLogger()];
    await withPair({ logger: quiet.logger, logLevel: 'warn' }, async ({ socket }) => {
      await socket.tryReadFrame({ timeoutMs: 5 });
    });
    expect(quiet.lines).toEqual([
      ['warn', 'failed', { code: 'READ_TIMEOUT', error: expect.stringContaining('in time') as string }],
    ]);
    await withPair({ logger: usual.logger }, async ({ socket }) => {
      await socket.sendFrame('x');
    });
    expect(usual.lines.map(([level, event]) => [level, event])).toEqual([
      ['info', 'open'],
      ['info', 'closed'],
    ]);
    const wrong = { logLevel: 'loud' as 'info' };
    await expect(FrameSocket.connect('ws://127.0.0.1/', wrong)).rejects.toThrow(TypeError);
  });

  it('fileLogger writes a line of JSON for each, and says at once when it cannot', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webifi-frames-'));
    try {
      const path = join(folder, 'frames.log');
      const logger = fileLogger(path);
      await withPair({ logger }, async ({ socket }) => socket.terminate());
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
      expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
        { level: 'info', event: 'open' },
        { level: 'info', event: 'closed', code: 'TERMINATED', clean: false },
      ]);
      for (const level of ['debug', 'warn', 'error'] as const) logger[level]('a\nb');
      const added = readFileSync(path, 'utf8').trimEnd().split('\n').slice(2);
      expect(added.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(['debug', 'warn', 'error']);
      expect(() => fileLogger(join(folder, 'none', 'x.log'))).toThrow('ENOENT');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('FrameSocket: lastError, lastFailReason, lastFrame, onPong', () => {
  it('lastError is the last failure, of a read or a send, and has toText, toHtml and toXml', () =>
    withPair({}, async ({ socket, peer }) => {
      expect([socket.lastError, socket.lastFrame, socket.lastFailReason]).toEqual([undefined, undefined, 0]);
      const reading = socket.readFrame();
      expect(await failureOf(socket.readFrame())).toBe(socket.lastError);
      expect(socket.lastError?.code).toBe('READ_IN_PROGRESS');
      peer.write(frame({ opcode: 1, payload: '<x>', rsv: 4 }));
      expect(await failureOf(reading)).toBe(socket.lastError);
      const error = socket.lastError!;
      expect(error).toBeInstanceOf(FrameSocketError);
      expect([socket.lastFailReason, error.failReason]).toEqual([4, 4]);
      expect(error.toText()).toMatch(
        /^WebifiLog:\n {2}FrameSocketError:\n {4}code: INVALID_FRAME\n {4}failReason: 4\n {4}closeCode: 1002\n {4}error: [^\n]+\n {4}cause: FrameError\n {2}--FrameSocketError\n--WebifiLog\n$/,
      );
      expect(error.toHtml()).toContain('<li>code: INVALID_FRAME</li>');
      expect(error.toXml()).toContain('<closeCode>1002</closeCode>');
      expect(await failureOf(socket.sendFrame('x'))).toBe(socket.lastError);
      expect(socket.lastError?.code).toBe('CONNECTION_LOST');
    }));

  it('lastError after sends: a second Close, and what a lost connection takes with it', () =>
    withPair({}, async ({ socket, peer }) => {
      await socket.sendClose(1000);
      expect(await failureOf(socket.sendPing())).toBe(socket.lastError);
      expect(socket.lastError?.code).toBe('CLOSE_SENT');
      peer.socket.destroy();
      expect(await failureOf(socket.readFrame())).toBe(socket.lastError);
      expect(socket.lastError).toMatchObject({ code: 'CONNECTION_LOST', failReason: 3 });
    }));

  it('of a cause that others threw only name and code are told', () => {
    const cause = Object.assign(new Error('hunter2'), { code: 'ECONNRESET' });
    const error = new FrameSocketError('CONNECTION_LOST', { cause: new Error('x', { cause }) });
    expect(error.toText()).toContain('    cause: Error\n    cause: Error ECONNRESET\n');
    expect(error.toText()).not.toContain('hunter2');
  });

  it('lastFrame is the last frame that was read', () =>
    withPair({}, async ({ socket, peer }) => {
      peer.write(text('a', false), binary(pattern(1)));
      await socket.readFrame();
      expect([socket.lastFrame?.fin, socket.lastFrame?.text()]).toEqual([false, 'a']);
      await expect(socket.readFrame()).rejects.toMatchObject({ code: 'INVALID_FRAME' });
      expect(socket.lastFrame?.text()).toBe('a');
    }));

  it('onPong is called for every Pong, passed over or not, also while nothing is read', async () => {
    const seen: string[] = [];
    const onPong = (payload: Uint8Array) => void seen.push(new TextDecoder().decode(payload));
    await withPair({ onPong }, async ({ socket, peer }) => {
      peer.write(pong('one'));
      await expect.poll(() => seen).toEqual(['one']);
      expect(socket.onPong).toBe(onPong);
      socket.deliverPongs = true;
      peer.write(pong('two'));
      expect((await socket.readFrame()).text()).toBe('two');
      await expect.poll(() => seen).toEqual(['one', 'two']);
      socket.onPong = undefined;
      peer.write(pong('three'));
      expect((await socket.readFrame()).text()).toBe('three');
      expect(seen).toHaveLength(2);
    });
  });
});

describe('FrameSocket: capabilities, VERSION', () => {
  it('capabilities: everything, on the class and on the socket', () =>
    withPair({}, async ({ socket }) => {
      expect(socket.capabilities).toBe(FrameSocket.capabilities);
      const { closeCodes, ...others } = socket.capabilities;
      expect([closeCodes, new Set(Object.values(others))]).toEqual(['any', new Set([true])]);
      expect(Object.isFrozen(socket.capabilities)).toBe(true);
    }));

  it('VERSION is the one in package.json', () => {
    const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
    expect(VERSION).toBe((JSON.parse(manifest) as { version: string }).version);
  });
});

describe('FrameSocket: throttle', () => {
  it('upBytesPerSecond, downBytesPerSecond: what goes each way takes its time and arrives whole', () =>
    withPair(
      { throttle: { upBytesPerSecond: 10_000, downBytesPerSecond: 20_000 }, idleTimeoutMs: 600 },
      async ({ socket, peer }) => {
        const data = pattern(10_000);
        const begin = performance.now();
        const sent = socket.sendFrame(data);
        peer.write(binary(pattern(20_000)));
        expect((await socket.readFrame()).payload).toEqual(pattern(20_000));
        const down = performance.now() - begin;
        await sent;
        expect((await peer.frames(1))[0]?.payload).toEqual(data);
        const up = performance.now() - begin;
        // 100 ms worth of bytes may go at once; a slow machine makes it longer, never shorter.
        expect(down).toBeGreaterThan(880);
        expect(up).toBeGreaterThan(880);
      },
    ));

  it('close() sends its Close behind what waits, and ends the connection', () =>
    withPair({ throttle: { upBytesPerSecond: 10_000 } }, async ({ socket, peer }) => {
      const sent = socket.sendFrame(pattern(3_000));
      const closed = socket.close(1000);
      expect((await peer.frames(2)).map((one) => one.opcode)).toEqual([2, 8]);
      peer.write(close(1000));
      peer.socket.end();
      await Promise.all([sent, closed]);
      expect(socket.wasClean).toBe(true);
    }));

  it.each([-1, 0.5, NaN, Infinity])('RangeError for %s bytes a second', async (upBytesPerSecond) => {
    const connecting = FrameSocket.connect('ws://127.0.0.1/', { throttle: { upBytesPerSecond } });
    await expect(connecting).rejects.toThrow(RangeError);
  });
});
