/** Falling asleep and waking as decisions: who may, what there is left to do, and what an ended execution means. */
import { decideAction } from '../../../functions/act-on-cluster/decide.ts';
import { decideSleep, MAX_TAKEOVERS } from '../../../functions/begin-sleep/decide.ts';
import { decideWake } from '../../../functions/begin-wake/decide.ts';
import { readyConditions } from '../../../functions/common/cluster/conditions.ts';
import { NAP_POINTS, type ClusterRecord, type NapRecord } from '../../../functions/common/cluster/record.ts';
import { decideSettlement } from '../../../functions/settle-execution/decide.ts';
import { aRecord, NOW } from '../../fixtures/clusters.ts';

const archive = { name: 'a', revision: 7 };
const aNap = (changes: Partial<NapRecord> = {}): NapRecord => ({
  point: 'begun',
  way: 'sleep',
  reason: 'idle',
  unarchived: true,
  archive,
  takeovers: 0,
  failedWakes: 0,
  ...changes,
});
function resting(phase: 'awake' | 'asleep' | 'failed', changes: Partial<ClusterRecord> = {}): ClusterRecord {
  const { owner, ...record } = aRecord({ phase, generation: 4, hasServed: true, ...changes });
  return record;
}
const sleep = { generation: 5, owner: 'demo-sleep-5', reason: 'idle' };
const wake = { generation: 5, owner: 'demo-wake-5' };
const way = (record: ClusterRecord, request = sleep) => {
  const decision = decideSleep(record, request, NOW);
  return decision.action === 'go' ? decision.nap.way : decision.action;
};

describe('decideSleep', () => {
  test('an awake cluster falls asleep in the next generation, and is owned', () => {
    const decision = decideSleep(resting('awake'), sleep, NOW);
    expect(decision).toMatchObject({ action: 'go', nap: { way: 'sleep', point: 'begun', unarchived: true } });
    expect(decision).toHaveProperty('taking.changes.phase', 'falling-asleep');
    expect(decision).toHaveProperty('taking.changes.generation', 5);
    expect(decision).toHaveProperty('taking.changes.owner', 'demo-sleep-5');
  });

  test('a wake that died after it let clients in leaves no condition of the sleep behind', () => {
    const record = aRecord({ phase: 'waking', generation: 4, nap: aNap({ point: 'resting' }) });
    const conditionsAfter = (changes: Partial<ClusterRecord>) => {
      const decision = decideSleep({ ...record, ...changes }, sleep, NOW);
      return decision.action === 'go' ? decision.taking?.changes.conditions : decision;
    };
    expect(conditionsAfter({ entryOpen: true })).toEqual(readyConditions(NOW.toISOString()));
    // Of the others nobody has seen anything: those that rest say so when they have come to rest.
    expect(conditionsAfter({})).toBeUndefined();
    expect(conditionsAfter({ phase: 'falling-asleep', nap: aNap() })).toBeUndefined();
  });

  test('the step called twice changes nothing', () => {
    const record = aRecord({
      phase: 'falling-asleep',
      generation: 5,
      owner: 'demo-sleep-5',
      nap: aNap({ point: 'saved' }),
    });
    expect(decideSleep(record, sleep, NOW)).toMatchObject({ action: 'go', taking: undefined, nap: { way: 'sleep' } });
  });

  test.each(
    NAP_POINTS.map((point) => [point, ['stopping', 'archived', 'resting'].includes(point) ? 'rest' : 'turn-round']),
  )('a sleep that died at %s: %s', (point, expected) => {
    const record = aRecord({
      phase: 'falling-asleep',
      generation: 4,
      owner: 'demo-sleep-4',
      nap: aNap({ point: point }),
    });
    expect(way(record)).toBe(expected);
  });

  test('what came to take over from a wake that had done its work leaves the cluster awake', () => {
    const failure = { error: 'Runtime.ExitError', cause: 'the answer of its last step was lost' };
    expect(decideSleep(resting('awake'), { ...sleep, failure }, NOW)).toEqual({
      action: 'refuse',
      reason: 'what died before it had made it awake',
    });
  });

  test('nobody takes over for ever, and a person begins to count anew', () => {
    const nap = aNap({ point: 'stopping', takeovers: MAX_TAKEOVERS });
    expect(way(aRecord({ phase: 'falling-asleep', generation: 4, nap }))).toBe('give-up');
    expect(way(resting('failed', { nap }))).toBe('rest');
  });

  test('what was wanted of a cluster before it failed is over; of one that is taken over it is not', () => {
    const nap = aNap({ point: 'stopping' });
    expect(decideSleep(resting('failed', { nap }), sleep, NOW)).toHaveProperty('taking.remove', [
      'turnedRound',
      'wakeWanted',
    ]);
    const dying = aRecord({ phase: 'falling-asleep', generation: 4, nap });
    expect(decideSleep(dying, sleep, NOW)).toHaveProperty('taking.remove', ['turnedRound']);
  });

  test('a failed wake goes back to rest; once clients may have written, it goes forward', () => {
    const waking = aRecord({ phase: 'waking', generation: 4, owner: 'demo-wake-4', nap: aNap({ point: 'resting' }) });
    const failure = { error: 'ComputeNotReady', cause: '' };
    expect(decideSleep({ ...waking, metadataOpen: false }, { ...sleep, failure }, NOW)).toMatchObject({
      nap: { way: 'rest', unarchived: false, failedWakes: 1, failure },
    });
    expect(decideSleep({ ...waking, metadataOpen: true }, sleep, NOW)).toMatchObject({ nap: { unarchived: true } });
    expect(way({ ...waking, metadataOpen: true, entryOpen: true })).toBe('turn-round');
  });

  test.each([
    ['of another generation', resting('awake', { generation: 7 })],
    ['that is asleep', resting('asleep')],
    ['that is created', aRecord({ generation: 4 })],
    ['that failed to be created', resting('failed')],
  ])('a cluster %s is refused', (_, record) => {
    expect(way(record)).toBe('refuse');
  });
});

describe('decideWake', () => {
  test('a sleeping cluster wakes from the archive of its sleep, and nobody wants it awake any more', () => {
    const record = resting('asleep', { nap: aNap({ point: 'resting' }), wakeWanted: { at: '', reason: '' } });
    expect(decideWake(record, wake, NOW)).toMatchObject({
      action: 'wake',
      archive,
      taking: { changes: { phase: 'waking', owner: 'demo-wake-5' }, remove: ['failure', 'wakeWanted', 'entryOpen'] },
    });
  });
  test('the step called twice changes nothing', () => {
    const record = aRecord({ phase: 'waking', generation: 5, owner: 'demo-wake-5', nap: aNap() });
    expect(decideWake(record, wake, NOW)).toEqual({ action: 'wake', taking: undefined, archive });
  });
  test('a person may try again what requests may not, once nothing runs', () => {
    expect(decideWake(resting('failed', { nap: aNap({ point: 'resting', failedWakes: 3 }) }), wake, NOW)).toMatchObject(
      {
        taking: { changes: { nap: { failedWakes: 0 } } },
      },
    );
    expect(decideWake(resting('failed', { nap: aNap({ point: 'stopping' }) }), wake, NOW).action).toBe('refuse');
  });
  test.each([
    resting('awake'),
    aRecord({ phase: 'falling-asleep', generation: 4 }),
    resting('asleep', { generation: 9 }),
  ])('otherwise it is refused', (record) => {
    expect(decideWake(record, wake, NOW).action).toBe('refuse');
  });
});

describe('decideAction', () => {
  const falling = aRecord({ phase: 'falling-asleep', generation: 4, owner: 'demo-sleep-4', nap: aNap() });
  const waking = aRecord({ phase: 'waking', generation: 4, owner: 'demo-wake-4', nap: aNap() });
  test.each([
    ['sleep', resting('awake'), { answer: 'start', execution: 'demo-sleep-5' }],
    ['wake', resting('asleep'), { answer: 'start', execution: 'demo-wake-5' }],
    ['sleep', resting('asleep'), { answer: 'done' }],
    ['wake', resting('awake'), { answer: 'done' }],
    ['sleep', falling, { answer: 'on-its-way', note: false, execution: 'demo-sleep-4' }],
    ['wake', falling, { answer: 'on-its-way', note: true, execution: 'demo-sleep-4' }],
    ['wake', waking, { answer: 'on-its-way', note: false, execution: 'demo-wake-4' }],
    ['sleep', waking, { answer: 'refuse' }],
    ['sleep', aRecord(), { answer: 'refuse' }],
    ['wake', resting('failed'), { answer: 'refuse' }],
    ['wake', resting('failed', { nap: aNap({ point: 'resting' }) }), { answer: 'start', execution: 'demo-wake-5' }],
    ['wake', resting('failed', { nap: aNap({ point: 'saved' }) }), { answer: 'start', execution: 'demo-sleep-5' }],
  ] as const)('%s', (action, record, expected) => {
    expect(decideAction(action, record)).toMatchObject(expected);
  });
});

describe('what an ended sleep or wake means', () => {
  const ended = (name: string) => ({ name, status: 'ABORTED', error: 'X', cause: 'because' });
  test.each(['falling-asleep', 'waking'] as const)(
    'one that still owns a cluster that is %s is taken over',
    (phase) => {
      const name = phase === 'waking' ? 'demo-wake-4' : 'demo-sleep-4';
      const record = aRecord({ phase, generation: 4, owner: name, nap: aNap() });
      expect(decideSettlement(ended(name), record)).toMatchObject({
        action: 'put-to-sleep',
        execution: 'demo-sleep-5',
        input: { cluster: 'demo', generation: 5, failure: { error: 'X', cause: 'because' } },
      });
    },
  );
  test('one that died between asleep and the wake that was wanted', () => {
    const record = resting('asleep', { nap: aNap(), wakeWanted: { at: '', reason: '' } });
    expect(decideSettlement(ended('demo-sleep-4'), record)).toMatchObject({ action: 'wake', execution: 'demo-wake-5' });
    expect(decideSettlement(ended('demo-sleep-4'), resting('asleep')).action).toBe('ignore');
  });
  test.each(['awake', 'asleep'] as const)('one that never owned the cluster leaves its name behind (%s)', (phase) => {
    const name = phase === 'awake' ? 'demo-sleep-5' : 'demo-wake-5';
    expect(decideSettlement(ended(name), resting(phase))).toMatchObject({
      action: 'skip-generation',
      operation: { cluster: 'demo', generation: 4 },
      phase,
    });
  });
  test('one that came to take over and died; then whoever passed over its name died too', () => {
    const record = aRecord({ phase: 'falling-asleep', generation: 4, owner: 'demo-sleep-4', nap: aNap() });
    const skip = { cluster: 'demo', generation: 4, phase: 'falling-asleep' };
    const taken = { action: 'put-to-sleep', execution: 'demo-sleep-6', input: { generation: 6 } };
    expect(decideSettlement(ended('demo-sleep-5'), record)).toMatchObject({ ...taken, skip });
    const again = decideSettlement(ended('demo-sleep-5'), { ...record, generation: 5 });
    expect(again).toMatchObject(taken);
    expect(again).not.toHaveProperty('skip');
  });
  test('one that lost the race for a generation says nothing about the one that won it', () => {
    const record = aRecord({ phase: 'waking', generation: 5, owner: 'demo-wake-5', nap: aNap() });
    expect(decideSettlement(ended('demo-sleep-5'), record).action).toBe('ignore');
  });
  test.each(['falling-asleep', 'waking'] as const)('one that a person named and that owns a cluster %s', (phase) => {
    const name = '5b9c1f0e-8f9f-4f7e-9d55-2f2d0f3a7c11';
    const execution = { ...ended(name), input: '{"cluster":"demo","generation":4}' };
    const record = aRecord({ phase, generation: 4, owner: name, nap: aNap() });
    expect(decideSettlement(execution, record)).toMatchObject({ action: 'put-to-sleep', execution: 'demo-sleep-5' });
    expect(decideSettlement(execution, { ...record, owner: 'demo-sleep-4' }).action).toBe('ignore');
  });
  test('one that was overtaken is left alone', () => {
    const record = aRecord({ phase: 'falling-asleep', generation: 5, owner: 'demo-sleep-5', nap: aNap() });
    expect(decideSettlement(ended('demo-wake-4'), record).action).toBe('ignore');
  });
});
