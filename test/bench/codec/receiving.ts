import { encodeFrame } from '../../../src/frames/encoder';
import { startClock, type Cost } from '../lab/cost';
import type { Codec, Data, Flow } from './codec';
import { batchSize, payloadOf, type Filling } from './payloads';

/** What one read from a socket gives at most. */
const READ_SIZE = 65_536;
/** Different keys, as they come from real clients. */
const KEY_STEP = 0x9e37_79b9;

/** One batch of frames in the pieces that a socket would give, again and again. */
export class ReceivingTask {
  readonly #stream: Buffer;
  readonly #chunks: Buffer[] = [];
  readonly #take: (chunk: Buffer) => void;
  readonly #count: number;
  readonly #expected: Data;
  #received = 0;
  #first: Data | undefined = undefined;

  constructor(codec: Codec, flow: Flow, filling: Filling, length: number) {
    const payload = payloadOf(filling, length);
    this.#expected = flow.type === 'text' ? payload.toString() : payload;
    this.#count = batchSize(length);
    this.#stream = framesOf(payload, flow, this.#count);
    for (let start = 0; start < this.#stream.length; start += READ_SIZE) {
      this.#chunks.push(Buffer.from(new ArrayBuffer(Math.min(READ_SIZE, this.#stream.length - start))));
    }
    this.#take = codec.receive(flow, (data) => {
      if (this.#received++ === 0) this.#first = data;
    });
  }

  get count(): number {
    return this.#count;
  }

  run(): Cost {
    // Unmasking alters the chunks in place.
    this.#chunks.forEach((chunk, i) => this.#stream.copy(chunk, 0, i * READ_SIZE));
    this.#received = 0;
    const stop = startClock();
    for (const chunk of this.#chunks) this.#take(chunk);
    const cost = stop();
    if (this.#received !== this.#count) throw new Error(`${this.#received} of ${this.#count} messages came.`);
    this.#check(this.#first);
    return cost;
  }

  /** Not while the clock runs: how quickly strings compare depends on what they were made from. */
  #check(data: Data | undefined): void {
    const isRight = data instanceof Uint8Array ? sameBytes(data, this.#expected) : data === this.#expected;
    if (!isRight) throw new Error('What was received is not what was sent.');
  }
}

function sameBytes(data: Uint8Array, expected: Data): boolean {
  return typeof expected !== 'string' && Buffer.compare(data, expected) === 0;
}

function framesOf(payload: Uint8Array, { masked, type }: Flow, count: number): Buffer {
  const opcode = type === 'text' ? 1 : 2;
  return Buffer.concat(
    Array.from({ length: count }, (_, i) =>
      encodeFrame(opcode, payload, masked ? { maskKey: Math.imul(i + 1, KEY_STEP) } : {}),
    ),
  );
}
