/** Each law of the assessment by itself. All of them together: model.test.ts. */
import { assessQuorum } from '../../../functions/common/quorum/assess.ts';
import type {
  ListedMember,
  MemberStatus,
  MemberTask,
  QuorumMemory,
  QuorumObservation,
} from '../../../functions/common/quorum/observation.ts';
import { QUORUM_POLICY } from '../../../functions/common/quorum/policy.ts';
import { peerUrlOf } from './world.ts';

const NOW = 1_000_000;
const LATE = NOW - QUORUM_POLICY.unreachableMs;

const task = (ordinal: number, changes: Partial<MemberTask> = {}): MemberTask => ({
  ordinal,
  taskId: `t${ordinal}`,
  taskArn: `arn/t${ordinal}`,
  state: 'running',
  address: `10.0.0.${ordinal}`,
  ...changes,
});
const status = (ordinal: number, changes: Partial<MemberStatus> = {}): MemberStatus => ({
  address: `10.0.0.${ordinal}`,
  memberId: `m${ordinal}`,
  clusterId: 'c',
  leader: 'm0',
  isLearner: false,
  raftIndex: 1_000,
  raftTerm: 2,
  ...changes,
});
const member = (ordinal: number, changes: Partial<ListedMember> = {}): ListedMember => ({
  id: `m${ordinal}`,
  name: `etcd-${ordinal}`,
  peerUrls: [peerUrlOf(ordinal)],
  isLearner: false,
  ...changes,
});

interface Seen {
  readonly size?: number;
  readonly tasks?: readonly MemberTask[];
  readonly statuses?: readonly MemberStatus[];
  readonly members?: readonly ListedMember[] | undefined;
  readonly linearizable?: boolean;
  readonly memory?: Partial<QuorumMemory>;
  readonly retire?: string[];
}

/** A healthy quorum of three, but for what is said. */
function assess(seen: Seen) {
  const size = seen.size ?? 3;
  const ordinals = Array.from({ length: size }, (_, n) => n);
  const members = 'members' in seen ? seen.members : ordinals.map((n) => member(n));
  const observation: QuorumObservation = {
    peerUrls: ordinals.map(peerUrlOf),
    tasks: [...(seen.tasks ?? ordinals.map((n) => task(n)))],
    statuses: seen.statuses ?? ordinals.map((n) => status(n)),
    retire: seen.retire ?? [],
    memory: { since: {}, spent: [], ...seen.memory },
    ...(members === undefined ? {} : { list: { linearizable: seen.linearizable ?? true, clusterId: 'c', members } }),
  };
  return assessQuorum(observation, QUORUM_POLICY, NOW);
}

/** Without member 1: its task is gone. */
const without1 = { tasks: [task(0), task(2)], statuses: [status(0), status(2)] };
const two = [member(0), member(2)];

test.each([1, 3, 5])('%i healthy members need nothing', (size) => {
  expect(assess({ size })).toMatchObject({ action: { kind: 'none' }, reason: `${size} members are healthy` });
});

describe('a member whose task is gone', () => {
  test('is removed', () => {
    expect(assess(without1)).toMatchObject({
      action: { kind: 'remove-member', memberId: 'm1' },
      reason: 'etcd-1 (m1) has no task any more',
    });
  });

  test('that was only asked to stop is removed already', () => {
    const tasks = [task(0), task(1, { state: 'stopping' }), task(2)];
    expect(assess({ tasks }).action).toEqual({ kind: 'remove-member', memberId: 'm1' });
  });

  test('and has no business in the quorum at all goes as well', () => {
    const stranger = member(7, { peerUrls: ['http://elsewhere:2380'] });
    expect(assess({ members: [member(0), member(1), member(2), stranger] }).action).toEqual({
      kind: 'remove-member',
      memberId: 'm7',
    });
  });

  test('waits for its turn while too few of the others are healthy', () => {
    const seen = assess({ ...without1, statuses: [status(0)] });
    expect(seen.action.kind).toBe('wait');
    expect(seen.reason).toContain('removed when enough of the others are healthy');
  });

  test('of five: the follower goes first, the leader that is leaving last', () => {
    const tasks = [task(0, { state: 'stopping' }), task(1), task(2), task(3)];
    const statuses = [0, 1, 2, 3].map((n) => status(n));
    expect(assess({ size: 5, tasks, statuses }).action).toEqual({ kind: 'remove-member', memberId: 'm4' });
  });

  test('is added again as a learner under its own name', () => {
    expect(assess({ ...without1, members: two }).action).toEqual({ kind: 'add-learner', peerUrl: peerUrlOf(1) });
  });

  test('of one: nothing is left to add it to', () => {
    expect(assess({ size: 1, tasks: [], statuses: [], members: undefined }).action.kind).toBe('quorum-lost');
  });
});

describe('a learner', () => {
  const fresh = member(1, { id: 'm9', name: '', isLearner: true });
  const started = member(1, { id: 'm9', isLearner: true });

  test('that has never started is started, and told exactly who is there', () => {
    expect(assess({ ...without1, members: [member(2), fresh, member(0)] }).action).toEqual({
      kind: 'launch-member',
      ordinal: 1,
      memberId: 'm9',
      initialCluster: [0, 1, 2].map((n) => `etcd-${n}=${peerUrlOf(n)}`).join(','),
    });
  });

  test.each([
    ['had started', started, []],
    ['was started and died before it said so', fresh, ['m9']],
  ])('whose task is gone and that %s is removed, to be added again', (_, learner, spent) => {
    const { action } = assess({ ...without1, members: [...two, learner], memory: { spent } });
    expect(action).toEqual({ kind: 'remove-member', memberId: 'm9' });
  });

  test('that is starting is waited for, and stopped when it takes too long', () => {
    const seen = { statuses: [status(0), status(2)], members: [...two, fresh] };
    const tasks = [task(0), task(1, { state: 'starting' }), task(2)];
    expect(assess({ ...seen, tasks })).toMatchObject({
      action: { kind: 'wait' },
      memory: { since: { 'starting:t1': NOW } },
    });
    const since = { 'starting:t1': NOW - QUORUM_POLICY.startMs };
    expect(assess({ ...seen, tasks, memory: { since } }).action.kind).toBe('stop-task');
  });

  test('that runs and does not answer yet may have caught up: the leader knows', () => {
    const seen = { tasks: [task(0), task(1), task(2)], statuses: [status(0), status(2)], members: [...two, fresh] };
    expect(assess(seen)).toMatchObject({
      action: { kind: 'promote-member', memberId: 'm9' },
      memory: { since: { 'silent:t1': NOW } },
    });
    expect(assess({ ...seen, memory: { since: { 'silent:t1': LATE } } }).action.kind).toBe('stop-task');
  });

  test.each([
    [899, 'wait'],
    [900, 'promote-member'],
  ])('at index %i of 1000: %s', (raftIndex, kind) => {
    const statuses = [status(0), status(1, { memberId: 'm9', isLearner: true, raftIndex }), status(2)];
    expect(assess({ statuses, members: [...two, started] }).action.kind).toBe(kind);
  });

  test('that never catches up is given up', () => {
    const statuses = [status(0), status(1, { memberId: 'm9', isLearner: true, raftIndex: 1 }), status(2)];
    const since = { 'learner:m9': NOW - QUORUM_POLICY.learnerMs };
    expect(assess({ statuses, members: [...two, started], memory: { since } }).action.kind).toBe('stop-task');
  });

  test('of a member that is nobody is removed', () => {
    const stranger = member(7, { peerUrls: ['http://elsewhere:2380'], isLearner: true });
    expect(assess({ members: [member(0), member(1), member(2), stranger] }).action.kind).toBe('remove-member');
  });

  test('waits while a dead voter is removed', () => {
    const seen = { size: 5, tasks: [task(0), task(2), task(3)], statuses: [status(0), status(2), status(3)] };
    const members = [member(0), member(2), member(3), member(4), fresh];
    expect(assess({ ...seen, members }).action).toEqual({ kind: 'remove-member', memberId: 'm4' });
  });
});

describe('a voter that does not answer', () => {
  const silent = { statuses: [status(0), status(2)] };

  test('is waited for, as long as the policy says', () => {
    expect(assess(silent)).toMatchObject({ action: { kind: 'wait' }, memory: { since: { 'silent:t1': NOW } } });
    expect(assess({ ...silent, memory: { since: { 'silent:t1': LATE + 1 } } }).action.kind).toBe('wait');
  });

  test('is then stopped, to be replaced', () => {
    expect(assess({ ...silent, memory: { since: { 'silent:t1': LATE } } })).toMatchObject({
      action: { kind: 'stop-task', taskId: 't1' },
      reason: 'etcd-1 (m1) does not answer for too long',
    });
  });

  test('and answers again is forgotten about', () => {
    expect(assess({ memory: { since: { 'silent:t1': LATE } } }).memory.since).toEqual({});
  });

  test('is never stopped while too few of the others are healthy', () => {
    const since = { 'silent:t1': LATE, 'silent:t2': LATE };
    const seen = assess({ statuses: [status(0)], memory: { since } });
    expect(seen.action.kind).toBe('wait');
    expect(seen.reason).toContain('too few of the others');
  });

  test('because it is cut off from the others is judged the same way', () => {
    const statuses = [status(0), status(1, { leader: '0' }), status(2)];
    expect(assess({ statuses, memory: { since: { 'silent:t1': LATE } } }).action.kind).toBe('stop-task');
  });

  test('leads: another silent one goes first', () => {
    const statuses = [1, 2, 4].map((n) => status(n, { leader: 'm0' }));
    const since = { 'silent:t0': LATE, 'silent:t3': LATE };
    expect(assess({ size: 5, statuses, memory: { since } }).action).toMatchObject({ kind: 'stop-task', taskId: 't3' });
  });
});

describe('two tasks for one member', () => {
  const double = task(1, { taskId: 't9', address: '10.0.0.9' });

  test.each([
    ['has not said who it is', [], 't9'],
    ['is a member that was removed', [status(9, { memberId: 'm8' })], 't9'],
  ])('the one that %s is stopped', (_, extra, taskId) => {
    const statuses = [status(0), status(1), status(2), ...extra];
    expect(assess({ tasks: [task(0), double, task(1), task(2)], statuses }).action).toMatchObject({
      kind: 'stop-task',
      taskId,
    });
  });

  test('both the same member: the one that is further stays', () => {
    const statuses = [status(0), status(1, { raftIndex: 5 }), status(2), status(9, { memberId: 'm1', raftIndex: 9 })];
    const { action } = assess({ tasks: [task(0), task(1), double, task(2)], statuses });
    expect(action).toMatchObject({ kind: 'stop-task', taskId: 't1' });
  });

  test('a task of a member that the quorum does not have is stopped before one is added', () => {
    expect(assess({ statuses: [status(0), status(2)], members: two }).action).toMatchObject({
      kind: 'stop-task',
      taskId: 't1',
    });
  });
});

describe('members to be replaced on purpose', () => {
  test('followers first, one at a time', () => {
    expect(assess({ retire: ['t0', 't1', 't2'] }).action).toMatchObject({ kind: 'stop-task', taskId: 't1' });
  });
  test('the leader hands over before its turn', () => {
    expect(assess({ retire: ['t0'] }).action).toEqual({ kind: 'move-leader', from: 'm0', to: 'm1' });
  });
  test('not while anything else is wrong', () => {
    expect(assess({ ...without1, retire: ['t2'] }).action.kind).toBe('remove-member');
    expect(assess({ statuses: [status(0), status(1)], retire: ['t1'] }).action.kind).toBe('wait');
  });
  test('never the only one', () => {
    expect(assess({ size: 1, retire: ['t0'] }).action.kind).toBe('none');
  });
});

describe('no quorum answers', () => {
  const survivor = { linearizable: false, statuses: [status(0, { leader: '0' })] };

  test('while the tasks of a majority run it may come back', () => {
    expect(assess({ ...survivor, tasks: [task(0), task(1)] }).action.kind).toBe('wait');
    expect(assess({ ...survivor, tasks: [task(0), task(1, { state: 'starting' })] }).action.kind).toBe('wait');
    expect(assess({ statuses: [], members: undefined }).action.kind).toBe('wait');
  });

  test('a majority without tasks is gone for ever', () => {
    expect(assess({ ...survivor, tasks: [task(0)] })).toMatchObject({
      action: { kind: 'quorum-lost' },
      reason: '1 of 3 voters have a task left, 2 are needed',
    });
  });

  test('one that is stopping still has its data', () => {
    expect(assess({ ...survivor, tasks: [task(0), task(1, { state: 'stopping' })] }).action.kind).toBe('wait');
  });

  test('a learner has no data of its own to count with', () => {
    const members = [member(0), member(2), member(1, { id: 'm9', isLearner: true })];
    expect(assess({ ...survivor, members, tasks: [task(0), task(1)] }).action.kind).toBe('quorum-lost');
  });

  test('and nobody at all: less than two tasks are too few in any case, others may still answer', () => {
    const nobody = { statuses: [], members: undefined };
    expect(assess({ ...nobody, tasks: [task(0)] }).action.kind).toBe('quorum-lost');
    expect(assess({ ...nobody, size: 5, tasks: [task(0), task(1)] }).action.kind).toBe('wait');
    const memory = { since: { 'no-answer': LATE } };
    expect(assess({ ...nobody, size: 5, tasks: [task(0), task(1)], memory }).action.kind).toBe('quorum-lost');
    expect(assess({ ...nobody, tasks: [task(0), task(1)], memory }).action.kind).toBe('wait');
  });

  test('the only member is paused: it is waited for', () => {
    expect(assess({ size: 1, statuses: [], members: undefined, memory: { since: {} } }).action.kind).toBe('wait');
  });
});

test('members that name different leaders are not healthy yet', () => {
  const statuses = [status(0), status(1, { leader: 'm2' }), status(2)];
  expect(assess({ statuses })).toMatchObject({ action: { kind: 'wait' } });
});
