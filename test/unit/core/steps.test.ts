import { describe, expect, it } from 'vitest';
import { SHOWN, STEPS, type Happening, type SessionState } from '../../../src/core/steps';

const STATES = Object.keys(STEPS) as SessionState[];
const HAPPENINGS = [...new Set(STATES.flatMap((state) => Object.keys(STEPS[state])))] as Happening[];

describe('the transition table', () => {
  it.each(STATES.flatMap((state) => HAPPENINGS.map((happening) => [state, happening] as const)))(
    '%s, %s: lands in a known state, or stays',
    (state, happening) => {
      const step = STEPS[state][happening];
      expect(STATES).toContain(step?.to ?? state);
      expect(state in SHOWN).toBe(true);
    },
  );

  it('every state can be reached from idle', () => {
    const reached = new Set<SessionState>(['idle']);
    for (const state of reached) for (const step of Object.values(STEPS[state])) reached.add(step.to);
    expect([...reached].sort()).toEqual([...STATES].sort());
  });

  it('every state but the resting ones can be closed', () => {
    const closing: SessionState[] = ['flushing', 'ending'];
    for (const state of STATES) {
      if (state === 'idle' || state === 'closed' || closing.includes(state)) continue;
      expect(STEPS[state].close, state).toBeDefined();
    }
  });
});
