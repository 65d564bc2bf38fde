/** sleep-cluster with functions that answer as told: where it turns round, that it goes on after that, and that it always ends. */
import { begunSleep, OPERATION, Rig, withTimeout, type Behaviour } from './rig.ts';

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
const outcomes = () => rig.calls.flatMap(({ name, event }) => (name === 'FinishOperation' ? [event['outcome']] : []));
const eventOf = (name: string) => rig.calls.find((call) => call.name === name)?.event;
const stops = () => rig.callNames().filter((name) => name === 'StopCompute' || name === 'StopMembers');

const ALL_STEPS = [
  'BeginSleep',
  'ObserveActivity',
  'DivertRequests',
  'ObserveActivity',
  'FlushCluster',
  'ArchiveMetadata',
  'StopCompute',
  'AwaitTasks',
  'ArchiveMetadata',
  'StopMembers',
  'AwaitTasks',
  'FinishOperation',
];

test('a sleep does each step once, in the order that loses nothing', async () => {
  const ended = await rig.run('sleep-cluster', { ...OPERATION, reason: 'idle for an hour' });
  expect(ended).toMatchObject({
    status: 'SUCCEEDED',
    output: { cluster: 'demo', phase: 'asleep', archive: { name: 'a', revision: 7 }, wake: false },
  });
  expect(rig.callNames()).toEqual(ALL_STEPS);
  expect(eventOf('BeginSleep')).toEqual({ ...OPERATION, owner: 'demo-create-1', reason: 'idle for an hour' });
  expect(eventOf('StopCompute')).toEqual({ ...OPERATION, saved: { name: 'a', revision: 7 } });
  expect(eventOf('StopMembers')).toEqual({ ...OPERATION, archive: { name: 'a', revision: 7 } });
  expect(await rig.handedOver()).toEqual([]);
});

describe('a request on the way', () => {
  test.each([
    ['DivertRequests', { outcome: 'wake-wanted' }, 'begun'],
    ['FlushCluster', { outcome: 'wake-wanted' }, 'diverted'],
    ['StopCompute', { outcome: 'wake-wanted', wants: [] }, 'saved'],
  ])('seen by %s turns it round, and it says where it was', async (step, result, point) => {
    const ended = await rig.run('sleep-cluster', OPERATION, { [step]: () => ({ result }) });
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { phase: 'awake', point, reason: 'a request came' } });
    expect(outcomes()).toEqual(['awake']);
    expect(rig.callNames().slice(-2)).toEqual(['OpenEntry', 'FinishOperation']);
    expect(rig.callNames()).not.toContain('StopMembers');
  });

  test('after the point of no return is served by a wake right after', async () => {
    const finish: Behaviour = () => ({ result: { phase: 'asleep', wake: { generation: 2 } } });
    const ended = await rig.run('sleep-cluster', OPERATION, { FinishOperation: finish });
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { phase: 'asleep', wake: true } });
    expect(await rig.handedOver()).toEqual([{ cluster: 'demo', generation: 2 }]);
  });
});

describe('a cluster that does something', () => {
  test.each([
    [1, 'work', 'begun', 'an import runs'],
    [2, 'in-flight', 'diverted', '3 requests in flight'],
  ])('at look %i (%s) stays awake and says why', async (look, kind, point, reason) => {
    const observe: Behaviour = (_, nth) => ({ result: { idle: nth !== look, reason } });
    const ended = await rig.run('sleep-cluster', OPERATION, { ObserveActivity: observe });
    expect(ended).toMatchObject({ output: { phase: 'awake', point, reason } });
    expect(rig.calls.filter(({ name }) => name === 'ObserveActivity').at(-1)?.event).toMatchObject({ look: kind });
    expect(eventOf('FinishOperation')).toMatchObject({ outcome: 'awake', reason });
    expect(stops()).toEqual([]);
  });

  test('is looked at for any activity at all where it was idle that decided', async () => {
    await rig.run('sleep-cluster', { ...OPERATION, look: 'activity' });
    expect(eventOf('ObserveActivity')).toMatchObject({ cluster: 'demo', look: 'activity' });
  });
});

describe('what goes wrong before anything is stopped', () => {
  test.each([
    ['ObserveActivity', 'begun'],
    ['DivertRequests', 'begun'],
    ['FlushCluster', 'diverted'],
    ['ArchiveMetadata', 'flushed'],
  ])('%s failing leaves the cluster awake', async (step, point) => {
    const ended = await rig.run('sleep-cluster', OPERATION, { [step]: fail('MetadataUnreachable') });
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { phase: 'awake', point } });
    expect(stops()).toEqual([]);
    const finish = eventOf('FinishOperation');
    expect(finish).toMatchObject({ outcome: 'awake', failure: { error: 'MetadataUnreachable' } });
    // In plain words: what was thrown stands beside it.
    expect(String(finish?.['reason'])).toMatch(/^[a-zA-Z0-9 ]+ could [a-zA-Z0-9 ]+$/);
  });

  test('rows that Milvus does not get flushed are not left behind', async () => {
    const ended = await rig.run('sleep-cluster', OPERATION, {
      FlushCluster: () => ({ result: { outcome: 'not-yet', asked: 13 } }),
    });
    expect(ended).toMatchObject({ output: { phase: 'awake', reason: 'Milvus did not get everything flushed' } });
    expect(stops()).toEqual([]);
  });

  test('a cluster that belongs to somebody else is left alone', async () => {
    const ended = await rig.run('sleep-cluster', OPERATION, { BeginSleep: fail('OwnershipLost') });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'OwnershipLost' });
    expect(rig.callNames()).toEqual(['BeginSleep']);
  });
});

describe('what goes wrong after it', () => {
  test('a quorum that is lost meanwhile leaves the archive of before', async () => {
    const archive: Behaviour = (_, nth) =>
      nth === 1 ? { result: { archive: { name: 'before', revision: 3 } } } : { error: 'MetadataUnreachable' };
    const ended = await rig.run('sleep-cluster', OPERATION, { ArchiveMetadata: archive });
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { phase: 'asleep', archive: { name: 'before' } } });
    expect(eventOf('StopMembers')).toMatchObject({ archive: { name: 'before', revision: 3 } });
  });

  test('tasks that do not stop are told to stop again', async () => {
    const ended = await rig.run(
      'sleep-cluster',
      OPERATION,
      { AwaitTasks: (_, nth) => (nth <= 3 ? { hang: true } : { result: { groups: [] } }) },
      (definition) => withTimeout(definition, 'AwaitRolesStopped', 1),
    );
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { phase: 'asleep' } });
    expect(stops()).toEqual(['StopCompute', 'StopCompute', 'StopMembers']);
  });

  test.each(['StopCompute', 'StopMembers', 'FinishOperation'])(
    '%s that fails a few times is tried again',
    async (step) => {
      const flaky: Behaviour = (event, nth) =>
        nth < 3
          ? { error: 'ServiceUnavailable' }
          : { result: step === 'FinishOperation' ? { phase: event['outcome'] } : { outcome: 'reached', wants: [] } };
      expect(await rig.run('sleep-cluster', OPERATION, { [step]: flaky })).toMatchObject({
        output: { phase: 'asleep' },
      });
    },
  );

  test('the machine fails, for settle-execution to go on, when a step cannot be done at all', async () => {
    const ended = await rig.run('sleep-cluster', OPERATION, { StopMembers: fail('AccessDenied') });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'AccessDenied' });
    expect(outcomes()).toEqual([]);
  });
});

describe('what another execution left', () => {
  test('a sleep that died before anything was stopped turns round', async () => {
    const ended = await rig.run('sleep-cluster', OPERATION, {
      BeginSleep: () => begunSleep({ way: 'turn-round', point: 'flushed', reason: 'it died' }),
    });
    expect(ended).toMatchObject({ output: { phase: 'awake', point: 'flushed', reason: 'it died' } });
    expect(rig.callNames()).toEqual(['BeginSleep', 'OpenEntry', 'FinishOperation']);
  });

  test('one that died later is finished', async () => {
    const archive = { name: 'saved', revision: 3 };
    const ended = await rig.run('sleep-cluster', OPERATION, {
      BeginSleep: () => begunSleep({ way: 'rest', point: 'stopping', archive }),
    });
    expect(ended).toMatchObject({ output: { phase: 'asleep' } });
    expect(rig.callNames()).toEqual(ALL_STEPS.slice(6).toSpliced(0, 0, 'BeginSleep'));
    expect(eventOf('StopCompute')).toEqual(OPERATION);
  });

  test('a failed wake that had not filled its quorum keeps the archive that it woke up from', async () => {
    await rig.run('sleep-cluster', OPERATION, {
      BeginSleep: () =>
        begunSleep({ way: 'rest', point: 'stopping', unarchived: false, archive: { name: 'old', revision: 2 } }),
    });
    expect(rig.callNames()).not.toContain('ArchiveMetadata');
    expect(eventOf('StopMembers')).toMatchObject({ archive: { name: 'old', revision: 2 } });
  });

  test('nobody goes on for ever', async () => {
    const ended = await rig.run('sleep-cluster', OPERATION, {
      BeginSleep: () => begunSleep({ way: 'give-up', point: 'stopping', failure: { error: 'X', cause: 'because' } }),
    });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'SleepGivenUp' });
    expect(eventOf('FinishOperation')).toMatchObject({ outcome: 'failed', error: 'SleepGivenUp' });
    expect(String(eventOf('FinishOperation')?.['cause'])).toContain('because');
  });
});
