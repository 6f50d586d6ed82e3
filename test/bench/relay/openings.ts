import type { LoadLink } from './load-socket';
import type { Place, RelayCandidate } from './relay';

/** Connections that are opened at a time. */
const AT_ONCE = 20;
/** Who is silent for twice as long may be asked for a sign of life, which no scanner knows. */
const KEEP_ALIVE_MS = 10_000;

/** Does the work for each item, for a few at a time. */
async function forEach<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let i = 0; i < items.length; i += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(i, i + AT_ONCE).map(work))));
  }
  return results;
}

/** Opens connections of one candidate to its server. */
export class Openings {
  readonly #sockets: LoadLink[] = [];

  constructor(
    private readonly relay: RelayCandidate,
    private readonly port: number,
  ) {
    const { keepAlive } = relay;
    if (keepAlive === undefined) return;
    setInterval(() => this.#sockets.forEach((socket) => socket.write(keepAlive)), KEEP_ALIVE_MS);
  }

  /** One login for each place, where the candidate has such. */
  login(places: readonly Place[]): Promise<string[]> {
    return forEach(places, async () => (await this.relay.login?.(this.port)) ?? '');
  }

  async connect(places: readonly Place[], logins: readonly string[]): Promise<LoadLink[]> {
    const sockets = await forEach([...places.entries()], ([i, place]) =>
      this.relay.connect(this.port, place, logins[i]!),
    );
    this.#sockets.push(...sockets);
    return sockets;
  }

  async open(places: readonly Place[]): Promise<LoadLink[]> {
    return this.connect(places, await this.login(places));
  }
}
