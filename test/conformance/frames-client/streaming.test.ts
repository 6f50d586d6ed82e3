import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { frameHeaderLength } from '../../../src/frames/encoder';
import { binary, more, pattern, ping } from '../frames/frame-bytes';
import { withPair } from './lab';

const MIB = 1_048_576;
const PART = 65_536;
/** 1 GiB. */
const PARTS = 16_384;
/** What may have been allocated once and is then used again and again. */
const WARM_UP = PARTS / 8;

/** Follows how much memory the process takes after a warm-up. */
class MemoryGauge {
  #base = 0;
  #most = 0;

  look(part: number): void {
    if (part % 256 !== 0) return;
    const { rss } = process.memoryUsage();
    if (part <= WARM_UP) this.#base = Math.max(this.#base, rss);
    this.#most = Math.max(this.#most, rss);
  }

  get growth(): number {
    return this.#most - this.#base;
  }
}

describe('FrameSocket: streaming', () => {
  it('F-26: sends the parts of an async iterable as fragments of one message', () =>
    withPair({}, async ({ socket, peer }) => {
      async function* parts() {
        yield 'one';
        await socket.sendPing('between');
        await expect(socket.sendFrame('x')).rejects.toMatchObject({ code: 'MESSAGE_OPEN' });
        await expect(socket.sendMessage(['x'])).rejects.toMatchObject({ code: 'MESSAGE_OPEN' });
        yield '';
        yield 'two';
      }
      await socket.sendMessage(parts());
      await socket.sendMessage([pattern(3)]);
      expect((await peer.frames(7)).map((one) => [one.opcode, one.fin, one.payload.length])).toEqual([
        [1, false, 3],
        [9, true, 7],
        [0, false, 0],
        [0, false, 3],
        [0, true, 0],
        [2, false, 3],
        [0, true, 0],
      ]);
    }));

  it('leaves the message open when its source fails, and refuses one without parts', () =>
    withPair({}, async ({ socket, peer }) => {
      const failing = function* () {
        yield 'begun';
        throw new Error('no more');
      };
      await expect(socket.sendMessage(failing())).rejects.toThrow('no more');
      await expect(socket.sendMessage(['x'])).rejects.toMatchObject({ code: 'MESSAGE_OPEN' });
      await socket.sendFrame(' and ended');
      await expect(socket.sendMessage([])).rejects.toThrow(TypeError);
      expect((await peer.frames(2)).map((one) => [one.opcode, one.fin])).toEqual([
        [1, false],
        [0, true],
      ]);
    }));

  it('F-34: 1 GiB out, as one message, in less than 32 MiB more', () =>
    withPair({}, async ({ socket, peer }) => {
      let received = 0;
      peer.onBytes = (chunk) => (received += chunk.length);
      const gauge = new MemoryGauge();
      const part = pattern(PART);
      await socket.sendMessage(
        (function* () {
          for (let i = 0; i < PARTS; i++) {
            gauge.look(i);
            yield part;
          }
        })(),
      );
      const expected = PARTS * (PART + frameHeaderLength(PART, true)) + frameHeaderLength(0, true);
      while (received < expected) await once(peer.socket, 'data');
      expect(received).toBe(expected);
      expect(gauge.growth).toBeLessThan(32 * MIB);
    }));

  it('F-52: 1 GiB in, as one message, frame by frame, in less than 32 MiB more', () =>
    withPair({}, async ({ socket, peer }) => {
      const first = binary(pattern(PART), false)('client');
      const next = more(pattern(PART), false)('client');
      const send = async () => {
        for (let i = 0; i < PARTS; i++) {
          if (!peer.socket.write(i === 0 ? first : next)) await once(peer.socket, 'drain');
        }
        peer.write(more('', true));
      };
      const sending = send();
      const gauge = new MemoryGauge();
      let received = 0;
      let count = 0;
      for await (const frame of socket) {
        received += frame.payload.length;
        gauge.look(count++);
        if (frame.fin) break;
      }
      await sending;
      expect([received, count]).toEqual([PARTS * PART, PARTS + 1]);
      expect(gauge.growth).toBeLessThan(32 * MIB);
    }));

  it('F-43: a peer that floods with Pings and small frames is read no faster than its reader', () =>
    withPair({ autoPong: false }, async ({ socket, peer }) => {
      const flood = Buffer.concat(
        Array.from({ length: 2_000 }, (_, i) => (i % 2 ? ping('x') : binary(pattern(20)))('client')),
      );
      while (peer.socket.writableLength < 8 * MIB) {
        peer.socket.write(flood);
        await new Promise(setImmediate);
      }
      expect((await socket.readFrame()).opcodeName).toBe('Binary');
      expect((await socket.readFrame()).opcodeName).toBe('Ping');
      expect(peer.socket.writableLength).toBeGreaterThan(4 * MIB);
    }));
});
