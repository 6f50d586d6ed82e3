import { describe, expect, it } from 'vitest';
import { Entry, OutQueue, QueueTotals } from '../../../src/relay/out-queue';
import { seededRandom } from '../../helpers/bytes';

const group = (length: number): Entry => new Entry('group', new Uint8Array(length));
const answer = (length: number): Entry => new Entry('answer', new Uint8Array(length));

function entriesOf(queue: OutQueue): (Entry | undefined)[] {
  return Array.from({ length: queue.length }, (_, i) => queue.at(i));
}

describe('out-queue', () => {
  it('keeps order and counts bytes; an answer put first comes first', () => {
    const queue = new OutQueue(new QueueTotals());
    const [one, two, first] = [group(3), answer(4), answer(5)];
    queue.push(one);
    queue.push(two);
    queue.pushFirst(first);
    expect(entriesOf(queue)).toEqual([first, one, two]);
    expect(queue.bytes).toBe(12);
    queue.drop(2);
    expect(entriesOf(queue)).toEqual([two]);
    queue.pushFirst(first);
    expect(entriesOf(queue)).toEqual([first, two]);
    expect(queue.at(2)).toBeUndefined();
  });

  it('what several queues share counts once, until the last lets go', () => {
    const totals = new QueueTotals();
    const queues = [new OutQueue(totals), new OutQueue(totals)];
    const shared = group(100);
    for (const queue of queues) queue.push(shared);
    expect(totals).toMatchObject({ bytes: 100, messages: 2 });
    queues[0]!.clear();
    expect(totals).toMatchObject({ bytes: 100, messages: 1 });
    queues[1]!.drop(1);
    expect(totals).toMatchObject({ bytes: 0, messages: 0 });
  });

  it('gives out its answers and keeps its groups', () => {
    const totals = new QueueTotals();
    const queue = new OutQueue(totals);
    const entries = [group(1), answer(10), group(2), answer(20), answer(30)];
    for (const entry of entries) queue.push(entry);
    expect(queue.takeAnswers()).toEqual([entries[1], entries[3], entries[4]]);
    expect(entriesOf(queue)).toEqual([entries[0], entries[2]]);
    expect(queue.bytes).toBe(3);
    expect(totals).toMatchObject({ bytes: 3, messages: 2 });
  });

  it('agrees with a plain list in random runs, with lengths that make it compact', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed);
      const totals = new QueueTotals();
      const queue = new OutQueue(totals);
      let model: Entry[] = [];
      for (let step = 0; step < 400; step++) {
        const kind = random();
        if (kind < 0.5) {
          for (let i = Math.floor(random() * 40); i > 0; i--) {
            const entry = random() < 0.8 ? group(Math.floor(random() * 50)) : answer(7);
            queue.push(entry);
            model.push(entry);
          }
        } else if (kind < 0.9) {
          const count = Math.floor(random() * Math.min(60, model.length + 1));
          queue.drop(count);
          model = model.slice(count);
        } else if (kind < 0.95) {
          const entry = answer(3);
          queue.pushFirst(entry);
          model.unshift(entry);
        } else {
          expect(queue.takeAnswers()).toEqual(model.filter((entry) => entry.kind === 'answer'));
          model = model.filter((entry) => entry.kind === 'group');
        }
        const groups = model.filter((entry) => entry.kind === 'group');
        const sum = (entries: readonly Entry[]): number =>
          entries.reduce((total, { bytes }) => total + bytes.length, 0);
        expect(queue.length).toBe(model.length);
        expect([queue.bytes, totals.bytes, totals.messages]).toEqual([
          sum(model),
          sum(groups),
          groups.length,
        ]);
        expect(queue.at(0)).toBe(model[0]);
        expect(queue.at(queue.length - 1)).toBe(model.at(-1));
      }
      expect(entriesOf(queue)).toEqual(model);
    }
  });
});
