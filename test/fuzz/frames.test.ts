import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frame, type Role } from '../conformance/frames/frame-bytes';
import { TracedConnection, type Trace } from '../conformance/frames/trace';
import { concat, randomSplit, seededRandom } from '../helpers/bytes';
import { predict, traceOf, type ModelOptions } from './frames-model';
import { everywhere, randomBytes, randomCuts, randomFrames, type Random } from './frames-random';
import { connectionOptions, foundSum, predictedSum } from './frames-sum';
import { withSeeds } from './seeds';

/** Together with those of deflate.test.ts a million. */
const RAW_INPUTS = 300_000;
const FRAME_INPUTS = 600_000;

function trace(chunks: readonly Uint8Array[], options: ModelOptions): Trace {
  const traced = new TracedConnection(options.role, connectionOptions(options));
  traced.feed(chunks);
  traced.connection.receiveEnd();
  traced.drain();
  return traced.trace;
}

/** Whole and cut anywhere, the bytes give what the model says. */
function examine(bytes: Uint8Array, options: ModelOptions, random: Random): void {
  const predicted = predict(bytes, options);
  const sum = predictedSum(predicted, options.role);
  const cuts = random() < 0.1 ? everywhere(bytes) : randomCuts(bytes, random);
  if (foundSum(bytes, [], options) === sum && foundSum(bytes, cuts, options) === sum) return;
  expect(trace([bytes], options)).toEqual(traceOf(predicted));
  expect(trace(parts(bytes, cuts), options)).toEqual(traceOf(predicted));
  throw new Error(`the sums differ, the traces do not: ${Buffer.from(bytes).toString('hex')}`);
}

const parts = (bytes: Uint8Array, cuts: readonly number[]) =>
  [0, ...cuts].map((cut, i) => bytes.slice(cut, cuts[i] ?? bytes.length));

describe('fuzz: any bytes, whole or cut anywhere, give what an independent model says, and never an exception', () => {
  it(`F-51, SEC-20: ${RAW_INPUTS} inputs of hostile bytes`, { timeout: 300_000 }, () => {
    withSeeds(RAW_INPUTS, 1, (random, options) => examine(randomBytes(random), options, random));
  });

  it(`F-51, SEC-20: ${FRAME_INPUTS} inputs of frames, most of them right`, { timeout: 300_000 }, () => {
    withSeeds(FRAME_INPUTS, 10_000_000, (random, options) => {
      examine(randomFrames(random, options.role), options, random);
    });
  });

  it('F-51: frames in any order, cut anywhere, give what the model says', { timeout: 300_000 }, () => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => new TextEncoder().encode(text)),
    );
    const shapes = fc.array(
      fc.record({
        opcode: fc.constantFrom(0, 1, 2, 8, 9, 10, 3),
        fin: fc.boolean(),
        payload,
        rsv: fc.constantFrom(0, 0, 0, 0, 0, 4),
      }),
      { maxLength: 8 },
    );
    const options = fc.record({
      role: fc.constantFrom<Role[]>('client', 'server'),
      deliver: fc.constantFrom<('messages' | 'frames')[]>('messages', 'frames'),
      validateUtf8: fc.boolean(),
      strictLength: fc.boolean(),
      maxFrameSize: fc.constantFrom(10, 100),
      maxMessageSize: fc.constantFrom(20, 1_000),
      maxFragments: fc.integer({ min: 1, max: 8 }),
    });
    fc.assert(
      fc.property(shapes, options, fc.integer({ min: 1 }), (frames, given, seed) => {
        const bytes = concat(frames.map((shape) => frame(shape)(given.role)));
        expect(trace(randomSplit(bytes, seededRandom(seed)), given)).toEqual(traceOf(predict(bytes, given)));
      }),
      { numRuns: 2_000 },
    );
  });
});
