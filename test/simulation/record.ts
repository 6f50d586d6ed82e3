/** A rule was broken. The seed is added by whoever runs the simulation. */
export class Violation extends Error {
  constructor(
    readonly invariant: string,
    detail: string,
  ) {
    super(`${invariant}: ${detail}`);
  }
}

/** How often each thing happened. Names are `kind name`, such as `fault cut`. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string, count = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  addAll(counts: Readonly<Record<string, number>>): void {
    for (const [name, count] of Object.entries(counts)) this.add(name, count);
  }

  toObject(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** Everything that happened, as one number: two runs of a seed must agree in it (I9). */
export class Trace {
  #one = 0x811c9dc5;
  #two = 0x9e3779b9;
  /** Prints each step when set. */
  print: ((line: string) => void) | undefined = undefined;

  number(value: number): void {
    const whole = value | 0;
    this.#one = Math.imul(this.#one ^ whole, 0x01000193);
    this.#two = (Math.imul(this.#two ^ whole, 0x5bd1e995) ^ (this.#two >>> 13)) | 0;
  }

  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.number(text.charCodeAt(i));
  }

  bytes(bytes: Uint8Array): void {
    this.number(bytes.length);
    for (let i = 0; i < bytes.length; i += 1 + (i >> 5)) this.number(bytes[i]!);
  }

  get hash(): string {
    return [this.#one, this.#two].map((part) => (part >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
