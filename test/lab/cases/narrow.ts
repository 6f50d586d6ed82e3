import { Duel, until, type DuelResult } from '../duel';
import { webifi } from '../peers/webifi';
import { chaos } from './breaks';

export interface Narrow {
  readonly useWebSocket: boolean;
  /** The way that is narrow, and that the messages go. */
  readonly direction: 'up' | 'down';
  readonly bytesPerSecond: number;
  readonly messages: number;
  /** Of one message. */
  readonly bytes: number;
  readonly limitMs: number;
}

export interface NarrowResult extends DuelResult {
  /** How often A was told that it is not connected. */
  readonly breaks: number;
  /** When the last message came; undefined when not all came in time. */
  readonly tookMs: number | undefined;
}

/** Many messages at once over a narrow line: what takes long to arrive must not look like a dead link. */
export async function playNarrow({ direction, bytesPerSecond, ...plan }: Narrow): Promise<NarrowResult> {
  const peer = webifi('webifi', { useWebSocket: plan.useWebSocket });
  const duel = await Duel.start(peer, chaos({ [direction]: { bytesPerSecond } }));
  try {
    const startMs = performance.now();
    for (let i = 0; i < plan.messages; i++) duel.send(direction === 'up' ? 'a' : 'b', 'x'.repeat(plan.bytes));
    const isDone = await until(() => duel[direction].settled >= plan.messages, plan.limitMs);
    return { ...duel.result(), breaks: duel.breaks, tookMs: isDone ? duel.lastReceivedMs - startMs : undefined };
  } finally {
    await duel.stop();
  }
}
