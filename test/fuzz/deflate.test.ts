import { describe, expect, it } from 'vitest';
import { createCompression } from '../../src/frames/node/deflate';
import { frame, type FrameShape, type Role } from '../conformance/frames/frame-bytes';
import { PeerDeflate, type SideTerms } from '../conformance/suite/peer-deflate';
import { concat } from '../helpers/bytes';
import { predict, type ModelOptions } from './frames-model';
import { below, everywhere, randomCuts, randomShapes, turnBit, type Random } from './frames-random';
import { foundSum, predictedSum } from './frames-sum';
import { withSeeds } from './seeds';

const VALID_INPUTS = 40_000;
const DAMAGED_INPUTS = 60_000;
const RSV1 = 4;
/** More than any message here has. */
const AMPLE = { maxFrameSize: 100_000, maxMessageSize: 100_000 };

const randomTerms = (random: Random): SideTerms => ({ bits: 9 + below(random, 7), takeover: random() < 0.7 });

/** A connection that agreed to these terms of its peer. */
function compressionFor({ bits, takeover }: SideTerms, role: Role) {
  const agreed = {
    serverMaxWindowBits: bits,
    clientMaxWindowBits: bits,
    serverNoContextTakeover: !takeover,
    clientNoContextTakeover: !takeover,
  };
  return createCompression(agreed, role, { threshold: 0, level: 1, memLevel: 8 });
}

/** The same frames, most messages of them compressed. */
function compressed(shapes: readonly FrameShape[], terms: SideTerms, random: Random): FrameShape[] {
  const peer = new PeerDeflate({ own: terms, tested: terms });
  let isCompressed = false;
  return shapes.map((shape) => {
    if (shape.opcode > 2) return shape;
    const isFirst = shape.opcode !== 0;
    if (isFirst) isCompressed = random() < 0.8;
    if (!isCompressed) return shape;
    const payload = peer.compress(shape.payload as Uint8Array, shape.fin);
    return { ...shape, payload, ...(isFirst ? { rsv: RSV1 } : {}) };
  });
}

const inBytes = (shapes: readonly FrameShape[], role: Role) =>
  concat(shapes.map((shape) => frame(shape)(role)));

/** Frames without reserved bits and odd lengths: both would be a fault of their own. */
const plainShapes = (random: Random): FrameShape[] =>
  randomShapes(random).map(({ opcode, fin = true, payload = '' }) => ({ opcode, fin, payload }));

describe('fuzz: compressed frames', () => {
  it(`F-69, F-72: ${VALID_INPUTS} inputs, whole and cut anywhere, give what they give without compression`, () => {
    withSeeds(VALID_INPUTS, 1, (random, given) => {
      const options: ModelOptions = { ...given, ...AMPLE };
      const { role } = options;
      const shapes = plainShapes(random);
      const terms = randomTerms(random);
      const bytes = inBytes(compressed(shapes, terms, random), role);
      const sum = predictedSum(predict(inBytes(shapes, role), options), role);
      expect(foundSum(bytes, [], options, compressionFor(terms, role))).toBe(sum);
      expect(foundSum(bytes, randomCuts(bytes, random), options, compressionFor(terms, role))).toBe(sum);
    });
  });

  it(`F-70, SEC-20: ${DAMAGED_INPUTS} inputs with bits turned over give the same however they are cut`, () => {
    withSeeds(DAMAGED_INPUTS, 10_000_000, (random, options) => {
      const { role } = options;
      const terms = randomTerms(random);
      const bytes = inBytes(compressed(plainShapes(random), terms, random), role);
      for (let turned = 0; turned <= below(random, 4); turned++) turnBit(random, bytes);
      const cuts = random() < 0.1 ? everywhere(bytes) : randomCuts(bytes, random);
      const sum = foundSum(bytes, [], options, compressionFor(terms, role));
      expect(foundSum(bytes, cuts, options, compressionFor(terms, role))).toBe(sum);
    });
  });
});
