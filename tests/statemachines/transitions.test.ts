/**
 * How many states a sleep and a wake enter, over all machines, when all goes well: Step Functions bills each of them, and
 * each of them takes its time. Deterministic, so the limits are asserted; docs/architecture.md has the numbers.
 */
import { OPERATION, Rig, type Behaviour } from './rig.ts';

const MAX_WAKE = 30;
const MAX_SLEEP = 40;

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start();
});
afterAll(async () => {
  await rig.stop();
});

const ROLES = ['rootcoord', 'datacoord', 'querycoord', 'querynode', 'datanode', 'indexnode', 'proxy'];
const MEMBERS = [0, 1, 2].map((ordinal) => ({ group: `member:demo:${ordinal}`, count: 1 }));
const PLAN = {
  ...OPERATION,
  brokers: ['b-1:9096', 'b-2:9096', 'b-3:9096'],
  members: MEMBERS,
  roles: ROLES.map((role) => ({ group: `service:demo_${role}`, count: 1 })),
  restore: { archive: 'a', revision: 7 },
};
const running: Behaviour = ({ wants }) => ({
  result: { groups: (wants as { group: string }[]).map(({ group }) => ({ group, addresses: ['10.0.0.1'] })) },
});
const byMachine = (entered: readonly string[]) =>
  Object.fromEntries(
    [...Map.groupBy(entered, (state) => state.split('/')[0] ?? '')].map(([machine, states]) => [
      machine,
      states.length,
    ]),
  );

test('a wake of three members and seven roles', async () => {
  const ended = await rig.run('wake-cluster', OPERATION, { BeginWake: () => ({ result: PLAN }), AwaitTasks: running });
  expect(ended.status).toBe('SUCCEEDED');
  const entered = await rig.transitions();
  expect(byMachine(entered)).toEqual({
    'wake-cluster': 8,
    'bootstrap-quorum': 7,
    'start-compute': 5,
    'register-endpoints': 10,
  });
  expect(entered.length).toBeLessThanOrEqual(MAX_WAKE);
});

test('a sleep', async () => {
  const ended = await rig.run('sleep-cluster', OPERATION, { AwaitTasks: running });
  expect(ended).toMatchObject({ status: 'SUCCEEDED', output: { phase: 'asleep' } });
  const entered = await rig.transitions();
  expect(byMachine(entered)).toEqual({ 'sleep-cluster': 22 });
  expect(entered.length).toBeLessThanOrEqual(MAX_SLEEP);
});
