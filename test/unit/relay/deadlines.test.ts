import { describe, expect, it } from 'vitest';
import { Deadlines, Timed } from '../../../src/relay/deadlines';
import { seededRandom } from '../../helpers/bytes';

class Alarm extends Timed {
  constructor(
    readonly name: string,
    public dueAtMs: number,
  ) {
    super();
  }
}

describe('deadlines', () => {
  it('gives what is due in order of time, then of scheduling', () => {
    const deadlines = new Deadlines<Alarm>();
    for (const [name, dueAtMs] of [
      ['c', 30],
      ['a', 10],
      ['b1', 20],
      ['b2', 20],
      ['d', 40],
    ] as const) {
      deadlines.schedule(new Alarm(name, dueAtMs));
    }
    expect(deadlines.nextMs).toBe(10);
    const taken: string[] = [];
    for (let alarm = deadlines.takeDue(30); alarm !== undefined; alarm = deadlines.takeDue(30))
      taken.push(alarm.name);
    expect(taken).toEqual(['a', 'b1', 'b2', 'c']);
    expect(deadlines.nextMs).toBe(40);
  });

  it('passes over a deadline that has moved away, and comes back for it', () => {
    const deadlines = new Deadlines<Alarm>();
    const alarm = new Alarm('a', 10);
    deadlines.schedule(alarm);
    alarm.dueAtMs = 50;
    deadlines.schedule(alarm);
    expect(deadlines.takeDue(10)).toBeUndefined();
    expect(deadlines.nextMs).toBe(50);
    expect(deadlines.takeDue(50)).toBe(alarm);
  });

  it('takes a deadline that has moved closer once, at its new time', () => {
    const deadlines = new Deadlines<Alarm>();
    const alarm = new Alarm('a', 50);
    deadlines.schedule(alarm);
    alarm.dueAtMs = 10;
    deadlines.schedule(alarm);
    expect(deadlines.takeDue(10)).toBe(alarm);
    alarm.dueAtMs = Infinity;
    deadlines.schedule(alarm);
    expect(deadlines.takeDue(100)).toBeUndefined();
    expect(deadlines.nextMs).toBeUndefined();
  });

  it('notes an endless deadline not at all', () => {
    const deadlines = new Deadlines<Alarm>();
    deadlines.schedule(new Alarm('never', Infinity));
    expect(deadlines.nextMs).toBeUndefined();
  });

  it('agrees with a plain list in random runs', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = seededRandom(seed);
      const deadlines = new Deadlines<Alarm>();
      const alarms = Array.from({ length: 20 }, (_, i) => new Alarm(String(i), Infinity));
      for (let nowMs = 0; nowMs < 400; nowMs += 1) {
        const alarm = alarms[Math.floor(random() * alarms.length)]!;
        alarm.dueAtMs = random() < 0.1 ? Infinity : nowMs + 1 + Math.floor(random() * 60);
        deadlines.schedule(alarm);
        const due = alarms.filter(({ dueAtMs }) => dueAtMs <= nowMs).map(({ name }) => name);
        const taken: string[] = [];
        for (let next = deadlines.takeDue(nowMs); next !== undefined; next = deadlines.takeDue(nowMs)) {
          taken.push(next.name);
          next.dueAtMs = Infinity;
        }
        expect({ seed, nowMs, taken: taken.sort() }).toEqual({ seed, nowMs, taken: due.sort() });
      }
    }
  });
});
