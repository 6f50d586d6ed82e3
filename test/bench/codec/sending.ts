import { startClock, type Cost } from '../lab/cost';
import type { Codec, Data, Flow } from './codec';
import { batchSize, dataOf, type Filling } from './payloads';

/**
 * One batch of messages written to a socket that is none. A string that reaches it is encoded into new
 * memory, as a real one would do; bytes are only counted.
 */
export class SendingTask {
  readonly count: number;
  readonly #data: Data;
  readonly #send: (data: Data) => void;
  readonly #least: number;
  #written = 0;

  constructor(codec: Codec, flow: Flow, filling: Filling, length: number) {
    this.#data = dataOf(filling, length);
    this.count = batchSize(length);
    this.#least = this.count * length;
    this.#send = codec.send(flow, (part) => {
      this.#written += typeof part === 'string' ? Buffer.from(part).length : part.length;
    });
  }

  run(): Cost {
    this.#written = 0;
    const stop = startClock();
    for (let i = 0; i < this.count; i++) this.#send(this.#data);
    const cost = stop();
    if (this.#written <= this.#least) throw new Error(`Only ${this.#written} bytes were written.`);
    return cost;
  }
}
