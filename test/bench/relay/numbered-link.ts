import type { LoadLink, LoadSocket, Scanner } from './load-socket';
import { clientFrame } from './web-socket';

/** Digits of a message's number: enough for all that one connection sends. */
const DIGITS = 8;
const ZERO = 0x30;
const ZEROS = '0'.repeat(DIGITS);
/** As the client library does: after a sixteenth of a ring, or this long after the first of fewer. */
const ACK_EVERY = 1_024;
const ACK_DELAY_MS = 250;

/** The frame of one message with two number fields, whose digits are put in when it is sent. */
export class NumberedMessage {
  readonly frame: Buffer;
  readonly #places: readonly number[];

  constructor(rest: string) {
    const fields = [`~xq=${ZEROS}`, `~xn=${ZEROS}${rest}`];
    this.frame = clientFrame(fields.join(''));
    const end = this.frame.length - fields[1]!.length;
    this.#places = [end - DIGITS, end + '~xn='.length];
  }

  /** A copy of some of these frames, numbered from `first` on. */
  number(frames: Uint8Array, first: number): Buffer {
    const numbered = Buffer.from(frames);
    const { length } = this.frame;
    for (let at = 0, number = first; at < numbered.length; at += length, number++) {
      for (const place of this.#places) writeDigits(numbered, at + place + DIGITS, number);
    }
    return numbered;
  }
}

/** In place of masked zeros; the mask stays. */
function writeDigits(frame: Buffer, end: number, number: number): void {
  for (let at = end - 1, rest = number; rest > 0; at--, rest = Math.floor(rest / 10)) {
    frame[at] = frame[at]! ^ ZERO ^ (ZERO + (rest % 10));
  }
}

/** Numbers what is sent and acknowledges what comes, as a session with the extension does. */
export class NumberedLink implements LoadLink {
  #next = 1;
  #acknowledged = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param message - What all that is written consists of. */
  constructor(
    private readonly socket: LoadSocket,
    private readonly message: () => NumberedMessage | undefined,
  ) {}

  write(bytes: Uint8Array | string): void {
    const message = this.message();
    const { length = 0 } = message?.frame ?? {};
    if (message === undefined || typeof bytes === 'string' || bytes.length % length !== 0) return this.socket.write(bytes);
    this.socket.write(message.number(bytes, this.#next));
    this.#next += bytes.length / length;
  }

  read(scanner: Scanner, onChunk: () => void): void {
    this.socket.read(scanner, () => {
      onChunk();
      const owed = scanner.delivered - this.#acknowledged;
      if (owed >= ACK_EVERY) this.#acknowledge(scanner.delivered);
      else if (owed > 0) this.#timer ??= setTimeout(() => this.#acknowledge(scanner.delivered), ACK_DELAY_MS);
    });
  }

  drop(): void {
    clearTimeout(this.#timer);
    this.socket.drop();
  }

  #acknowledge(received: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#acknowledged = received;
    this.socket.write(clientFrame(`~xh=${received}~t=1`));
  }
}
