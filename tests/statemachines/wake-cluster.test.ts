/** wake-cluster with functions that answer as told: metadata before anybody can find it, and a way back from every failure. */
import { OPERATION, Rig, withTimeout, type Behaviour } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(async () => {
  await rig.stop();
});

const fail =
  (error: string): Behaviour =>
  () => ({ error, message: 'because of the test' });

test('a wake refills the quorum before anything can find it, and lets clients in last', async () => {
  const ended = await rig.run('wake-cluster', OPERATION);
  expect(ended).toMatchObject({
    status: 'SUCCEEDED',
    output: { cluster: 'demo', phase: 'awake', restored: { archive: 'a', revision: 7 } },
  });
  const calls = rig.callNames();
  const order = ['BeginWake', 'LaunchMembers', 'RestoreMetadata', 'OpenMetadata', 'OpenEntry', 'FinishOperation'];
  expect(calls.filter((name) => order.includes(name))).toEqual(order);
  expect(calls.filter((name) => name === 'LaunchServices')).toHaveLength(1);
  expect(rig.calls.find(({ name }) => name === 'RestoreMetadata')?.event).toMatchObject({
    restore: { archive: 'a', revision: 7 },
  });
  expect(await rig.handedOver()).toEqual([]);
});

test.each([
  ['BeginWake', 'NothingToRestore'],
  ['BeginWake', 'MessagingUnreachable'],
  ['CheckMessaging', 'MessagingUnreachable'],
  ['LaunchMembers', 'MemberFailedToStart'],
  ['RestoreMetadata', 'ArchiveUnusable'],
  ['LaunchServices', 'OwnershipLost'],
  ['VerifyCluster', 'VerificationFailed'],
  ['OpenEntry', 'OwnershipLost'],
  ['FinishOperation', 'OwnershipLost'],
])('%s failing with %s is handed to the machine that puts clusters to sleep', async (step, error) => {
  const ended = await rig.run('wake-cluster', OPERATION, { [step]: fail(error) });
  expect(ended.status).toBe('FAILED');
  const [handed] = (await rig.handedOver()) as { failure: { error: string; cause: string } }[];
  expect(handed).toMatchObject({ cluster: 'demo', generation: 2, reason: 'the wake failed' });
  expect(JSON.stringify(handed)).toContain(error);
  expect(JSON.stringify(handed)).toContain('because of the test');
});

test('a wake that somebody else was faster with hands over nothing', async () => {
  const ended = await rig.run('wake-cluster', OPERATION, { BeginWake: fail('OwnershipLost') });
  expect(ended).toMatchObject({ status: 'FAILED', error: 'OwnershipLost' });
  expect(await rig.handedOver()).toEqual([]);
});

test('an input that is no object fails as such: there is nothing to put back', async () => {
  const ended = await rig.run('wake-cluster', ['demo'] as unknown as typeof OPERATION);
  expect(ended).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
  expect(rig.callNames()).not.toContain('BeginWake');
  expect(await rig.handedOver()).toEqual([]);
});

test('the last step is asked again whatever it died of: the cluster may be awake, and its answer alone lost', async () => {
  const ended = await rig.run('wake-cluster', OPERATION, {
    FinishOperation: (_, nth) => (nth === 1 ? { error: 'Runtime.ExitError' } : { result: { phase: 'awake' } }),
  });
  expect(ended.status).toBe('SUCCEEDED');
  expect(await rig.handedOver()).toEqual([]);
});

test('capacity that does not come is a failure with its reason', async () => {
  const hang: Behaviour = () => ({ hang: true });
  const ended = await rig.run('wake-cluster', OPERATION, { AwaitTasks: hang }, (definition) =>
    withTimeout(withTimeout(definition, 'AwaitMembers', 1), 'AwaitRoles', 1),
  );
  expect(ended.status).toBe('FAILED');
  expect(JSON.stringify(await rig.handedOver())).toMatch(/MembersNotRunning|TasksNotRunning/);
});

test('functions that cannot be warmed are no failure', async () => {
  const ended = await rig.run('wake-cluster', OPERATION, { WarmFunctions: fail('Lambda.ServiceException') });
  expect(ended.status).toBe('SUCCEEDED');
});
