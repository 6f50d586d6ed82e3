import { describe, expect, it } from 'vitest';
import { Flight, sum } from './ledger';

function flight(sent: number, ...received: number[]): Flight {
  const made = new Flight();
  for (let i = 0; i < sent; i++) made.send();
  for (const number of received) made.receive(number);
  return made;
}

describe('Flight', () => {
  it('counts what came, what did not, what came twice and what came late', () => {
    const { tally } = { tally: flight(6, 1, 3, 2, 3, 6).tally() };
    expect(tally).toMatchObject({ sent: 6, received: 4, lost: 2, silent: 2, duplicated: 1, reordered: 1 });
  });

  it('counts a late duplicate as a duplicate, not as out of order', () => {
    expect(flight(2, 1, 2, 1).tally()).toMatchObject({ lost: 0, duplicated: 1, reordered: 0 });
  });

  it('tells apart what the sender was told of, what a gap covers, and what nobody was told of', () => {
    const made = flight(6, 1);
    made.fail(2);
    // In doubt, but it came.
    made.fail(1);
    made.gap(3);
    expect(made.tally()).toMatchObject({ lost: 5, toldSender: 1, toldReceiver: 3, silent: 1, gaps: 1 });
    made.gap(Infinity);
    expect(made.tally()).toMatchObject({ toldReceiver: 4, silent: 0, gaps: 2 });
  });

  it('does not let a gap hide more than was lost', () => {
    const made = flight(2, 1, 2);
    made.gap(5);
    expect(made.tally()).toMatchObject({ lost: 0, toldReceiver: 0, silent: 0, gaps: 1 });
  });

  it('knows when the fate of all is known', () => {
    const made = flight(3, 1);
    made.fail(2);
    expect([made.settled, made.sent]).toEqual([2, 3]);
    made.receive(3);
    expect(made.settled).toBe(3);
  });

  it('adds up', () => {
    expect(sum([flight(2, 1).tally(), flight(3, 2, 1).tally()])).toMatchObject({ sent: 5, lost: 2, reordered: 1 });
  });
});
