/** Shorter than this, what was taken out is not worth removing. */
const MIN_REMOVAL = 32;

/** First in, first out; also when it is long. @internal */
export class Fifo<Item> {
  #items: Item[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  shift(): Item | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#first++];
    if (this.#first >= MIN_REMOVAL && this.#first * 2 >= this.#items.length) this.#items = this.takeAll();
    return item;
  }

  /** The last item that fits, if any. */
  findLast(fits: (item: Item) => boolean): Item | undefined {
    for (let i = this.#items.length - 1; i >= this.#first; i--) {
      if (fits(this.#items[i]!)) return this.#items[i];
    }
    return undefined;
  }

  remove(item: Item): void {
    const index = this.#items.indexOf(item, this.#first);
    if (index >= 0) this.#items.splice(index, 1);
  }

  takeAll(): Item[] {
    const rest = this.#items.slice(this.#first);
    this.#items = [];
    this.#first = 0;
    return rest;
  }
}
