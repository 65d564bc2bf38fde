/** recover-quorum with functions that answer as told: which way it goes, and that it always ends. */
import { assessed, DEFAULTS, Rig, verified, type Behaviour } from './rig.ts';

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
  expect(rig.calls.find(({ name }) => name === 'OpenEntry')?.event).toEqual({
    cluster: 'demo',
    generation: 2,
    unloaded: '',
  });
});

test('one that is tried again is like any other, after a while', async () => {
  const ended = await rig.run('recover-quorum', { ...INPUT, attempt: 1 }, { AssessQuorum: lost });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { phase: 'awake' } });
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

test('a survivor that answers and cannot be read is left out, and what is left is restored', async () => {
  const survivor = { kind: 'survivor', endpoint: 'x:2379', revision: 12 };
  const archive = { kind: 'archive', name: 'older', revision: 11, asOf: '2026-01-01T00:00:00.000Z' };
  const ended = await rig.run('recover-quorum', INPUT, {
    AssessQuorum: lost,
    PlanRecovery: ({ unreadable = [] }) => ({
      result: {
        ...{ verdict: 'recover', reason: 'r', lost: 'l', lostMs: 0, notes: [] },
        source: (unreadable as string[]).includes('x:2379') ? archive : survivor,
      },
    }),
    ArchiveMetadata: fail('MetadataUnreachable'),
  });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { restored: { archive: 'older', revision: 11 } } });
  const plans = rig.calls.filter(({ name }) => name === 'PlanRecovery').map(({ event }) => event['unreadable']);
  expect(plans).toEqual([undefined, ['x:2379']]);
  // A member that is busy for a moment is not given up at once: it may have what the archive has not.
  expect(rig.callNames().filter((name) => name === 'ArchiveMetadata')).toHaveLength(3);
});

test('each survivor that cannot be read is left out', async () => {
  const ended = await rig.run('recover-quorum', INPUT, {
    AssessQuorum: lost,
    PlanRecovery: (_, nth) => ({
      result:
        nth > 2
          ? { verdict: 'impossible', reason: 'nothing is left', notes: [] }
          : {
              ...{ verdict: 'recover', reason: 'r', lost: 'l', lostMs: 0, notes: [] },
              source: { kind: 'survivor', endpoint: `x${nth}:2379`, revision: 12 },
            },
    }),
    ArchiveMetadata: fail('RestoreUnfinished'),
  });
  expect(ended).toMatchObject({ status: 'FAILED', error: 'NothingToRestore' });
  expect(rig.calls.findLast(({ name }) => name === 'PlanRecovery')?.event).toMatchObject({
    unreadable: ['x1:2379', 'x2:2379'],
  });
});

test('a dry run tells the plan and changes nothing', async () => {
  const ended = await rig.run('recover-quorum', { ...INPUT, dryRun: true }, { AssessQuorum: lost });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { verdict: 'recover', lostMs: 60_000 } });
  expect(rig.callNames()).toEqual(['ObserveMembers', 'AssessQuorum', 'PlanRecovery', 'FinishReplacement']);
});

test('a dry run for a quorum that needs a member replaced says so, and has none replaced', async () => {
  const ended = await rig.run(
    'recover-quorum',
    { ...INPUT, dryRun: true },
    { AssessQuorum: () => assessed({ kind: 'remove-member' }, 'it stands') },
  );
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { verdict: 'replace', reason: 'it stands' } });
  expect(rig.callNames()).toEqual(['ObserveMembers', 'AssessQuorum', 'FinishReplacement']);
  expect(await rig.handedOver()).toHaveLength(0);
});

test('a dry run that fails says nothing about the cluster', async () => {
  const ended = await rig.run(
    'recover-quorum',
    { ...INPUT, dryRun: true },
    { AssessQuorum: lost, PlanRecovery: () => ({ result: { verdict: 'impossible', reason: 'nothing', notes: [] } }) },
  );
  expect(ended).toMatchObject({ status: 'FAILED', error: 'NothingToRestore' });
  expect(rig.calls.at(-1)).toMatchObject({ name: 'FinishReplacement', event: { outcome: 'over' } });
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

describe('a state that people choose', () => {
  const chosen = { cluster: 'demo', restore: { archive: 'a' } };
  const check = { files: { missing: 0 }, unflushed: { segments: 0, collections: 0 } };
  const planned = {
    ...{ verdict: 'recover', reason: 'the state of a was chosen', lost: 'later changes', lostMs: 5, notes: ['n'] },
    source: { kind: 'archive', name: 'a', revision: 9, asOf: '2026-01-01T00:00:00.000Z' },
    ...{ present: { kind: 'quorum', revision: 20 }, check },
  };
  const plan =
    (changes: object = {}): Behaviour =>
    () => ({ result: { ...planned, ...changes } });
  const undo: Behaviour = () => ({ result: { archive: { name: 'before', revision: 21 } } });
  const eventsOf = (step: string) => rig.calls.filter(({ name }) => name === step).map(({ event }) => event);

  test('is restored over a healthy quorum, after the present one was archived', async () => {
    const ended = await rig.run('recover-quorum', chosen, { PlanRecovery: plan(), ArchiveMetadata: undo });
    expect(ended).toMatchObject({
      status: 'SUCCEEDED',
      output: { phase: 'awake', restored: { archive: 'a', revision: 9 }, undo: 'before' },
    });
    const calls = rig.callNames();
    expect(calls).not.toContain('AssessQuorum');
    const order = [
      'PlanRecovery',
      'ArchiveMetadata',
      'BeginRecovery',
      'StopCluster',
      'RestoreMetadata',
      'OpenMetadata',
    ];
    expect(calls.filter((name) => order.includes(name))).toEqual(order);
    expect(eventsOf('PlanRecovery')[0]).toMatchObject({ restore: { archive: 'a' }, allowMissing: false });
    expect(eventsOf('ArchiveMetadata')).toEqual([{ cluster: 'demo', reason: 'before a restore', flush: true }]);
    expect(eventsOf('BeginRecovery')[0]).toMatchObject({
      restoration: { archive: 'a', revision: 9, undo: 'before', missingFiles: 0, notes: ['n'] },
    });
    const { skipTo } = eventsOf('RestoreMetadata')[0]?.['restore'] as { skipTo: string };
    expect(Math.abs(Date.now() - Date.parse(skipTo))).toBeLessThan(60_000);
  });

  test('what stands in Kafka is read again where nobody chose', async () => {
    await rig.run('recover-quorum', INPUT, { AssessQuorum: lost });
    expect(eventsOf('RestoreMetadata')[0]?.['restore']).toEqual({ archive: 'a', revision: 9 });
    expect(eventsOf('BeginRecovery')[0]).not.toHaveProperty('restoration');
  });

  test('of a failed cluster is restored without an archive of what is not there', async () => {
    const none = plan({ present: { kind: 'none', reason: 'no member runs' } });
    const ended = await rig.run('recover-quorum', chosen, { PlanRecovery: none });
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { undo: '' } });
    expect(rig.callNames()).not.toContain('ArchiveMetadata');
    expect(eventsOf('BeginRecovery')[0]?.['restoration']).not.toHaveProperty('undo');
  });

  test('with one member left, that one is archived', async () => {
    const left = plan({ present: { kind: 'survivor', endpoint: 'x:2379', revision: 3 } });
    await rig.run('recover-quorum', chosen, { PlanRecovery: left, ArchiveMetadata: undo });
    expect(eventsOf('ArchiveMetadata')[0]).toMatchObject({ survivor: 'x:2379' });
  });

  test.each<[string, Record<string, Behaviour>, string]>([
    ['an archive that cannot be used', { PlanRecovery: fail('ArchiveUnusable') }, 'ArchiveUnusable'],
    [
      'files that are gone',
      { PlanRecovery: plan({ verdict: 'refused', error: 'FilesMissing', reason: 'gone' }) },
      'FilesMissing',
    ],
    [
      'a present state that cannot be archived',
      { ArchiveMetadata: fail('MetadataUnreachable') },
      'MetadataUnreachable',
    ],
  ])('%s: refused before anything is stopped, and the cluster is none the worse', async (_, behaviours, error) => {
    const ended = await rig.run('recover-quorum', chosen, { PlanRecovery: plan(), ...behaviours });
    expect(ended).toMatchObject({ status: 'FAILED', error });
    expect(rig.callNames()).not.toContain('BeginRecovery');
    expect(eventsOf('FinishReplacement')).toMatchObject([{ outcome: 'over' }]);
  });

  test('a dry run tells what it would refuse, and archives nothing', async () => {
    const refused = { verdict: 'refused', error: 'FilesMissing', reason: 'gone' };
    const ended = await rig.run('recover-quorum', { ...chosen, dryRun: true }, { PlanRecovery: plan(refused) });
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: refused });
    expect(rig.callNames()).toEqual(['ObserveMembers', 'PlanRecovery', 'FinishReplacement']);
  });
});

test('a quorum that stands behind a failed cluster is taken for what it is: of no use to anybody', async () => {
  const ended = await rig.run('recover-quorum', INPUT, {
    ObserveMembers: (event, nth) => {
      const { result } = DEFAULTS['ObserveMembers']?.(event, nth) as { result: object };
      return { result: { ...result, phase: 'failed' } };
    },
    AssessQuorum: () => assessed({ kind: 'none' }, 'all members are healthy'),
  });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { phase: 'awake' } });
});

test.each([
  {},
  { cluster: 7 },
  { cluster: 'demo', dryRun: 'yes' },
  { cluster: 'demo', attempt: 'first' },
  { cluster: 'demo', restore: 'a' },
  { cluster: 'demo', restore: {} },
  { cluster: 'demo', restore: { archive: 'a', time: 'b' } },
  { cluster: 'demo', restore: { archiv: 'a' } },
  { cluster: 'demo', restore: { archive: 'a' }, allowMissing: 1 },
])('the input %j is refused', async (input) => {
  expect(await rig.run('recover-quorum', input)).toMatchObject({ status: 'FAILED', error: 'InvalidInput' });
  expect(rig.calls).toEqual([]);
});

test('the entry is opened only when everything is loaded again', async () => {
  const ended = await rig.run('recover-quorum', INPUT, {
    AssessQuorum: lost,
    VerifyCluster: (_, nth) => verified(nth, nth === 3 ? [] : ['digits']),
  });
  expect(ended.status).toBe('SUCCEEDED');
  const calls = rig.callNames();
  expect(calls.filter((name) => name === 'VerifyCluster')).toHaveLength(3);
  expect(calls.indexOf('OpenEntry')).toBeGreaterThan(calls.lastIndexOf('VerifyCluster'));
});
