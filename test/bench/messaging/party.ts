import type { Flow, LibraryClient } from './messaging';

const PATIENCE_MS = 20_000;

/**
 * One side of a flow of messages. The receiver sends a message back for every so many, and the sender goes on by them:
 * nobody is flooded, whatever the library does about that.
 */
export class Party {
  /** Messages of the other side since the last start. */
  #arrived = 0;
  #sent = 0;
  #isSender = false;
  #isRunning = false;
  #onArrival = (): void => undefined;

  /** @param send - Sends so many messages. @param acknowledge - Sends one in answer. */
  constructor(
    private readonly flow: Flow,
    private readonly send: (count: number) => void,
    private readonly acknowledge: () => void,
  ) {}

  /** So many messages have come. */
  take(count: number): void {
    const before = this.#arrived;
    this.#arrived += count;
    if (this.#isSender) {
      if (this.#isRunning) this.#sendMore(count);
    } else {
      const { every } = this.flow;
      const answers = Math.floor(this.#arrived / every) - Math.floor(before / every);
      for (let i = 0; i < answers; i++) this.acknowledge();
    }
    this.#onArrival();
  }

  receive(): void {
    this.#isSender = false;
    this.#arrived = 0;
  }

  get received(): number {
    return this.#arrived;
  }

  /** Keeps messages under way for that time. @returns How many it were; all have come. */
  async sendFor(timeMs: number): Promise<number> {
    const { inFlight, every } = this.flow;
    this.#isSender = this.#isRunning = true;
    this.#arrived = this.#sent = 0;
    this.#sendMore(inFlight / every);
    setTimeout(() => {
      this.#isRunning = false;
      this.#onArrival();
    }, timeMs);
    await this.until(() => !this.#isRunning && this.#arrived * every === this.#sent);
    return this.#sent;
  }

  /** @throws Error when for that time nothing comes. */
  until(isDone: () => boolean, patienceMs = PATIENCE_MS): Promise<void> {
    if (isDone()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      let before = -1;
      const timer = setInterval(() => {
        if (this.#arrived === before) reject(new Error(`After ${before} messages no other came.`));
        before = this.#arrived;
      }, patienceMs);
      this.#onArrival = () => {
        if (!isDone()) return;
        clearInterval(timer);
        this.#onArrival = () => undefined;
        resolve();
      };
    });
  }

  #sendMore(answers: number): void {
    const count = answers * this.flow.every;
    this.#sent += count;
    this.send(count);
  }
}

/** The side that a client library is on. */
export function partyOf(
  flow: Flow,
  open: (onMessage: (text: string) => void) => LibraryClient,
): { party: Party; client: LibraryClient } {
  const text = 'x'.repeat(flow.size);
  const answer = text.slice(0, ANSWER_SIZE);
  const send = (count: number): void => {
    for (; count > 0; count--) client.send(text);
  };
  const party = new Party(flow, send, () => client.send(answer));
  const client = open((message) => {
    if (message.length !== flow.size && message.length !== answer.length)
      throw new Error(`A message of ${message.length} bytes came.`);
    party.take(1);
  });
  return { party, client };
}

/** Large messages are not answered with large ones; all others are, since raw clients know one size only. */
export const ANSWER_SIZE = 1_024;
