import { constants, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Inflater } from '../../../src/frames/compression';
import { encodeFrame } from '../../../src/frames/encoder';
import { PakoInflater } from '../../../src/frames/node/inflater';
import { LimitedInflater, WriteDeflater } from '../../../src/relay/compression';
import { concat } from '../../helpers/bytes';
import { deflated, payloads, prose } from '../../helpers/compressible';

const BINARY = 2;
const text = Uint8Array.from(Buffer.from(prose.slice(0, 3_000)));
const noise = payloads.find(([name]) => name === 'noise')?.[1] ?? new Uint8Array(0);
const deflater = new WriteDeflater({ threshold: 100, level: -1, memLevel: 8 });

/** A frame as the relay writes it: in chunks that are cut anywhere behind the header. */
function written(payload: Uint8Array): Uint8Array[] {
  const frame = encodeFrame(BINARY, payload);
  return [frame.subarray(0, 20), frame.subarray(20)];
}

describe('what the relay writes', () => {
  it('F-68: is one compressed frame for one frame, made once for all who get the same chunks', () => {
    const chunks = written(text);
    const made = deflater.deflate(chunks);
    const bytes = concat(made);
    expect(bytes.length).toBeLessThan(1_000);
    expect(bytes.subarray(0, 2)).toEqual(Uint8Array.of(0xc2, 126));
    const restored = inflateRawSync(bytes.subarray(4), { finishFlush: constants.Z_SYNC_FLUSH });
    expect(new Uint8Array(restored)).toEqual(text);
    expect(deflater.deflate(chunks)).toBe(made);
  });

  it.each([
    ['short', written(text.subarray(0, 99))],
    ['several frames', [...written(text), ...written(text)]],
    ['incompressible', written(noise)],
  ])('is left as it is when it is %s', (_, chunks) => {
    expect(deflater.deflate(chunks)).toBe(chunks);
  });

  it('F-71: is not for a peer who wants a smaller window', () => {
    const agreed = { serverNoContextTakeover: true, clientNoContextTakeover: true, clientMaxWindowBits: 9 };
    expect(deflater.suits({ ...agreed, serverMaxWindowBits: 15 })).toBe(true);
    expect(deflater.suits({ ...agreed, serverMaxWindowBits: 14 })).toBe(false);
  });
});

describe('what strangers send', () => {
  it('SEC-15: restores to no more than there is room for, over all messages, until the room is opened', () => {
    let room: number | undefined = 5_000;
    const inflater: Inflater = new LimitedInflater(new PakoInflater(true), () => room);
    const sizes: number[] = [];
    const receive = (): void =>
      inflater.decompress(deflated(text), true, 10_000, ({ length }) => void sizes.push(length));
    receive();
    expect(receive).toThrow(expect.objectContaining({ closeCode: 1009 }));
    expect(sizes).toEqual([3_000, 2_000]);
    room = undefined;
    inflater.close();
    receive();
    expect(sizes).toEqual([3_000, 2_000, 3_000]);
  });
});
