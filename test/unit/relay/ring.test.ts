import { describe, expect, it } from 'vitest';
import { parseBody } from '../../../src/core/codec';
import { createCounters } from '../../../src/relay/counters';
import { GroupEncoder } from '../../../src/relay/group-encoder';
import { Joiner, TERMINATOR } from '../../../src/relay/joiner';
import { planItems } from '../../../src/relay/numbered-frames';
import { type Entry, QueueTotals } from '../../../src/relay/out-queue';
import { Ring } from '../../../src/relay/ring';
import { joinRuns, runBounds } from '../../../src/relay/runs';
import { SentGroups } from '../../../src/relay/sent-groups';
import { seededRandom } from '../../helpers/bytes';
import { RelayCoreLab, bytesOf, textOf } from '../../helpers/relay-core-lab';
import { ResumingDevice } from '../../helpers/resume-lab';

const UNBOUNDED = { maxQueuedMessages: 16_384, maxQueuedBytes: 1e9, maxQueuedTotal: 1e9, maxWriteSize: 262_144 };

/** Rings of several receivers, and beside each what it has to hold. */
class Bench {
  readonly totals = new QueueTotals();
  readonly #joiner = new Joiner(createCounters(), (length) => new Uint8Array(length));
  readonly #encoder = new GroupEncoder(createCounters());
  readonly bounds;
  readonly receivers;
  #sent = 0;

  constructor(
    readonly limits: typeof UNBOUNDED,
    count: number,
  ) {
    this.bounds = runBounds(limits, false);
    this.receivers = Array.from({ length: count }, () => ({
      ring: new Ring(limits, this.bounds, this.totals),
      first: 1,
      sent: 0,
      highestSent: 0,
      texts: [] as string[],
    }));
  }

  encode(size: number): Entry {
    const data = `${++this.#sent}:${'x'.repeat(size)}`;
    const fields = parseBody(bytesOf(`~d=${data}`), { maxSize: 1e6 });
    const origin = new Uint8Array(11).fill(0x6f);
    const stamp = { origin, number: this.#sent, wantsReceipt: false, isVolatile: false };
    return this.#encoder.encode({ id: '7secret', idDigits: 1 }, fields, -1, 0, stamp);
  }

  /** @param isShared - They go to others, too. */
  push(receiver: Bench['receivers'][number], entries: readonly Entry[], texts: readonly string[], isShared = true): void {
    if (isShared) receiver.ring.pushAll(entries);
    else receiver.ring.push(entries[0]!);
    receiver.texts.push(...texts);
    const over = receiver.texts.length - this.limits.maxQueuedMessages;
    if (over > 0) this.#forget(receiver, over);
  }

  acknowledge(receiver: Bench['receivers'][number], upTo: number): void {
    receiver.ring.acknowledge(upTo);
    const count = Math.min(upTo - receiver.first + 1, receiver.texts.length);
    if (upTo <= receiver.highestSent && count > 0) this.#forget(receiver, count);
  }

  rewind(receiver: Bench['receivers'][number], received: number): void {
    receiver.ring.rewind(received);
    receiver.sent = received;
  }

  /** Writes, and compares with what should come. */
  write(receiver: Bench['receivers'][number], maxBytes: number): void {
    const { ring, texts, first } = receiver;
    const parts: Parameters<Joiner['copy']>[0][number][] = [];
    const before = Math.max(receiver.sent, first - 1);
    const gap = receiver.sent + 1 < first ? `~rt=g~xg=${receiver.sent + 1}-${first - 1}:overflow~t=1` : '';
    const { last, groups } = planItems(ring, maxBytes, TERMINATOR, parts);
    ring.markSent(last);
    const expected = texts.slice(before + 1 - first, before + 1 - first + groups);
    const rest = groups > 0 ? `~rt=r~xq=${before + 1}${expected.join('')}~t=1` : '';
    expect(textOf(this.#joiner.copy(parts))).toBe(gap + rest);
    expect(last).toBe(before + groups);
    expect(groups > 0).toBe(before < first + texts.length - 1);
    receiver.sent = last;
    receiver.highestSent = Math.max(receiver.highestSent, last);
  }

  check(): void {
    for (const { ring, texts, first } of this.receivers) {
      expect([ring.first, ring.length, ring.last]).toEqual([first, texts.length, first + texts.length - 1]);
    }
  }

  settle(): void {
    this.#encoder.settle();
  }

  #forget(receiver: Bench['receivers'][number], count: number): void {
    receiver.texts.splice(0, count);
    receiver.first += count;
  }
}

const textIn = ({ numbered }: Entry): string => textOf(numbered);

function play(seed: number, limits: typeof UNBOUNDED, turns: number): Bench {
  const random = seededRandom(seed);
  const whole = (below: number): number => Math.floor(random() * below);
  const bench = new Bench(limits, 4);
  for (let turn = 0; turn < turns; turn++) {
    const shared: Entry[] = [];
    for (let i = whole(12); i > 0; i--) {
      const entry = bench.encode(whole(random() < 0.1 ? 5_000 : 900));
      if (random() < 0.4) shared.push(entry);
      else for (const one of bench.receivers.slice(0, 1 + whole(2))) bench.push(one, [entry], [textIn(entry)], false);
    }
    const runs = joinRuns(new SentGroups(shared, shared.map(() => whole(2))), bench.bounds).entries;
    for (const receiver of bench.receivers) {
      if (random() < 0.7) bench.push(receiver, runs, shared.map(textIn));
      if (random() < 0.6) bench.write(receiver, whole(20_000));
      if (random() < 0.2) bench.acknowledge(receiver, receiver.first - 1 + whole(30));
      if (random() < 0.1) bench.rewind(receiver, Math.min(receiver.first - 1 + whole(10), receiver.highestSent));
    }
    bench.check();
    bench.settle();
  }
  return bench;
}

describe('ring', () => {
  it('X-14 X-15 agrees with a plain list, however messages are joined, acknowledged and written again', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const bench = play(seed, { ...UNBOUNDED, maxQueuedMessages: seed % 2 === 0 ? 64 : 16_384 }, 300);
      for (const receiver of bench.receivers) {
        bench.rewind(receiver, receiver.first - 1);
        while (receiver.ring.hasUnsent) bench.write(receiver, 100_000);
        bench.acknowledge(receiver, receiver.sent);
      }
      expect(bench.totals).toMatchObject({ bytes: 0, messages: 0 });
    }
  });

  it('messages of one turn for one receiver are one entry; what is in a run counts once for all who share it', () => {
    const bench = new Bench(UNBOUNDED, 2);
    const [one, other] = bench.receivers;
    const own = [1, 2, 3].map(() => bench.encode(10));
    for (const entry of own) bench.push(one!, [entry], [textIn(entry)], false);
    expect(one!.ring.take(1e6)).toHaveLength(1);
    const shared = [1, 2, 3].map(() => bench.encode(10));
    const { entries } = joinRuns(new SentGroups(shared, [7, 7, 8]), bench.bounds);
    expect(entries.map(({ count }) => count)).toEqual([2, 1]);
    const { bytes } = bench.totals;
    bench.push(one!, entries, shared.map(textIn));
    bench.push(other!, entries, shared.map(textIn));
    expect(bench.totals.bytes - bytes).toBe(shared.reduce((sum, { numberedLength }) => sum + numberedLength, 0));
    expect(bench.totals.messages).toBe(9);
  });

  it('what somebody else holds, or has a receipt, is in no run', () => {
    const bench = new Bench(UNBOUNDED, 2);
    const held = [1, 2, 3].map(() => bench.encode(10));
    bench.push(bench.receivers[0]!, [held[1]!], [textIn(held[1]!)]);
    expect(joinRuns(new SentGroups(held, [7, 7, 7]), bench.bounds).entries).toEqual(held);
    expect(runBounds(UNBOUNDED, true).messages).toBe(1);
  });

  it.each([2, 5])('X-16 an attach goes on within a run (%i members)', (members) => {
    const lab = new RelayCoreLab();
    const sender = ResumingDevice.open(lab, ['n']);
    const others = Array.from({ length: members - 1 }, () => ResumingDevice.open(lab, ['n']));
    for (const device of [sender, ...others]) device.exchange('~t=1');
    for (let i = 1; i <= 16; i++) sender.socket!.send(`~xq=${i}~xn=${i}~dt=t~d=${i}~~~t=1`);
    lab.flush();
    for (const device of others) {
      expect(device.socket!.take().match(/~d=/g)).toHaveLength(16);
      device.exchange('~xh=7~t=1');
      device.socket!.drop();
      const again = device.attach(9);
      expect(again).toContain('~rt=r~xq=10~');
      expect([...again.matchAll(/~d=(\d+)~~/g)].map(([, data]) => Number(data))).toEqual([10, 11, 12, 13, 14, 15, 16]);
      device.exchange('~xh=16~t=1');
    }
    expect(lab.core.levels).toMatchObject({ queuedMessages: 0, queuedBytes: 0 });
  });
});
