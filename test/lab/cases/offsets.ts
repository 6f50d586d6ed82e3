import type { Direction } from '../../../src/testing';
import { Duel, pause, until } from '../duel';
import { sum, type Tally } from '../ledger';
import { webifi } from '../peers/webifi';
import { chaos } from './breaks';

export interface Offsets {
  readonly useWebSocket: boolean;
  readonly direction: Direction;
  /** Every so many-th byte is a place to cut. */
  readonly step: number;
  /** How many exchanges are under way at a time. */
  readonly lanes: number;
}

export interface OffsetsResult {
  /** Places at which it was cut: the exchange was no longer. */
  readonly cuts: number;
  readonly up: Tally;
  readonly down: Tally;
  /** Cuts after which a further message did not come through. */
  readonly stuck: number;
}

/** Far more bytes than an exchange has. */
const MOST_OFFSETS = 20_000;
const LIMIT_MS = 30_000;
const ATTEMPTS = 5;

/**
 * A sends one message and B one to A, and the connection is reset after byte N of that: for each N in one direction,
 * until the exchange is over before the cut. After each cut both send on, which has to come through again.
 */
export async function playOffsets({ useWebSocket, direction, step, lanes }: Offsets): Promise<OffsetsResult> {
  const results = await Promise.all(
    Array.from({ length: lanes }, (_, lane) => playLane(useWebSocket, direction, lane * step, lanes * step)),
  );
  return {
    cuts: results.reduce((all, { cuts }) => all + cuts, 0),
    stuck: results.reduce((all, { stuck }) => all + stuck, 0),
    up: sum(results.map(({ up }) => up)),
    down: sum(results.map(({ down }) => down)),
  };
}

async function playLane(
  useWebSocket: boolean,
  direction: Direction,
  first: number,
  step: number,
): Promise<OffsetsResult> {
  const peer = webifi('webifi', { useWebSocket, reconnect: { minDelayMs: 20, maxDelayMs: 200 } });
  const duel = await Duel.start(peer, chaos());
  let [cuts, stuck] = [0, 0];
  try {
    for (let offset = first; offset < MOST_OFFSETS; offset += step) {
      // What is left of an earlier exchange shall not count as this one's.
      await pause(50);
      const { breaks } = duel;
      let isCut = false;
      void duel.proxy.cutAfterBytes(direction, offset).then(() => (isCut = true));
      exchange(duel);
      await until(() => isCut || isComplete(duel), LIMIT_MS);
      if (!isCut) break;
      cuts++;
      await until(() => duel.isConnected && duel.breaks > breaks, LIMIT_MS);
      if (!(await goesOn(duel))) stuck++;
    }
    return { ...duel.result(), cuts, stuck };
  } finally {
    await duel.stop();
  }
}

/** Whether both directions work again: one more message may still be lost to what broke, but not all of several. */
async function goesOn(duel: ChaosDuel): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    exchange(duel);
    const [up, down] = [duel.up.sent, duel.down.sent];
    if (await until(() => duel.up.last >= up && duel.down.last >= down, LIMIT_MS / ATTEMPTS)) return true;
  }
  return false;
}

type ChaosDuel = Awaited<ReturnType<typeof Duel.start<Awaited<ReturnType<ReturnType<typeof chaos>>>>>>;

function exchange(duel: ChaosDuel): void {
  duel.send('a');
  duel.send('b');
}

const isComplete = ({ up, down }: ChaosDuel): boolean =>
  [up, down].every((flight) => flight.last === flight.sent && flight.acknowledged + flight.failed >= flight.sent);
