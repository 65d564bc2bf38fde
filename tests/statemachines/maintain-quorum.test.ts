/** maintain-quorum: one step after the other, each after a new look; how it gives up, and that it never keeps the lock. */
import { INPUTS, maintained, Rig, withDeadline, withTimeout, type Behaviour } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(async () => {
  await rig.stop();
});

const INPUT = INPUTS['maintain-quorum'] ?? {};
const IDENTITY = { cluster: 'demo', owner: 'demo-create-1' };
/** Assessments in this order; the last one stays. */
const inTurn =
  (...answers: readonly ReturnType<typeof maintained>[]): Behaviour =>
  (_, nth) =>
    answers[Math.min(nth, answers.length) - 1] ?? { error: 'NoAnswer' };
const none = maintained({ kind: 'none' }, 'nothing is due');
const wait = maintained({ kind: 'wait' }, 'etcd-1 is starting');
const archive = maintained({ kind: 'archive' }, 'the change log is behind');
const compact = maintained({ kind: 'compact', history: 'h', revision: 7 }, '6 revisions');
const defragment = maintained(
  { kind: 'defragment', memberId: '1', name: 'etcd-1', address: '10.0.0.1' },
  'etcd-1 uses half',
);
const disarm = maintained({ kind: 'disarm', alarms: [{ memberId: '1', alarm: 'NOSPACE' }] }, 'there is room');
const finished = () => rig.calls.filter(({ name }) => name === 'FinishMaintenance').map(({ event }) => event);

test('every step is done after a new look, and the lock is let go', async () => {
  const ended = await rig.run('maintain-quorum', INPUT, {
    AssessMaintenance: inTurn(archive, compact, defragment, disarm, none),
  });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'done', reason: 'nothing is due' } });
  const look = ['ObserveMembers', 'AssessMaintenance'];
  expect(rig.callNames()).toEqual([
    ...look,
    'ArchiveMetadata',
    ...look,
    'MaintainMembers',
    ...look,
    'MaintainMembers',
    ...look,
    'MaintainMembers',
    ...look,
    'FinishMaintenance',
  ]);
  const [observe, assess] = rig.calls.map(({ event }) => event);
  expect(observe).toEqual(IDENTITY);
  expect(assess).toMatchObject({
    cluster: 'demo',
    memory: { since: {}, seenAt: expect.any(Number) as number, spent: [] },
    options: { since: expect.any(Number) as number, thorough: false, disarmCorrupt: false },
  });
  expect(rig.calls.find(({ name }) => name === 'MaintainMembers')?.event).toEqual({
    cluster: 'demo',
    addresses: ['10.0.0.1'],
    step: { kind: 'compact', history: 'h', revision: 7 },
  });
  expect(finished()).toEqual([{ ...IDENTITY, outcome: 'done' }]);
});

test('what a person wants reaches the decision', async () => {
  await rig.run('maintain-quorum', { cluster: 'demo', thorough: true, disarmCorrupt: true });
  expect(rig.calls[1]?.event['options']).toMatchObject({ thorough: true, disarmCorrupt: true });
});

test('a dry run tells the plan and changes nothing', async () => {
  const ended = await rig.run(
    'maintain-quorum',
    { cluster: 'demo', dryRun: true },
    { AssessMaintenance: inTurn(compact) },
  );
  expect(ended).toMatchObject({
    status: 'SUCCEEDED',
    output: { outcome: 'planned', plan: [{ action: { kind: 'compact' }, reason: '6 revisions' }] },
  });
  expect(rig.callNames()).toEqual(['ObserveMembers', 'AssessMaintenance', 'FinishMaintenance']);
  expect(finished()).toEqual([{ ...IDENTITY, outcome: 'over' }]);
});

test.each([
  ['without a cluster', {}],
  ['with a dry run that is no truth value', { cluster: 'demo', dryRun: 'yes' }],
])('an input %s is refused before anything happens', async (_, input) => {
  expect(await rig.run('maintain-quorum', input)).toMatchObject({ status: 'FAILED', error: 'InvalidInput' });
  expect(rig.callNames()).toEqual([]);
});

test('members that another execution changes are left alone', async () => {
  const ended = await rig.run('maintain-quorum', INPUT, {
    ObserveMembers: () => ({ result: { turn: 'theirs', reason: 'held' } }),
  });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'left' } });
  expect(rig.callNames()).toEqual(['ObserveMembers']);
});

test('a cluster that is not awake any more is let go', async () => {
  const ended = await rig.run('maintain-quorum', INPUT, {
    ObserveMembers: () => ({ result: { turn: 'over', reason: 'the cluster is falling-asleep' } }),
  });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'over' } });
  expect(finished()).toEqual([{ ...IDENTITY, outcome: 'over' }]);
});

test('members that have to be replaced are handed over', async () => {
  const ended = await rig.run('maintain-quorum', INPUT, {
    AssessMaintenance: inTurn(maintained({ kind: 'replace-members' }, 'etcd-1 has no task any more')),
  });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'left' } });
  expect(finished()).toEqual([{ ...IDENTITY, outcome: 'members', reason: 'etcd-1 has no task any more' }]);
});

test('a step that could not be done is looked at anew', async () => {
  const ended = await rig.run('maintain-quorum', INPUT, {
    AssessMaintenance: inTurn(defragment, wait, none),
    MaintainMembers: () => ({ result: { done: false, reason: 'etcd-2 does not answer' } }),
  });
  expect(ended.status).toBe('SUCCEEDED');
  expect(rig.callNames().filter((name) => name === 'ObserveMembers')).toHaveLength(3);
});

describe('endings', () => {
  test.each(['MetadataFull', 'MetadataCorrupt'])('%s is told to a person, and the lock is free', async (error) => {
    const ended = await rig.run('maintain-quorum', INPUT, {
      AssessMaintenance: inTurn(maintained({ kind: 'give-up', error }, 'etcd-1 has 400 of 400')),
    });
    expect(ended).toMatchObject({ status: 'FAILED', error, cause: 'etcd-1 has 400 of 400' });
    expect(finished()).toEqual([{ ...IDENTITY, outcome: 'failed', error, cause: 'etcd-1 has 400 of 400' }]);
  });

  test('members that never become healthy end it in time', async () => {
    const ended = await rig.run('maintain-quorum', INPUT, { AssessMaintenance: inTurn(wait) }, (definition) =>
      withDeadline(definition, 500),
    );
    expect(ended).toMatchObject({ status: 'FAILED', error: 'MaintenanceNotFinished', cause: 'etcd-1 is starting' });
    expect(finished()).toMatchObject([{ outcome: 'failed', error: 'MaintenanceNotFinished' }]);
  });

  const stepsTo: Readonly<Record<string, ReturnType<typeof maintained>>> = {
    ObserveMembers: none,
    AssessMaintenance: none,
    ArchiveMetadata: archive,
    MaintainMembers: compact,
  };
  test.each(Object.keys(stepsTo))('an error of %s is recorded, and the lock is free', async (step) => {
    const ended = await rig.run('maintain-quorum', INPUT, {
      AssessMaintenance: inTurn(stepsTo[step] ?? none),
      [step]: () => ({ error: 'MetadataUnreachable', message: 'because of the test' }),
    });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'MetadataUnreachable' });
    expect(finished()).toMatchObject([{ ...IDENTITY, outcome: 'failed', error: 'MetadataUnreachable' }]);
    expect(String(finished()[0]?.['cause'])).toContain('because of the test');
  });

  test.each(Object.keys(stepsTo))('%s that never comes back is a timeout, recorded', async (step) => {
    const ended = await rig.run(
      'maintain-quorum',
      INPUT,
      { AssessMaintenance: inTurn(stepsTo[step] ?? none), [step]: () => ({ hang: true }) },
      (definition, name) => (name === 'maintain-quorum' ? withTimeout(definition, step, 1) : definition),
    );
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(finished()).toMatchObject([{ outcome: 'failed', error: 'States.Timeout' }]);
  });

  test('an ending that cannot be recorded is the same ending', async () => {
    const ended = await rig.run('maintain-quorum', INPUT, {
      AssessMaintenance: inTurn(maintained({ kind: 'give-up', error: 'MetadataFull' }, 'full')),
      FinishMaintenance: () => ({ error: 'OwnershipLost' }),
    });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'MetadataFull' });
  });
});
