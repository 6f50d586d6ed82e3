import { describe, expect, it } from 'vitest';
import { STATES, type ConnectionInput, type ConnectionState } from '../../../src/frames/states';

const NAMES = Object.keys(STATES) as ConnectionState[];
const INPUTS: ConnectionInput[] = ['peer-close', 'own-close', 'fault', 'timeout', 'lost'];

describe('close handshake table', () => {
  for (const name of NAMES) {
    for (const input of INPUTS) {
      it(`${name} on ${input} leads to a known state and never back`, () => {
        const next = STATES[name].on[input];
        const rank = { open: 0, 'close-sent': 1, 'close-received': 1, closed: 2 };
        expect(NAMES).toContain(next);
        expect(next === name || rank[next] > rank[name]).toBe(true);
      });
    }
  }

  it('every state can be reached, and closed from every state', () => {
    const reached = new Set<ConnectionState>(['open']);
    for (const state of reached) for (const input of INPUTS) reached.add(STATES[state].on[input]);
    expect([...reached].sort()).toEqual([...NAMES].sort());
    for (const name of NAMES) expect(STATES[name].on.lost).toBe('closed');
  });

  it('F-29: no data and no second Close once ours is out; F-60: nothing is read once the peer’s is in', () => {
    expect(NAMES.filter((name) => STATES[name].sendsData)).toEqual(['open', 'close-received']);
    expect(NAMES.filter((name) => STATES[name].sendsClose)).toEqual(['open', 'close-received']);
    expect(NAMES.filter((name) => STATES[name].reads)).toEqual(['open', 'close-sent']);
    expect(NAMES.filter((name) => STATES[name].sendsControl)).toEqual([
      'open',
      'close-sent',
      'close-received',
    ]);
  });
});
