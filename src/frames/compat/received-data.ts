import type { Frame } from '../frame';
import { isControl } from '../header';
import { ByteStore } from './byte-store';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * What was received and not fetched: the payloads of data frames one after the other, and beside them the payload of the
 * last control frame, which is fetched first.
 *
 * @internal
 */
export class ReceivedData {
  readonly #data = new ByteStore();
  #control: Uint8Array | undefined;
  #isFinal = false;

  /** Bytes of data frames. */
  get length(): number {
    return this.#data.length;
  }

  append(frame: Frame): void {
    // The payload shares memory with whatever came together with it.
    const payload = frame.payload.slice();
    if (isControl(frame.opcode)) {
      this.#control = payload;
      return;
    }
    this.#control = undefined;
    this.#isFinal = frame.fin;
    this.#data.append(payload);
  }

  takeBytes(): Uint8Array {
    const bytes = this.#control ?? this.#data.whole().slice();
    if (this.#control === undefined) this.#data.replace(new Uint8Array(0));
    this.#control = undefined;
    return bytes;
  }

  /** Inside a message the beginning of a character stays for the next call. */
  takeText(): string {
    if (this.#control !== undefined || this.#isFinal) return decoder.decode(this.takeBytes());
    const bytes = this.takeBytes();
    const end = completeLength(bytes);
    this.#data.append(bytes.slice(end));
    return decoder.decode(bytes.subarray(0, end));
  }
}

/** How many of the bytes are not the beginning of a character whose end is missing. */
function completeLength(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
