import fc from 'fast-check';
import { decideBarrier, type Barrier } from '../../../functions/common/cluster/barrier.ts';
import { aTask, NOW } from '../../fixtures/clusters.ts';

const barrier = (changes: Partial<Barrier> = {}): Barrier => ({
  id: 'members',
  kind: 'serving',
  wants: [
    { group: 'member:demo:0', count: 1 },
    { group: 'member:demo:1', count: 1 },
  ],
  toleratedFailures: 0,
  failureName: 'MemberFailedToStart',
  since: NOW.toISOString(),
  token: 'token',
  ...changes,
});
const member = (ordinal: number, changes = {}) =>
  aTask({ taskId: `m${ordinal}`, group: `member:demo:${ordinal}`, address: `10.0.0.${ordinal}`, ...changes });
const failed = (ordinal: number, changes = {}) =>
  member(ordinal, {
    taskId: `f${ordinal}`,
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    stopCode: 'TaskFailedToStart',
    stoppedReason: 'CannotPullContainerError',
    stoppedAt: NOW.toISOString(),
    ...changes,
  });

describe('a barrier for serving tasks', () => {
  test('is released with the addresses by group when every task serves', () => {
    expect(decideBarrier(barrier(), [member(1), member(0)])).toEqual({
      action: 'release',
      groups: [
        { group: 'member:demo:0', addresses: ['10.0.0.0'] },
        { group: 'member:demo:1', addresses: ['10.0.0.1'] },
      ],
      reason: 'every task runs',
    });
  });

  test.each([
    ['one is missing', [member(0)]],
    ['one is not running yet', [member(0), member(1, { lastStatus: 'PENDING' })]],
    ['one has been asked to stop', [member(0), member(1, { desiredStatus: 'STOPPED' })]],
  ])('waits while %s, and says for whom', (_, tasks) => {
    const decision = decideBarrier(barrier(), tasks);
    expect(decision).toEqual({ action: 'wait', reason: 'waiting for member:demo:1 (0 of 1)' });
  });

  test('breaks with the reason of ECS when more tasks failed than are tolerated', () => {
    expect(decideBarrier(barrier(), [member(0), failed(1)])).toEqual({
      action: 'break',
      error: 'MemberFailedToStart',
      reason: 'member:demo:1: 1 task(s) ended while starting: CannotPullContainerError',
    });
    expect(decideBarrier(barrier({ toleratedFailures: 1 }), [member(0), failed(1)]).action).toBe('wait');
  });

  test('does not count failures of an earlier attempt, or tasks that were stopped on purpose', () => {
    const before = new Date(NOW.getTime() - 1).toISOString();
    expect(decideBarrier(barrier(), [failed(0, { stoppedAt: before })]).action).toBe('wait');
    expect(decideBarrier(barrier(), [failed(0, { stopCode: 'UserInitiated' })]).action).toBe('wait');
  });

  test('decides the same in whatever order tasks are known', () => {
    const tasks = [member(0), member(1), failed(0, { stopCode: 'UserInitiated' })];
    fc.assert(
      fc.property(fc.shuffledSubarray(tasks, { minLength: tasks.length }), (shuffled) => {
        expect(decideBarrier(barrier(), shuffled)).toEqual(decideBarrier(barrier(), tasks));
      }),
    );
  });
});

describe('a barrier for stopped tasks', () => {
  const stopped = barrier({ kind: 'stopped' });
  test('is released when nothing of its groups is left', () => {
    expect(decideBarrier(stopped, [failed(0), aTask({ group: 'service:demo_proxy' })]).action).toBe('release');
  });
  test('waits for each task that has not stopped', () => {
    expect(decideBarrier(stopped, [member(0), failed(1)])).toEqual({
      action: 'wait',
      reason: 'waiting for 1 task(s) to stop',
    });
  });
});

test('a barrier for ended tasks waits for processes, not for what ECS has to give back after them', () => {
  const ended = barrier({ kind: 'ended' });
  const leaving = member(0, { desiredStatus: 'STOPPED' });
  expect(decideBarrier(ended, [leaving]).action).toBe('wait');
  expect(decideBarrier(ended, [{ ...leaving, ended: true }, failed(1)]).action).toBe('release');
  expect(decideBarrier(barrier({ kind: 'stopped' }), [{ ...leaving, ended: true }]).action).toBe('wait');
});

test('what stops after the start of its successor is no failure of that', () => {
  const later = { stoppedAt: new Date(NOW.getTime() + 1_000).toISOString(), stopCode: 'EssentialContainerExited' };
  const replacement = barrier({ createdSince: NOW.toISOString() });
  const before = new Date(NOW.getTime() - 60_000).toISOString();
  expect(decideBarrier(replacement, [failed(0, { ...later, createdAt: before })]).action).toBe('wait');
  expect(decideBarrier(replacement, [failed(0, { ...later, createdAt: later.stoppedAt })]).action).toBe('break');
  expect(decideBarrier(barrier(), [failed(0, { ...later, createdAt: before })]).action).toBe('break');
});
