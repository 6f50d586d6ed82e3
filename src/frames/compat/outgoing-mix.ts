import { OutgoingText } from '../outgoing-text';

type Data = string | Uint8Array;

/**
 * Lets one message be made of strings and bytes: its first frame decides the type, and what is of the other type is
 * turned into it as UTF-8.
 *
 * @internal
 */
export class OutgoingMix {
  #open: 'text' | 'binary' | undefined;
  #decoder = newDecoder();
  #text = new OutgoingText();

  /** @throws TypeError for bytes inside a text message that are no UTF-8. */
  next(data: Data, fin: boolean): Data {
    const type = this.#open ?? (typeof data === 'string' ? 'text' : 'binary');
    if (this.#open === undefined) this.#begin();
    const made = type === 'text' ? this.#toText(data, fin) : this.#toBytes(data, fin);
    this.#open = fin ? undefined : type;
    return made;
  }

  /** Says that the frame that began a message was taken back. */
  takeBack(wasOpen: boolean): void {
    if (!wasOpen) this.#open = undefined;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  #begin(): void {
    this.#decoder = newDecoder();
    this.#text = new OutgoingText();
  }

  #toText(data: Data, fin: boolean): string {
    if (typeof data === 'string') return data;
    try {
      return this.#decoder.decode(data, { stream: !fin });
    } catch {
      throw new TypeError('The bytes inside a text message are not UTF-8.');
    }
  }

  #toBytes(data: Data, fin: boolean): Uint8Array {
    return typeof data === 'string' ? this.#text.encode(data, fin) : data;
  }
}

function newDecoder(): TextDecoder {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
}
