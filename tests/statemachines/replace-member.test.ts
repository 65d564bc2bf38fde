/** replace-member: the order of its steps, what it waits for, how it gives up, and that it never keeps the lock. */
import { assessed, INPUTS, Rig, SEEN_AT, withDeadline, withTimeout, type Behaviour } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(async () => {
  await rig.stop();
});

const INPUT = INPUTS['replace-member'] ?? {};
/** Assessments in this order; the last one stays. */
const inTurn =
  (...answers: readonly ReturnType<typeof assessed>[]): Behaviour =>
  (_, nth) =>
    answers[Math.min(nth, answers.length) - 1] ?? { error: 'NoAnswer' };
const healthy = assessed({ kind: 'none' }, 'all members are healthy');
const waiting = assessed({ kind: 'wait' }, 'etcd-1 is catching up');
const launch = assessed({ kind: 'launch-member', ordinal: 1, memberId: '9', initialCluster: 'a=b' }, 'added');
const finished = () => rig.calls.filter(({ name }) => name === 'FinishReplacement').map(({ event }) => event);
const IDENTITY = { cluster: 'demo', owner: 'demo-create-1' };

test('a lost member is replaced with as few steps as that takes', async () => {
  // Removing, adding and promoting are AdvanceQuorum's own.
  const ended = await rig.run('replace-member', INPUT, { AdvanceQuorum: inTurn(launch, healthy) });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'healthy' } });
  expect(rig.callNames()).toEqual([
    'ObserveMembers',
    'AdvanceQuorum',
    'LaunchMember',
    'AwaitTasks',
    'AdvanceQuorum',
    'FinishReplacement',
  ]);
  const event = (name: string) => rig.calls.find((call) => call.name === name)?.event;
  expect(event('ObserveMembers')).toEqual(IDENTITY);
  expect(event('AdvanceQuorum')).toMatchObject({ ...IDENTITY, observed: {}, memory: {} });
  expect(event('LaunchMember')).toEqual({
    ...{ ...IDENTITY, ordinal: 1, memberId: '9', initialCluster: 'a=b', spent: [] },
    degraded: 'added',
  });
  expect(event('AwaitTasks')).toMatchObject({ kind: 'serving', wants: [{ group: 'member:demo:0', count: 1 }] });
  // The tasks of the last look, not those from before the launch.
  expect(finished()).toMatchObject([{ ...IDENTITY, outcome: 'healthy', tasks: [{ taskId: 'a' }] }]);
});

test('people are told meanwhile what is wrong', async () => {
  await rig.run('replace-member', INPUT, { AdvanceQuorum: inTurn(waiting, healthy) });
  const looks = rig.calls.filter(({ name }) => name === 'ObserveMembers').map(({ event }) => event['degraded']);
  expect(looks).toEqual([undefined, 'etcd-1 is catching up']);
});

test('what an assessment remembers reaches the next one', async () => {
  const since = { 'silent:a': 1_000 };
  await rig.run('replace-member', INPUT, {
    AdvanceQuorum: inTurn(assessed({ kind: 'wait' }, 'etcd-1 does not answer', since), healthy),
  });
  const memories = rig.calls.filter(({ name }) => name === 'AdvanceQuorum').map(({ event }) => event['memory']);
  expect(memories).toEqual([
    { since: {}, seenAt: expect.any(Number) as number, spent: [] },
    { since, seenAt: SEEN_AT, spent: [] },
  ]);
});

test('what the minutely watch has seen reaches the first assessment', async () => {
  const memory = { since: { 'silent:a': 1_000 }, seenAt: 2_000 };
  await rig.run('replace-member', { ...INPUT, memory });
  expect(rig.calls.find(({ name }) => name === 'AdvanceQuorum')?.event['memory']).toEqual({ ...memory, spent: [] });
});

test.each([{ since: {} }, { seenAt: 1 }, { since: [], seenAt: 1 }, 'yesterday', null])(
  'a memory that is none (%j) is refused before anything happens',
  async (memory) => {
    expect(await rig.run('replace-member', { ...INPUT, memory })).toMatchObject({ error: 'InvalidInput' });
    expect(rig.calls).toEqual([]);
  },
);

test('tasks to be replaced on purpose are passed on', async () => {
  await rig.run('replace-member', { cluster: 'demo', retire: ['a'] });
  expect(rig.calls[0]?.event).toEqual({ ...IDENTITY, retire: ['a'] });
});

test('a task that answers to nobody is stopped, and ECS is looked at again', async () => {
  const stop = assessed({ kind: 'stop-task', taskId: 'a', taskArn: 'arn' }, 'two tasks run for etcd-1');
  await rig.run('replace-member', INPUT, { AdvanceQuorum: inTurn(stop, healthy) });
  expect(rig.callNames().slice(2, 4)).toEqual(['StopMember', 'ObserveMembers']);
  expect(rig.calls[2]?.event).toEqual({ taskArn: 'arn', reason: 'two tasks run for etcd-1' });
});

test('what is waited for is looked at anew, ECS included', async () => {
  const ended = await rig.run('replace-member', INPUT, { AdvanceQuorum: inTurn(waiting, healthy) });
  expect(ended.status).toBe('SUCCEEDED');
  expect(rig.callNames().slice(0, 4)).toEqual(['ObserveMembers', 'AdvanceQuorum', 'ObserveMembers', 'AdvanceQuorum']);
});

test('a member whose task is gone is not waited for, and is known not to start again', async () => {
  await rig.run('replace-member', INPUT, {
    AdvanceQuorum: inTurn(launch, healthy),
    LaunchMember: () => ({ result: { wants: [], launched: false, spent: ['9'] } }),
  });
  expect(rig.callNames()).not.toContain('AwaitTasks');
  expect(rig.calls.filter(({ name }) => name === 'AdvanceQuorum')[1]?.event['memory']).toEqual({
    since: {},
    seenAt: SEEN_AT,
    spent: ['9'],
  });
});

test('a cluster that another execution works on is left to it', async () => {
  const ended = await rig.run('replace-member', INPUT, {
    ObserveMembers: () => ({ result: { turn: 'theirs', reason: 'held' } }),
  });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'left' } });
  expect(rig.callNames()).toEqual(['ObserveMembers']);
});

test('a cluster that is not awake any more is let go', async () => {
  const ended = await rig.run('replace-member', INPUT, {
    AdvanceQuorum: inTurn(waiting),
    ObserveMembers: (_, nth) =>
      nth === 1
        ? { result: { turn: 'ours', reason: '', observed: { peerUrls: [], tasks: [], retire: [] } } }
        : { result: { turn: 'over', reason: 'the cluster is falling-asleep' } },
  });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'over' } });
  expect(finished()).toEqual([{ ...IDENTITY, outcome: 'over' }]);
});

test('a note of somebody who found the lock held means one more look', async () => {
  await rig.run('replace-member', INPUT, { FinishReplacement: (_, nth) => ({ result: { released: nth === 2 } }) });
  expect(rig.callNames()).toEqual([
    'ObserveMembers',
    'AdvanceQuorum',
    'FinishReplacement',
    'ObserveMembers',
    'AdvanceQuorum',
    'FinishReplacement',
  ]);
});

describe('endings', () => {
  test('a lost quorum ends under its own name, recorded, with the lock free', async () => {
    const lost = assessed({ kind: 'quorum-lost' }, '1 of 3 voters has a task left');
    const ended = await rig.run('replace-member', INPUT, { AdvanceQuorum: inTurn(lost) });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'QuorumLost', cause: '1 of 3 voters has a task left' });
    expect(finished()).toMatchObject([{ ...IDENTITY, outcome: 'failed', error: 'QuorumLost' }]);
    expect(await rig.handedOver()).toEqual([{ cluster: 'demo' }]);
    expect(rig.callNames()).not.toContain('LaunchMember');
  });

  test('a quorum that never becomes healthy is given up, with what was last seen', async () => {
    const ended = await rig.run('replace-member', INPUT, { AdvanceQuorum: inTurn(waiting) }, (definition) =>
      withDeadline(definition, 500),
    );
    expect(ended).toMatchObject({ status: 'FAILED', error: 'MemberNotReplaced' });
    expect(ended.cause).toContain('etcd-1 is catching up');
    expect(finished()).toMatchObject([{ outcome: 'failed', error: 'MemberNotReplaced' }]);
  });

  test('a member that cannot start is tried again, more slowly, and given up after some tries', async () => {
    const ended = await rig.run('replace-member', INPUT, {
      AdvanceQuorum: inTurn(launch),
      AwaitTasks: (event) => rig.breakBarrier(event, 'MemberFailedToStart', 'CannotPullContainerError'),
    });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'MemberNotReplaced' });
    expect(ended.cause).toContain('CannotPullContainerError');
    expect(rig.callNames().filter((name) => name === 'LaunchMember')).toHaveLength(6);
  });

  test('a task that does not run in time is looked for again', async () => {
    const ended = await rig.run(
      'replace-member',
      INPUT,
      { AdvanceQuorum: inTurn(launch, healthy), AwaitTasks: () => ({ hang: true }) },
      (definition) => withTimeout(definition, 'AwaitMember', 1),
    );
    expect(ended.status).toBe('SUCCEEDED');
  });

  test.each(['ObserveMembers', 'AdvanceQuorum', 'LaunchMember', 'AwaitTasks', 'StopMember'])(
    'an error of %s is recorded, and the lock is free',
    async (step) => {
      const stop = assessed({ kind: 'stop-task', taskId: 'a', taskArn: 'arn' }, 'silent');
      const order = step === 'StopMember' ? [stop] : [launch];
      const fail: Behaviour = (event) =>
        step === 'AwaitTasks'
          ? rig.breakBarrier(event, 'OwnershipLost', 'because of the test')
          : { error: 'OwnershipLost', message: 'because of the test' };
      const ended = await rig.run('replace-member', INPUT, { AdvanceQuorum: inTurn(...order), [step]: fail });
      expect(ended).toMatchObject({ status: 'FAILED', error: 'OwnershipLost' });
      expect(finished()).toMatchObject([{ ...IDENTITY, outcome: 'failed', error: 'OwnershipLost' }]);
      expect(String(finished()[0]?.['cause'])).toContain('because of the test');
    },
  );

  test.each(['ObserveMembers', 'AdvanceQuorum', 'LaunchMember', 'StopMember'])(
    '%s that never comes back is a timeout, recorded',
    async (step) => {
      const stop = assessed({ kind: 'stop-task', taskId: 'a', taskArn: 'arn' }, 'silent');
      const order = step === 'StopMember' ? [stop] : [launch];
      const ended = await rig.run(
        'replace-member',
        INPUT,
        { AdvanceQuorum: inTurn(...order), [step]: () => ({ hang: true }) },
        (definition, name) => (name === 'replace-member' ? withTimeout(definition, step, 1) : definition),
      );
      expect(ended).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
      expect(finished()).toMatchObject([{ outcome: 'failed', error: 'States.Timeout' }]);
    },
  );

  test('an ending that cannot be recorded is the same ending', async () => {
    const lost = assessed({ kind: 'quorum-lost' }, 'gone');
    const ended = await rig.run('replace-member', INPUT, {
      AdvanceQuorum: inTurn(lost),
      FinishReplacement: () => ({ error: 'OwnershipLost' }),
    });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'QuorumLost' });
  });
});

describe('within a bootstrap', () => {
  const bootstrap = INPUTS['bootstrap-quorum'] ?? {};
  const lost =
    (message: string): Behaviour =>
    () => ({ error: 'MemberLost', message });

  test('a member that was started before and is gone is taken back by the quorum of the others', async () => {
    const ended = await rig.run('bootstrap-quorum', bootstrap, {
      LaunchMembers: lost('the task of etcd-0 has stopped'),
      AdvanceQuorum: inTurn(launch, healthy),
    });
    expect(ended.status).toBe('SUCCEEDED');
    const observe = rig.calls.find(({ name }) => name === 'ObserveMembers');
    expect(observe?.event).toMatchObject({ cluster: 'demo', generation: 1 });
    expect(rig.callNames().slice(-3)).toEqual(['AwaitTasks', 'ProbeQuorum', 'OpenMetadata']);
  });

  test('a member that dies while the quorum forms is taken back too', async () => {
    const ended = await rig.run('bootstrap-quorum', bootstrap, {
      ProbeQuorum: (_, nth) => ({ result: { ready: nth > 1, reason: '2 of 3 members answer' } }),
      ListAddresses: () => ({ result: { groups: [{ group: 'member:demo:0', addresses: [] }] } }),
    });
    expect(ended.status).toBe('SUCCEEDED');
    expect(rig.callNames()).toContain('FinishReplacement');
  });

  test('a member that is lost in the moment of the opening is taken back as well', async () => {
    const ended = await rig.run('bootstrap-quorum', bootstrap, {
      OpenMetadata: (event, nth) => (nth === 1 ? lost('2 of 3 members run')(event, nth) : { result: {} }),
    });
    expect(ended.status).toBe('SUCCEEDED');
    expect(rig.callNames()).toContain('FinishReplacement');
    expect(rig.callNames().filter((name) => name === 'OpenMetadata')).toHaveLength(2);
  });

  test('where no quorum can take it back the bootstrap fails, and nothing new is started', async () => {
    const ended = await rig.run('bootstrap-quorum', bootstrap, {
      LaunchMembers: lost('the tasks of etcd-0, etcd-1 have stopped'),
      AdvanceQuorum: inTurn(assessed({ kind: 'quorum-lost' }, '1 of 3 voters has a task left')),
    });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'MemberLost' });
    expect(ended.cause).toContain('etcd-0, etcd-1');
    expect(rig.callNames()).not.toContain('OpenMetadata');
  });
});

describe('within a bootstrap that restores', () => {
  const bootstrap = { ...INPUTS['bootstrap-quorum'], restore: { archive: 'a', revision: 9 } };
  const done = { result: { done: true, keys: 3 } };
  const restores = () => rig.callNames().filter((name) => name === 'RestoreMetadata').length;

  test('a function that dies is called again', async () => {
    const ended = await rig.run('bootstrap-quorum', bootstrap, {
      RestoreMetadata: (_, nth) => (nth === 1 ? { error: 'Runtime.ExitError' } : done),
    });
    expect(ended.status).toBe('SUCCEEDED');
    expect(restores()).toBe(2);
  });

  test.each([
    ['were silent', { result: { done: false, step: 'write', keys: 2, reason: 'unavailable' } }],
    ['could not be reached', { error: 'MetadataUnreachable' }],
  ])('members that %s are looked at before it goes on', async (_, first) => {
    const ended = await rig.run('bootstrap-quorum', bootstrap, {
      RestoreMetadata: (__, nth) => (nth === 1 ? first : done),
    });
    expect(ended.status).toBe('SUCCEEDED');
    const order = ['RestoreMetadata', 'ListAddresses', 'ProbeQuorum', 'RestoreMetadata', 'OpenMetadata'];
    expect(rig.callNames().slice(-order.length)).toEqual(order);
  });

  test('members that are all gone end it, and nothing is opened', async () => {
    const ended = await rig.run('bootstrap-quorum', bootstrap, {
      RestoreMetadata: () => ({ error: 'MetadataUnreachable' }),
      ListAddresses: () => ({ result: { groups: [{ group: 'member:demo:0', addresses: [] }] } }),
      AdvanceQuorum: inTurn(assessed({ kind: 'quorum-lost' }, '0 of 3 voters have a task left')),
    });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'MemberLost' });
    expect(restores()).toBe(1);
    expect(rig.callNames()).not.toContain('OpenMetadata');
  });
});

describe('an upgrade', () => {
  const UPGRADE = { cluster: 'demo', upgrade: true };
  const plan = (verdict: string) => () => ({ result: { verdict, reason: 'because', replaces: ['etcd-0'] } });

  test('is planned, archived, and goes member by member; it is planned once', async () => {
    const stop = assessed({ kind: 'stop-task', taskId: 'a', taskArn: 'arn' }, 'etcd-0 is to be replaced');
    const ended = await rig.run('replace-member', UPGRADE, { AdvanceQuorum: inTurn(stop, healthy) });
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'healthy' } });
    expect(rig.callNames()).toEqual([
      'ObserveMembers',
      'PlanUpgrade',
      'ArchiveMetadata',
      'AdvanceQuorum',
      'StopMember',
      'ObserveMembers',
      'AdvanceQuorum',
      'FinishReplacement',
    ]);
    for (const { name, event } of rig.calls) {
      if (name === 'ObserveMembers') expect(event).toMatchObject({ ...IDENTITY, upgrade: true });
    }
  });

  test('that is refused changes nothing, says why, and lets go of the lock', async () => {
    const ended = await rig.run('replace-member', UPGRADE, { PlanUpgrade: plan('refuse') });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'UpgradeRefused', cause: 'because' });
    expect(rig.callNames()).toEqual(['ObserveMembers', 'PlanUpgrade', 'FinishReplacement']);
    expect(finished()).toEqual([{ ...IDENTITY, outcome: 'over' }]);
  });

  test('with nothing to do needs no archive', async () => {
    const ended = await rig.run('replace-member', UPGRADE, {
      PlanUpgrade: plan('none'),
      AdvanceQuorum: inTurn(healthy),
    });
    expect(ended.status).toBe('SUCCEEDED');
    expect(rig.callNames()).not.toContain('ArchiveMetadata');
  });

  test('as a dry run tells the plan', async () => {
    const ended = await rig.run('replace-member', { ...UPGRADE, dryRun: true }, { PlanUpgrade: plan('upgrade') });
    expect(ended).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'planned', plan: { verdict: 'upgrade', replaces: ['etcd-0'] } },
    });
    expect(finished()).toEqual([{ ...IDENTITY, outcome: 'over' }]);
  });

  test('begins with an archive or not at all, unless there is nothing to archive', async () => {
    const failing = (error: string) => ({ ArchiveMetadata: () => ({ error, message: 'because of the test' }) });
    const ended = await rig.run('replace-member', UPGRADE, failing('MetadataUnreachable'));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'MetadataUnreachable' });
    expect(rig.callNames()).not.toContain('AdvanceQuorum');
    const empty = await rig.run('replace-member', UPGRADE, {
      ...failing('NothingToArchive'),
      AdvanceQuorum: inTurn(healthy),
    });
    expect(empty.status).toBe('SUCCEEDED');
  });

  test('is no dry run of a replacement', async () => {
    expect(await rig.run('replace-member', { cluster: 'demo', dryRun: true })).toMatchObject({ error: 'InvalidInput' });
  });
});
