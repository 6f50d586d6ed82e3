import { Flight, type Tally } from './ledger';
import type { Arena, Party, PartyEvents, Peer } from './peer';

/** How the lab looks whether something has come. */
const LOOK_MS = 10;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until it is so. @returns Whether it was in time. */
export async function until(isSo: () => boolean, limitMs: number): Promise<boolean> {
  for (const endMs = performance.now() + limitMs; !isSo(); await pause(LOOK_MS)) {
    if (performance.now() > endMs) return false;
  }
  return true;
}

/** A through the proxy, B directly; `up` is from A to B. */
export interface DuelResult {
  readonly up: Tally;
  readonly down: Tally;
}

/** What A goes through. */
interface Proxy {
  readonly port: number;
  close(): Promise<void>;
}

/** Two clients that send each other numbers: A behind a proxy, B connected directly. */
export class Duel<P extends Proxy> {
  readonly up = new Flight();
  readonly down = new Flight();
  isConnected = true;
  /** When A was last told that it is connected, and that it is not. */
  connectedAtMs = 0;
  lostAtMs = 0;
  lastAcknowledgedMs = 0;
  lastReceivedMs = 0;
  #a: Party | undefined;
  #b: Party | undefined;
  #sender: NodeJS.Timeout | undefined;

  private constructor(
    private readonly arena: Arena,
    readonly proxy: P,
  ) {}

  static async start<P extends Proxy>(peer: Peer, startProxy: (port: number) => Promise<P>): Promise<Duel<P>> {
    const arena = await peer.start();
    const duel = new Duel(arena, await startProxy(arena.port));
    try {
      duel.#b = await arena.connect('B', arena.port, duel.#events(duel.up, () => undefined));
      duel.#a = await arena.connect('A', duel.proxy.port, duel.#events(duel.down, (isConnected) => duel.#status(isConnected)));
    } catch (error) {
      await duel.stop();
      throw error;
    }
    duel.breaks = 0;
    return duel;
  }

  /** How often A was told that its connection is gone. */
  breaks = 0;

  /** One message of A, or of B. */
  send(from: 'a' | 'b', padding = ''): void {
    const [party, flight] = from === 'a' ? [this.#a, this.up] : [this.#b, this.down];
    const number = flight.send();
    party?.send(`${from} ${number} ${padding}`).then(
      () => {
        flight.acknowledge();
        if (from === 'a') this.lastAcknowledgedMs = performance.now();
      },
      () => flight.fail(number),
    );
  }

  /** Both send so many a second, evenly, until {@link Duel.silence}. */
  talk(perSecond: number): void {
    const startMs = performance.now();
    let sent = 0;
    this.#sender = setInterval(() => {
      for (; sent < ((performance.now() - startMs) * perSecond) / 1000; sent++) {
        this.send('a');
        this.send('b');
      }
    }, LOOK_MS);
  }

  silence(): void {
    clearInterval(this.#sender);
  }

  /** Waits until nothing more comes: every message has come or was given up, or nothing has for a while. */
  async quiet(calmMs: number, limitMs: number): Promise<void> {
    const isDone = (): boolean => [this.up, this.down].every((flight) => flight.settled >= flight.sent);
    const arrivals = (): number => this.up.arrivals + this.down.arrivals;
    let seen = arrivals();
    let changedMs = performance.now();
    await until(() => {
      if (arrivals() !== seen) [seen, changedMs] = [arrivals(), performance.now()];
      return isDone() || performance.now() - changedMs > calmMs;
    }, limitMs);
    // A duplicate would come after all others have.
    await pause(Math.min(500, calmMs));
  }

  result(): DuelResult {
    return { up: this.up.tally(), down: this.down.tally() };
  }

  async stop(): Promise<void> {
    this.silence();
    await Promise.all([this.#a?.close(), this.#b?.close()]);
    await this.proxy.close();
    await this.arena.stop();
  }

  #events(flight: Flight, status: (isConnected: boolean) => void): PartyEvents {
    return {
      message: (text) => {
        flight.receive(Number(text.split(' ')[1]));
        this.lastReceivedMs = performance.now();
      },
      status,
      gap: (count) => flight.gap(count),
    };
  }

  #status(isConnected: boolean): void {
    if (isConnected === this.isConnected) return;
    this.isConnected = isConnected;
    if (isConnected) this.connectedAtMs = performance.now();
    else {
      this.lostAtMs = performance.now();
      this.breaks++;
    }
  }
}
