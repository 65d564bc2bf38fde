import {
  PHASES,
  PHASE_OF_VERB,
  TRANSITIONS,
  isResting,
  mayFollow,
  phasesBefore,
} from '../../../functions/common/cluster/phases.ts';

describe('phases', () => {
  test('every phase can be reached from the first', () => {
    const reached = new Set(['creating']);
    for (const phase of reached) {
      for (const next of TRANSITIONS[phase as (typeof PHASES)[number]]) reached.add(next);
    }
    expect([...reached].sort()).toEqual([...PHASES].sort());
  });

  test('no phase is a dead end: each leads on to a resting phase', () => {
    for (const phase of PHASES) {
      const reached = new Set(TRANSITIONS[phase]);
      for (const next of reached) for (const further of TRANSITIONS[next]) reached.add(further);
      expect([...reached].some(isResting)).toBe(true);
    }
  });

  test('an operation can always be entered from some resting phase', () => {
    for (const phase of Object.values(PHASE_OF_VERB)) {
      if (phase === 'creating') continue;
      expect(phasesBefore(phase).some(isResting)).toBe(true);
    }
  });

  test.each([
    ['awake', 'creating'],
    ['asleep', 'awake'],
    ['deleting', 'awake'],
    ['creating', 'asleep'],
  ] as const)('%s is never followed by %s', (from, to) => {
    expect(mayFollow(from, to)).toBe(false);
  });
});
