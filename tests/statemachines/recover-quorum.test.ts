/** recover-quorum with functions that answer as told: which way it goes, and that it always ends. */
import { assessed, Rig, type Behaviour } from './rig.ts';

const INPUT = { cluster: 'demo' };
let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(async () => {
  await rig.stop();
});

const fail =
  (error: string): Behaviour =>
  () => ({ error });

const lost = () => assessed({ kind: 'quorum-lost' }, '1 of 3 voters have a task left');
const outcomes = () => rig.calls.flatMap(({ name, event }) => (name === 'FinishOperation' ? [event['outcome']] : []));

test('a lost quorum is refilled from the archive before anything can find it, and ends awake', async () => {
  const ended = await rig.run('recover-quorum', INPUT, { AssessQuorum: lost });
  expect(ended).toMatchObject({
    status: 'SUCCEEDED',
    output: { phase: 'awake', restored: { archive: 'a', revision: 9 }, lost: 'the last minute' },
  });
  const calls = rig.callNames();
  const order = ['PlanRecovery', 'BeginRecovery', 'StopCluster', 'LaunchMembers', 'RestoreMetadata', 'OpenMetadata'];
  expect(calls.filter((name) => order.includes(name))).toEqual(order);
  expect(calls).not.toContain('ArchiveMetadata');
  expect(calls.at(-1)).toBe('FinishOperation');
  expect(rig.calls.find(({ name }) => name === 'RestoreMetadata')?.event).toMatchObject({
    restore: { archive: 'a', revision: 9 },
  });
  expect(rig.calls.find(({ name }) => name === 'OpenEntry')?.event).toEqual({ cluster: 'demo', generation: 2 });
});

test('a survivor that is newer is archived first', async () => {
  const plan = { verdict: 'recover', source: { kind: 'survivor', endpoint: 'x:2379', revision: 12 } };
  const ended = await rig.run('recover-quorum', INPUT, {
    AssessQuorum: lost,
    PlanRecovery: () => ({ result: { ...plan, reason: 'newer', lost: 'nothing', lostMs: 0, notes: [] } }),
  });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { restored: { archive: 'a', revision: 7 } } });
  expect(rig.calls.find(({ name }) => name === 'ArchiveMetadata')?.event).toMatchObject({ survivor: 'x:2379' });
});

test('a survivor that dies while it is read is replaced by what is left', async () => {
  const source = (nth: number) =>
    nth === 1
      ? { kind: 'survivor', endpoint: 'x:2379', revision: 12 }
      : { kind: 'archive', name: 'older', revision: 11, asOf: '2026-01-01T00:00:00.000Z' };
  const ended = await rig.run('recover-quorum', INPUT, {
    AssessQuorum: lost,
    PlanRecovery: (_, nth) => ({
      result: { verdict: 'recover', source: source(nth), reason: 'r', lost: 'l', lostMs: 0, notes: [] },
    }),
    ArchiveMetadata: fail('MetadataUnreachable'),
  });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { restored: { archive: 'older', revision: 11 } } });
});

test('a dry run tells the plan and changes nothing', async () => {
  const ended = await rig.run('recover-quorum', { ...INPUT, dryRun: true }, { AssessQuorum: lost });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { verdict: 'recover', lostMs: 60_000 } });
  expect(rig.callNames()).toEqual(['ObserveMembers', 'AssessQuorum', 'PlanRecovery', 'FinishReplacement']);
});

test.each([
  ['none', 'healthy'],
  ['remove-member', 'replace'],
])('a quorum whose next step is %s is not restored', async (kind, verdict) => {
  const ended = await rig.run('recover-quorum', INPUT, {
    AssessQuorum: (_, nth) => (nth === 1 ? assessed({ kind }, 'it stands') : assessed({ kind: 'none' }, 'it stands')),
  });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { verdict } });
  expect(rig.callNames()).not.toContain('BeginRecovery');
  expect(await rig.handedOver()).toHaveLength(verdict === 'replace' ? 1 : 0);
});

test('a majority that restarts is waited for', async () => {
  const ended = await rig.run('recover-quorum', INPUT, {
    AssessQuorum: (_, nth) => (nth < 3 ? assessed({ kind: 'wait' }, 'electing') : assessed({ kind: 'none' }, 'well')),
  });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { verdict: 'healthy' } });
});

test('nothing to restore from: says so and has changed nothing', async () => {
  const ended = await rig.run('recover-quorum', INPUT, {
    AssessQuorum: lost,
    PlanRecovery: () => ({ result: { verdict: 'impossible', reason: 'nothing is left', notes: [] } }),
  });
  expect(ended).toMatchObject({ status: 'FAILED', error: 'NothingToRestore' });
  expect(rig.callNames()).not.toContain('BeginRecovery');
});

test.each(['StopCluster', 'PlanCluster', 'RestoreMetadata', 'LaunchServices', 'VerifyCluster', 'OpenEntry'])(
  '%s failing leaves the cluster failed, with the reason, and takes nothing down',
  async (step) => {
    const ended = await rig.run('recover-quorum', INPUT, { AssessQuorum: lost, [step]: fail('RestoreNotVerified') });
    expect(ended.status).toBe('FAILED');
    expect(outcomes()).toEqual(['failed']);
    expect(rig.callNames()).not.toContain('RemoveCompute');
  },
);

test('a cluster that belongs to somebody else is left alone', async () => {
  const ended = await rig.run('recover-quorum', INPUT, {
    ObserveMembers: () => ({ result: { turn: 'over', reason: 'the cluster is deleting' } }),
  });
  expect(ended).toMatchObject({ status: 'FAILED', error: 'OwnershipLost' });
});

test.each([{}, { cluster: 7 }, { cluster: 'demo', dryRun: 'yes' }])('the input %j is refused', async (input) => {
  expect(await rig.run('recover-quorum', input)).toMatchObject({ status: 'FAILED', error: 'InvalidInput' });
  expect(rig.calls).toEqual([]);
});

test('the entry is opened only when everything is loaded again', async () => {
  const ended = await rig.run('recover-quorum', INPUT, {
    AssessQuorum: lost,
    VerifyCluster: (_, nth) => ({ result: { ready: nth === 3, reason: 'still loading: digits' } }),
  });
  expect(ended.status).toBe('SUCCEEDED');
  const calls = rig.callNames();
  expect(calls.filter((name) => name === 'VerifyCluster')).toHaveLength(3);
  expect(calls.indexOf('OpenEntry')).toBeGreaterThan(calls.lastIndexOf('VerifyCluster'));
});
