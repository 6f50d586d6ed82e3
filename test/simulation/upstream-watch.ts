import { Violation } from './record';

/** The number of the first message of a frame or an upload. */
const NUMBER = /^(?:~id=[^~]+)?(?:~xh=\d+)?~xq=(\d+)~xn=\d+/;
/** What the relay has taken, in an answer or a download. */
const TAKEN = /~(?:rt=[ask]|e=\d+)(?:~e=\d+)?(?:~xq=\d+)?~xh=(\d+)/g;
/** A new session, after a login or in the place of one that is gone, and the window that it was granted. */
const BEGUN = /~e=(?:0|32)~id=.*?~xw=(\d+),/;
const MAX_HEAD = 80;

/** Sees to it that a client has no more under way than its relay allows. */
export class UpstreamWatch {
  #taken = 0;
  #window = Infinity;

  constructor(private readonly name: string) {}

  hears(bytes: Uint8Array): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    const window = BEGUN.exec(text)?.[1];
    if (window !== undefined) {
      this.#taken = 0;
      this.#window = Number(window);
    }
    for (const [, upTo] of text.matchAll(TAKEN)) this.#taken = Math.max(this.#taken, Number(upTo));
  }

  sends(bytes: Uint8Array): void {
    const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_HEAD)).toString('latin1');
    const first = Number(NUMBER.exec(head)?.[1] ?? 0);
    if (first - 1 - this.#taken < this.#window) return;
    throw new Violation('X-9', `${this.name} sends ${first} when ${this.#taken} is taken, at most ${this.#window} may be open`);
  }
}
