import type { Scanner } from './load-socket';

/** What all payloads are filled with. */
export const FILLER = 0x78;

/** Messages that all take the same number of bytes and begin alike, with nothing between them. */
export class FixedScanner implements Scanner {
  delivered = 0;

  constructor(
    private readonly length: number,
    private readonly first = FILLER,
  ) {}

  scan(bytes: Buffer, start: number, end: number): number {
    if (bytes[start] !== this.first) throw new Error(`A message begins with ${bytes[start]}.`);
    const count = Math.floor((end - start) / this.length);
    this.delivered += count;
    return start + count * this.length;
  }
}

/** Unmasked WebSocket frames; what is in them goes to another scanner. */
export class FrameScanner implements Scanner {
  /** Bytes that are left of the payload. */
  #left = 0;

  constructor(private readonly messages: Scanner) {}

  get delivered(): number {
    return this.messages.delivered;
  }

  scan(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      if (this.#left === 0) {
        const payload = this.#readHeader(bytes, at, end);
        if (payload === at) return at;
        at = payload;
        continue;
      }
      const stop = Math.min(at + this.#left, end);
      const next = this.messages.scan(bytes, at, stop);
      const isWhole = stop - at === this.#left;
      this.#left -= next - at;
      at = next;
      if (at === stop) continue;
      if (isWhole) throw new Error('A message goes on behind the end of its frame.');
      return at;
    }
    return at;
  }

  /** @returns Where the payload begins; where the header begins when it is not whole. */
  #readHeader(bytes: Buffer, at: number, end: number): number {
    const short = bytes[at + 1] ?? 0;
    const length = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (end - at < length) return at;
    const first = bytes[at]!;
    if (first !== 0x81 && first !== 0x82) throw new Error(`A frame begins with 0x${first.toString(16)}.`);
    this.#left =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUIntBE(at + 4, 6);
    return at + length;
  }
}

const TILDE = 0x7e;
const EXTENSION = 0x78;

/** Messages of our protocol: each field is read, payloads, whose length is known, are passed over. */
export class TildeScanner implements Scanner {
  delivered = 0;

  constructor(private readonly size: number) {}

  scan(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (end - at >= 2) {
      const next = bytes[at + 1] === 0x66 ? this.#afterMessage(bytes, at, end) : afterField(bytes, at, end);
      if (next > end) return at;
      at = next;
    }
    return at;
  }

  /** `~f={session id}~d={payload}` */
  #afterMessage(bytes: Buffer, at: number, end: number): number {
    let data = at + 4;
    while (data < end && bytes[data] !== TILDE) data++;
    const next = data + 3 + this.size;
    if (next <= end) {
      if (bytes[data + 1] !== 0x64) throw new Error('A message without data came.');
      this.delivered += 1;
    }
    return next;
  }
}

/** `~rt={kind}`, `~e={code}`, `~t=1`; with the extension `~x{letter}={value}` */
function afterField(bytes: Buffer, at: number, end: number): number {
  const key = bytes[at + 1]!;
  if (key === EXTENSION) return afterValue(bytes, at, end);
  if (bytes[at] !== TILDE) throw new Error(`Where a field should begin there is ${bytes[at]}.`);
  if (key === 0x72) return at + 5;
  if (key === 0x65 && (bytes[at + 3] ?? 0x30) !== 0x30) throw new Error('The relay did not take a message.');
  return at + 4;
}

/** The field behind; never the last one of what came. */
function afterValue(bytes: Buffer, at: number, end: number): number {
  let next = at + 1;
  while (next < end && bytes[next] !== TILDE) next++;
  return next < end ? next : end + 1;
}
