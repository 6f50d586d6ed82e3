import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Connection } from '../../../src/frames/connection';
import { encodeFrame } from '../../../src/frames/encoder';
import { concat } from '../../helpers/bytes';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const COUNT = 200;
const KEY = 0x01020304;

/** Bytes that stay in use for each of `COUNT` connections after the chunks were fed to them and polled. */
function bytesHeld(makeChunks: () => Uint8Array[]): number {
  const connections = Array.from({ length: COUNT }, () => new Connection({ role: 'server' }));
  const used = () => {
    collectGarbage();
    // The memory of arrays is counted as freed only by the next collection.
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  for (const connection of connections) {
    for (const chunk of makeChunks()) {
      connection.receive(chunk);
      while (connection.poll() !== undefined);
    }
  }
  const held = (used() - before) / COUNT;
  return connections.length === COUNT ? held : NaN;
}

describe('memory of a connection', () => {
  const fragment = (opcode: number) => encodeFrame(opcode, Uint8Array.of(0x61), { fin: false, maskKey: KEY });

  it('SEC-13: 16,000 fragments of one byte hold next to nothing: the connection is failed at the 65th', () => {
    const flood = concat([fragment(1), ...Array.from({ length: 16_000 }, () => fragment(0))]);
    expect(bytesHeld(() => [flood.slice()])).toBeLessThan(4_096);
  });

  it('SEC-13: a message of one fragment less than allowed holds no read buffer', () => {
    const open = concat([fragment(1), ...Array.from({ length: 63 }, () => fragment(0))]);
    const chunk = () => {
      const memory = new Uint8Array(65_536);
      memory.set(open);
      return memory.subarray(0, open.length);
    };
    expect(bytesHeld(() => [chunk()])).toBeLessThan(4_096);
  });

  it('F-42: a header that announces 1 MiB takes no memory', () => {
    const header = encodeFrame(2, new Uint8Array(1_048_576), { maskKey: KEY }).slice(0, 14);
    expect(bytesHeld(() => [header.slice()])).toBeLessThan(4_096);
  });

  it('F-52: an unfinished message that comes byte by byte takes a few times its size, not a chunk per byte', () => {
    const frame = encodeFrame(2, new Uint8Array(2_000), { maskKey: KEY });
    expect(bytesHeld(() => Array.from(frame.slice(0, 1_000), (byte) => Uint8Array.of(byte)))).toBeLessThan(
      24_000,
    );
  });

  it('an idle connection holds nothing of what it delivered', () => {
    const frames = concat(
      Array.from({ length: 50 }, () => encodeFrame(2, new Uint8Array(1_000), { maskKey: KEY })),
    );
    expect(bytesHeld(() => [frames.slice(0, 30_500), frames.slice(30_500)])).toBeLessThan(4_096);
  });
});
