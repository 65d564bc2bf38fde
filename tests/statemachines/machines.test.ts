/** Every state machine: its happy path, each of its catches, each of its timeouts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { INPUTS, MACHINES, OPERATION, Rig, verified, withDeadline, withTimeout, type Behaviour } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(async () => {
  await rig.stop();
});

const input = (machine: string) => INPUTS[machine] ?? {};
const fail =
  (error: string, message = error): Behaviour =>
  () => ({ error, message });
const hang: Behaviour = () => ({ hang: true });
/** Machines on the way to an awake cluster have no state of their own for what their first function finds out anyway. */
const FIRST_STEP_PARSES: Readonly<Record<string, string>> = {
  'wake-cluster': 'BeginWake',
  'bootstrap-quorum': 'LaunchMembers',
  'start-compute': 'LaunchServices',
};
const notReady: Behaviour = () => ({ result: { ready: false, reason: 'still starting' } });

describe('happy paths', () => {
  test('create-cluster does each step once and ends awake', async () => {
    const ended = await rig.run('create-cluster', OPERATION);
    expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { cluster: 'demo', phase: 'awake' } });
    const calls = rig.callNames();
    expect(calls[0]).toBe('PlanCluster');
    expect(calls.at(-1)).toBe('FinishOperation');
    expect(calls.at(-2)).toBe('OpenEntry');
    expect([...calls].sort()).toEqual(
      [
        'AwaitTasks',
        'AwaitTasks',
        'CheckMessaging',
        'CheckTargets',
        'FinishOperation',
        'LaunchMembers',
        'LaunchServices',
        'OpenEntry',
        'OpenMetadata',
        'PlanCluster',
        'PrepareEntry',
        'ProbeCompute',
        'ProbeQuorum',
        'VerifyCluster',
        'WarmFunctions',
      ].sort(),
    );
  });

  test('the addresses of compute reach the verification, and each step knows its operation', async () => {
    await rig.run('create-cluster', OPERATION);
    const verify = rig.calls.find(({ name }) => name === 'VerifyCluster');
    expect(verify?.event).toMatchObject({ groups: [{ group: 'service:demo_proxy', addresses: ['10.0.0.1'] }] });
    for (const name of ['LaunchMembers', 'OpenMetadata', 'PrepareEntry', 'OpenEntry']) {
      expect(rig.calls.find((call) => call.name === name)?.event).toMatchObject(OPERATION);
    }
  });

  test.each([
    ['bootstrap-quorum', ['LaunchMembers', 'AwaitTasks', 'ProbeQuorum', 'OpenMetadata']],
    ['start-compute', ['LaunchServices', 'AwaitTasks', 'ProbeCompute']],
    ['clean-up-cluster', ['CloseEntry', 'RemoveCompute', 'AwaitTasks', 'FinishOperation']],
  ])('%s calls its functions in order', async (machine, calls) => {
    expect(await rig.run(machine, input(machine))).toMatchObject({ status: 'SUCCEEDED' });
    expect(rig.callNames()).toEqual(calls);
  });

  test('register-endpoints opens the entry after the proof', async () => {
    expect(await rig.run('register-endpoints', input('register-endpoints'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(rig.callNames().at(-1)).toBe('OpenEntry');
  });

  describe('collections that are not loaded', () => {
    const STALL_MS = 3_000;
    const run = (behaviour: Behaviour) =>
      rig.run('register-endpoints', input('register-endpoints'), { VerifyCluster: behaviour }, (definition) =>
        definition.replaceAll('$millis() + 120000', `$millis() + ${STALL_MS}`),
      );
    const opened = () => rig.calls.find(({ name }) => name === 'OpenEntry')?.event['unloaded'];

    test('are waited for while they come nearer, however long that takes', async () => {
      const started = Date.now();
      // The function waits itself, for a while.
      const ended = await run(async (_, nth) => {
        await sleep(STALL_MS / 4);
        return verified(nth, nth === 6 ? [] : ['digits']);
      });
      expect(ended).toMatchObject({ status: 'SUCCEEDED' });
      // Otherwise this would not show that the deadline moves.
      expect(Date.now() - started).toBeGreaterThan(STALL_MS);
      expect(rig.callNames().filter((name) => name === 'VerifyCluster')).toHaveLength(6);
      expect(opened()).toBe('');
    });

    test('and stay where they are keep nobody waiting for ever: clients are let in, and it is said', async () => {
      expect(await run(() => verified(100, ['dropped', 'other']))).toMatchObject({ status: 'SUCCEEDED' });
      expect(rig.callNames().filter((name) => name === 'VerifyCluster').length).toBeGreaterThan(2);
      expect(opened()).toBe('dropped, other');
    });
  });

  test.each([
    ['bootstrap-quorum', 'ProbeQuorum'],
    ['start-compute', 'ProbeCompute'],
  ])('%s asks again where the tasks are while they are not ready', async (machine, probe) => {
    const behaviour: Behaviour = (_, nth) => ({ result: { ready: nth === 3, reason: 'still starting' } });
    expect(await rig.run(machine, input(machine), { [probe]: behaviour })).toMatchObject({ status: 'SUCCEEDED' });
    const calls = rig.callNames().filter((name) => name === probe || name === 'ListAddresses');
    expect(calls).toEqual([probe, 'ListAddresses', probe, 'ListAddresses', probe]);
  });
});

describe('input that names no operation', () => {
  test.each(MACHINES.filter((machine) => FIRST_STEP_PARSES[machine] === undefined))(
    '%s refuses it before anything is called',
    async (machine) => {
      // What is done to a quorum and its metadata needs the name of the cluster alone.
      const wrong: Readonly<Record<string, object>> = {
        'replace-member': { generation: 'one' },
        'archive-metadata': { reason: 7 },
        'recover-quorum': { dryRun: 'yes' },
        'maintain-quorum': { dryRun: 'yes' },
      };
      const incomplete = { cluster: 'demo', ...wrong[machine] };
      for (const bad of [{}, incomplete, { cluster: 7, generation: 1 }]) {
        expect(await rig.run(machine, bad)).toMatchObject({ status: 'FAILED', error: 'InvalidInput' });
        expect(rig.calls).toEqual([]);
      }
    },
  );

  // What these functions refuse is in tests/unit/statemachines/input.test.ts.
  test.each(Object.entries(FIRST_STEP_PARSES))('%s leaves it to %s, and does nothing more', async (machine, step) => {
    const bad = { cluster: 7, whatever: ['else'] };
    const ended = await rig.run(machine, bad, { [step]: fail('InvalidInput', 'cluster is no text') });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'InvalidInput' });
    expect(ended.cause).toContain('cluster is no text');
    expect(rig.callNames()).toEqual([step]);
    expect(rig.calls[0]?.event).toMatchObject(bad);
    expect(await rig.handedOver()).toEqual([]);
  });
});

describe('failures of a create', () => {
  const finished = () => rig.calls.find(({ name }) => name === 'FinishOperation')?.event;

  test.each([
    ['PlanCluster', 'StorageUnreachable', 'StorageUnreachable'],
    ['CheckMessaging', 'MessagingUnreachable', 'MessagingUnreachable'],
    ['LaunchMembers', 'MemberFailedToStart', 'States.TaskFailed'],
    ['OpenMetadata', 'OwnershipLost', 'States.TaskFailed'],
    ['LaunchServices', 'OwnershipLost', 'States.TaskFailed'],
    ['VerifyCluster', 'VerificationFailed', 'States.TaskFailed'],
    ['OpenEntry', 'OwnershipLost', 'States.TaskFailed'],
  ])('%s throwing %s is cleaned up after and recorded with its reason', async (step, error, surfaced) => {
    const ended = await rig.run('create-cluster', OPERATION, { [step]: fail(error, 'because of the test') });
    expect(ended).toMatchObject({ status: 'FAILED', error: surfaced });
    expect(rig.callNames()).toEqual(expect.arrayContaining(['CloseEntry', 'RemoveCompute']));
    expect(finished()).toMatchObject({ ...OPERATION, outcome: 'failed', error: surfaced });
    expect(String(finished()?.['cause'])).toContain('because of the test');
    expect(JSON.stringify(finished())).toContain(error);
  });

  test('the last step failing is cleaned up after too', async () => {
    const behaviour: Behaviour = (event) =>
      event['outcome'] === 'awake' ? { error: 'OwnershipLost' } : { result: { phase: 'failed' } };
    const ended = await rig.run('create-cluster', OPERATION, { FinishOperation: behaviour });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'OwnershipLost' });
    expect(rig.callNames()).toContain('RemoveCompute');
  });

  test('Kafka that answers at the third try is no failure', async () => {
    const behaviour: Behaviour = (_, nth) =>
      nth < 3 ? { error: 'MessagingUnreachable' } : { result: { ready: true } };
    const ended = await rig.run('create-cluster', OPERATION, { CheckMessaging: behaviour });
    expect(ended.status).toBe('SUCCEEDED');
  });

  test('functions that cannot be warmed are no failure', async () => {
    const ended = await rig.run('create-cluster', OPERATION, { WarmFunctions: fail('Lambda.ServiceException') });
    expect(ended.status).toBe('SUCCEEDED');
  });

  test('a clean-up that fails ends the create all the same', async () => {
    const ended = await rig.run('create-cluster', OPERATION, {
      PlanCluster: fail('StorageUnreachable'),
      CloseEntry: fail('OwnershipLost'),
    });
    expect(ended.status).toBe('FAILED');
  });
});

describe('timeouts', () => {
  test('members that never run: ECS is asked again, then the reason is named', async () => {
    const ended = await rig.run('bootstrap-quorum', input('bootstrap-quorum'), { AwaitTasks: hang }, (definition) =>
      withTimeout(definition, 'AwaitMembers', 1),
    );
    expect(ended).toMatchObject({ status: 'FAILED', error: 'MembersNotRunning' });
    expect(rig.callNames().filter((name) => name === 'AwaitTasks').length).toBe(5);
  });

  test('a member that cannot start is named, after the others had their chance to take it back', async () => {
    const ended = await rig.run('bootstrap-quorum', input('bootstrap-quorum'), {
      AwaitTasks: (event) => rig.breakBarrier(event, 'MemberFailedToStart', 'CannotPullContainerError'),
    });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'MemberFailedToStart', cause: 'CannotPullContainerError' });
    expect(rig.callNames().filter((name) => name === 'AwaitTasks')).toHaveLength(2);
    expect(rig.callNames()).toContain('AdvanceQuorum');
  });

  test('roles that never run', async () => {
    const ended = await rig.run('start-compute', input('start-compute'), { AwaitTasks: hang }, (definition) =>
      withTimeout(definition, 'AwaitRoles', 1),
    );
    expect(ended).toMatchObject({ status: 'FAILED', error: 'TasksNotRunning' });
  });

  test.each([
    ['bootstrap-quorum', 'ProbeQuorum', 'QuorumNotFormed'],
    ['start-compute', 'ProbeCompute', 'ComputeNotReady'],
    ['register-endpoints', 'CheckTargets', 'TargetsNotHealthy'],
  ])('%s gives up when %s is never ready, and says what it last saw', async (machine, probe, error) => {
    const ended = await rig.run(machine, input(machine), { [probe]: notReady }, (definition) =>
      withDeadline(definition, 300),
    );
    expect(ended.status).toBe('FAILED');
    expect(`${ended.error ?? ''} ${ended.cause ?? ''}`).toContain(error);
    expect(ended.cause).toContain('still starting');
  });

  test('tasks that do not stop do not keep a failure from being recorded', async () => {
    const ended = await rig.run('clean-up-cluster', input('clean-up-cluster'), { AwaitTasks: hang }, (definition) =>
      withTimeout(definition, 'AwaitStopped', 1),
    );
    expect(ended.status).toBe('SUCCEEDED');
    expect(rig.callNames().at(-1)).toBe('FinishOperation');
  });

  test('a function that never comes back is a timeout of its state', async () => {
    const ended = await rig.run('create-cluster', OPERATION, { PlanCluster: hang }, (definition) =>
      withTimeout(definition, 'PlanCluster', 1),
    );
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(rig.callNames()).toContain('FinishOperation');
  });

  test.each(MACHINES)('%s as a whole is bounded', async (machine) => {
    const first = {
      'create-cluster': 'PlanCluster',
      'bootstrap-quorum': 'LaunchMembers',
      'start-compute': 'LaunchServices',
      'replace-member': 'ObserveMembers',
      'archive-metadata': 'ArchiveMetadata',
      'examine-archives': 'ExamineArchives',
      'recover-quorum': 'ObserveMembers',
      'maintain-quorum': 'ObserveMembers',
      'sleep-cluster': 'BeginSleep',
      'wake-cluster': 'BeginWake',
    };
    const step =
      (first as Record<string, string>)[machine] ?? (machine === 'clean-up-cluster' ? 'CloseEntry' : 'VerifyCluster');
    const ended = await rig.run(machine, input(machine), { [step]: hang }, (definition, name) =>
      // The machine's own timeout is the first in the file.
      name === machine ? definition.replace(/"TimeoutSeconds": \d+/, '"TimeoutSeconds": 1') : definition,
    );
    expect(ended.status).toBe('TIMED_OUT');
  });
});
