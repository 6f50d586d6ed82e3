import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Connection, type ConnectionOptions } from '../../src/frames/connection';
import { frame, type FrameShape, type Role } from '../conformance/frames/frame-bytes';
import { TracedConnection, type Trace } from '../conformance/frames/trace';
import { concat, randomSplit, seededRandom } from '../helpers/bytes';
import { predict, type ModelOptions } from './frames-model';

const RAW_INPUTS = 300_000;
const FRAME_INPUTS = 250_000;
/** One input in so many is also held against the model, which is slow. */
const MODEL_SHARE = 8;

const LIMITS = [1, 2, 7, 20, 130, 70_000];
/** Bytes that mean something at some place of a frame, so that random bytes get further than the first check. */
const TELLING = [
  0, 1, 2, 3, 8, 125, 126, 127, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0xbf, 0xc0, 0xc3, 0xe2, 0xed, 0xf0, 0xf4,
];

type Random = () => number;
const below = (random: Random, limit: number) => Math.floor(random() * limit);
const oneOf = <T>(random: Random, values: readonly T[]): T => values[below(random, values.length)]!;

function randomOptions(random: Random): ModelOptions {
  return {
    role: random() < 0.5 ? 'client' : 'server',
    deliver: random() < 0.5 ? 'messages' : 'frames',
    validateUtf8: random() < 0.8,
    strictLength: random() < 0.8,
    maxFrameSize: oneOf(random, LIMITS),
    maxMessageSize: oneOf(random, LIMITS),
    maxFragments: 1 + below(random, 4),
  };
}

function randomBytes(random: Random): Uint8Array {
  const telling = random();
  return Uint8Array.from({ length: 1 + below(random, 24) }, () =>
    random() < telling ? oneOf(random, TELLING) : below(random, 256),
  );
}

const SAMPLES = ['', 'a', 'é', '€', '𝄞', 'hello', 'x'.repeat(130)].map((text) =>
  new TextEncoder().encode(text),
);

function randomPayload(random: Random, opcode: number): Uint8Array {
  const kind = random();
  if (opcode === 8 && kind < 0.8)
    return Uint8Array.of(
      oneOf(random, [3, 3, 11, 15]),
      below(random, 256),
      ...oneOf(random, SAMPLES.slice(0, 6)),
    );
  if (kind < 0.7) return concat([oneOf(random, SAMPLES), oneOf(random, SAMPLES)]);
  return randomBytes(random);
}

function randomFrame(random: Random): FrameShape {
  const opcode = random() < 0.97 ? oneOf(random, [0, 0, 1, 1, 2, 9, 10, 8]) : below(random, 16);
  const shape: FrameShape = {
    opcode,
    fin: opcode >= 8 || random() < 0.5,
    payload: randomPayload(random, opcode),
  };
  if (random() < 0.02) shape.rsv = below(random, 8);
  if (random() < 0.03) shape.lengthBytes = random() < 0.5 ? 2 : 8;
  return shape;
}

/** Frames in a row, most of them right, then perhaps one bit turned over, or the end cut off. */
function randomFrames(random: Random, role: Role): Uint8Array {
  const count = 1 + below(random, 5);
  const bytes = concat(Array.from({ length: count }, () => frame(randomFrame(random))(role)));
  if (random() < 0.3) bytes[below(random, bytes.length)]! ^= 1 << below(random, 8);
  return random() < 0.2 ? bytes.slice(0, below(random, bytes.length + 1)) : bytes;
}

function connectionOptions(options: ModelOptions): Omit<ConnectionOptions, 'role'> {
  const { maxFrameSize, maxMessageSize, maxFragments } = options;
  const { deliver, validateUtf8, strictLength } = options;
  return { deliver, validateUtf8, strictLength, limits: { maxFrameSize, maxMessageSize, maxFragments } };
}

function trace(chunks: readonly Uint8Array[], options: ModelOptions): Trace {
  const traced = new TracedConnection(options.role, connectionOptions(options));
  traced.feed(chunks);
  traced.connection.receiveEnd();
  traced.drain();
  return traced.trace;
}

/**
 * Runs the chunks without writing anything down but a checksum over all events and payloads, and checks what holds for
 * every input: events in a legal order, no more bytes out than came in, an end.
 */
function checksum(chunks: readonly Uint8Array[], options: ModelOptions): number {
  const connection = new Connection({
    ...connectionOptions(options),
    role: options.role,
    maskKey: () => 0x01020304,
  });
  const seen = { sum: 17, data: 0, fails: 0, ends: 0, sent: 0, received: 0 };
  const add = (value: number) => (seen.sum = (Math.imul(seen.sum, 31) + value) | 0);
  for (const chunk of [...chunks, undefined]) {
    if (chunk === undefined) connection.receiveEnd();
    else connection.receive(chunk.slice());
    seen.received += chunk?.length ?? 0;
    for (let event = connection.poll(); event !== undefined; event = connection.poll()) {
      if (seen.ends > 0) throw new Error(`${event.type} came after the end`);
      add(event.type.length);
      if ('payload' in event) {
        seen.data += event.payload.length;
        event.payload.forEach(add);
      } else if (event.type === 'transmit') {
        for (const one of event.chunks) {
          seen.sent += one.length;
          one.forEach(add);
        }
      } else if (event.type === 'fail') {
        seen.fails += 1;
        add(event.error.closeCode);
      } else if (event.type === 'close') {
        add(event.code ?? 0);
      } else {
        seen.ends += 1;
        add(event.clean ? 1 : 2);
      }
    }
  }
  if (seen.ends !== 1 || seen.fails > 1 || connection.state !== 'closed') throw new Error('not ended once');
  if (seen.data > seen.received || seen.sent > 2 * seen.received + 10) {
    throw new Error('more came out than went in');
  }
  return seen.sum;
}

function examine(bytes: Uint8Array, options: ModelOptions, random: Random, withModel: boolean): void {
  const split = randomSplit(bytes, random);
  if (checksum([bytes], options) !== checksum(split, options)) {
    expect(trace(split, options)).toEqual(trace([bytes], options));
    throw new Error('the checksums differ, the traces do not');
  }
  if (!withModel) return;
  const predicted = predict(bytes, options);
  const found = trace(random() < 0.5 ? split : Array.from(bytes, (byte) => Uint8Array.of(byte)), options);
  if (found.join() !== predicted.join()) expect(found).toEqual(predicted);
}

/** Each input has a seed of its own, so that one failure can be run again alone. */
function fuzz(count: number, firstSeed: number, make: (random: Random, role: Role) => Uint8Array): void {
  const { stackTraceLimit } = Error;
  // Nearly every input ends in a FrameError; its stack would take a third of the time.
  Error.stackTraceLimit = 0;
  try {
    fuzzAll(count, firstSeed, make);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function fuzzAll(count: number, firstSeed: number, make: (random: Random, role: Role) => Uint8Array): void {
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const random = seededRandom(seed);
    const options = randomOptions(random);
    const bytes = make(random, options.role);
    try {
      examine(bytes, options, random, seed % MODEL_SHARE === 0);
    } catch (error) {
      throw new Error(`seed ${seed}, ${JSON.stringify(options)}, ${Buffer.from(bytes).toString('hex')}`, {
        cause: error,
      });
    }
  }
}

describe('fuzz: any bytes give events or one failure, the same in one chunk and split, and never an exception', () => {
  it(`F-51, SEC-20: ${RAW_INPUTS} inputs of hostile bytes`, { timeout: 300_000 }, () => {
    fuzz(RAW_INPUTS, 1, randomBytes);
  });

  it(`F-51, SEC-20: ${FRAME_INPUTS} inputs of frames, most of them right`, { timeout: 300_000 }, () => {
    fuzz(FRAME_INPUTS, 10_000_000, randomFrames);
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
        expect(trace(randomSplit(bytes, seededRandom(seed)), given)).toEqual(predict(bytes, given));
      }),
      { numRuns: 2_000 },
    );
  });
});
