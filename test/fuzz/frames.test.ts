import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Connection, type ConnectionEvent, type ConnectionOptions } from '../../src/frames/connection';
import { frame, type FrameShape, type Role } from '../conformance/frames/frame-bytes';
import { TracedConnection, type Trace } from '../conformance/frames/trace';
import { concat, randomSplit, seededRandom } from '../helpers/bytes';
import { predict, traceOf, type ModelOptions, type Predicted } from './frames-model';

/** Together a million. */
const RAW_INPUTS = 300_000;
const FRAME_INPUTS = 700_000;

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

/** A sum over what comes out, so that hundreds of thousands of runs can be compared. */
class Sum {
  value = 17;

  add(number: number): void {
    this.value = (Math.imul(this.value, 31) + number) | 0;
  }

  addAll(bytes: Uint8Array): void {
    for (const byte of bytes) this.add(byte);
  }
}

const KEY = Uint8Array.of(1, 2, 3, 4);
const encoder = new TextEncoder();

/** The sum of a prediction: each event by its kind and content, each frame sent by its bytes on the wire. */
function predictedSum(events: readonly Predicted[], role: Role): number {
  const sum = new Sum();
  for (const event of events) {
    if (event.type === 'send') {
      const masked = role === 'client';
      sum.add(0x80 | event.opcode);
      sum.add((masked ? 0x80 : 0) | event.payload.length);
      if (masked) sum.addAll(KEY);
      event.payload.forEach((byte, i) => sum.add(masked ? byte ^ KEY[i % 4]! : byte));
      continue;
    }
    sum.add(KINDS.indexOf(event.type));
    if (event.type === 'fail') sum.add(event.code);
    else if (event.type === 'end') sum.add(event.clean ? 1 : 0);
    else if (event.type === 'close') {
      sum.add(event.code ?? 0);
      sum.addAll(event.reason);
    } else {
      if (event.type === 'message') sum.add(event.opcode);
      if (event.type === 'frame') sum.add(event.opcode * 16 + event.messageOpcode * 2 + (event.fin ? 1 : 0));
      sum.addAll(event.payload);
    }
  }
  return sum.value;
}

const KINDS = ['message', 'frame', 'ping', 'pong', 'close', 'fail', 'end'];

/**
 * The sum of a run over the same bytes, cut at these places. Checks what holds for every input: events in a legal
 * order, no more bytes out than came in, one end.
 */
function foundSum(bytes: Uint8Array, cuts: readonly number[], options: ModelOptions): number {
  const { role } = options;
  const connection = new Connection({ ...connectionOptions(options), role, maskKey: () => 0x01020304 });
  const sum = new Sum();
  const seen = { data: 0, sent: 0, fails: 0, ends: 0 };
  // The connection alters what it is given.
  const given = bytes.slice();
  for (let i = 0, at = 0; i <= cuts.length + 1; i++) {
    const end = cuts[i] ?? bytes.length;
    if (i > cuts.length) connection.receiveEnd();
    else connection.receive(given.subarray(at, end));
    at = end;
    for (let event = connection.poll(); event !== undefined; event = connection.poll()) {
      if (seen.ends > 0) throw new Error(`${event.type} came after the end`);
      addEvent(sum, event, seen);
    }
  }
  if (seen.ends !== 1 || seen.fails > 1 || connection.state !== 'closed') throw new Error('not ended once');
  if (seen.data > bytes.length || seen.sent > 2 * bytes.length + 10) {
    throw new Error('more came out than went in');
  }
  return sum.value;
}

type Seen = Record<'data' | 'sent' | 'fails' | 'ends', number>;

function addEvent(sum: Sum, event: ConnectionEvent, seen: Seen): void {
  if (event.type === 'transmit') {
    for (const chunk of event.chunks) {
      seen.sent += chunk.length;
      sum.addAll(chunk);
    }
    return;
  }
  sum.add(KINDS.indexOf(event.type));
  if (event.type === 'fail') {
    seen.fails += 1;
    sum.add(event.error.closeCode);
  } else if (event.type === 'end') {
    seen.ends += 1;
    sum.add(event.clean ? 1 : 0);
  } else if (event.type === 'close') {
    sum.add(event.code ?? 0);
    sum.addAll(encoder.encode(event.reason));
  } else {
    if (event.type === 'message') sum.add(event.opcode);
    if (event.type === 'frame') sum.add(event.opcode * 16 + event.messageOpcode * 2 + (event.fin ? 1 : 0));
    seen.data += event.payload.length;
    sum.addAll(event.payload);
  }
}

/** Whole and cut anywhere, the bytes give what the model says. */
function examine(bytes: Uint8Array, options: ModelOptions, random: Random): void {
  const predicted = predict(bytes, options);
  const sum = predictedSum(predicted, options.role);
  const cuts = random() < 0.1 ? everywhere(bytes) : randomCuts(bytes, random);
  if (foundSum(bytes, [], options) === sum && foundSum(bytes, cuts, options) === sum) return;
  expect(trace([bytes], options)).toEqual(traceOf(predicted));
  expect(trace(parts(bytes, cuts), options)).toEqual(traceOf(predicted));
  throw new Error('the sums differ, the traces do not');
}

const everywhere = (bytes: Uint8Array) => Array.from({ length: bytes.length - 1 }, (_, i) => i + 1);

function randomCuts(bytes: Uint8Array, random: Random): number[] {
  const cuts: number[] = [];
  for (let at = below(random, 12); at < bytes.length; at += below(random, 24)) cuts.push(at);
  return cuts;
}

const parts = (bytes: Uint8Array, cuts: readonly number[]) =>
  [0, ...cuts].map((cut, i) => bytes.slice(cut, cuts[i] ?? bytes.length));

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
      examine(bytes, options, random);
    } catch (error) {
      throw new Error(`seed ${seed}, ${JSON.stringify(options)}, ${Buffer.from(bytes).toString('hex')}`, {
        cause: error,
      });
    }
  }
}

describe('fuzz: any bytes, whole or cut anywhere, give what an independent model says, and never an exception', () => {
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
        expect(trace(randomSplit(bytes, seededRandom(seed)), given)).toEqual(traceOf(predict(bytes, given)));
      }),
      { numRuns: 2_000 },
    );
  });
});
